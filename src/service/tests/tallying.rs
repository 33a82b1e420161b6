use time::UtcOffset;

use super::{
    super::tally::{advance, since},
    *,
};

#[rstest]
#[tokio::test]
async fn what_is_counted_beside_is_what_is_there_and_nothing_counts_twice(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    bench.submit_many(25).await;
    let (offset, app) = (UtcOffset::UTC, &bench.app);
    let today = app.clock().now().date();
    let before = since(app, today, offset).await.unwrap();
    let tally = before.days.values().next().unwrap();
    assert_eq!(tally.approved + tally.reviewed + tally.declined, 25);
    assert_eq!(tally.scores.values().sum::<u64>(), 25);
    assert!(before.is_complete);
    assert_eq!(advance(app, offset).await.unwrap(), 25);
    assert_eq!(since(app, today, offset).await.unwrap(), before);
    assert_eq!(advance(app, offset).await.unwrap(), 0);
    bench.submit_many(5).await;
    let together = since(app, today, offset).await.unwrap();
    assert_eq!(together.days.values().next().unwrap().scores.values().sum::<u64>(), 30, "counted and not yet counted");
    assert_eq!(advance(app, offset).await.unwrap(), 5);
    assert_eq!(since(app, today, offset).await.unwrap(), together);
}
