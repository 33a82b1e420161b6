//! Many requests under one key, at once and again.

use futures_util::future::join_all;

use super::{super::recorder::RecordError, *};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_keys_with_fifty_duplicates_each_at_once_make_a_thousand_decisions(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const KEYS: u32 = 1_000;
    let bench = Arc::new(Bench::on(backend).await);
    let under_one_key = |number: u32| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            let (key, body) = (key(&format!("k-{number}")), form(&format!("R-{number}"), 4 + number % 70));
            let mut answered = Vec::new();
            for answer in join_all((0..50).map(|_| bench.submit_under(&key, &body))).await {
                match answer {
                    Ok(answer) => answered.push(answer),
                    Err(SubmitError::Record(RecordError::InFlight)) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            // And once more, when all are answered.
            answered.push(bench.submit_under(&key, &body).await.unwrap());
            answered
        })
    };
    let all = join_all((0..KEYS).map(under_one_key)).await;
    let mut ids = std::collections::HashSet::new();
    for answered in all {
        let answered = answered.unwrap();
        let made = answered.iter().filter(|answer| !answer.replayed).count();
        assert_eq!(made, 1, "one of them is decided, the others are told of it");
        assert!(answered.len() > 1 && answered.iter().all(|answer| answer.body == answered[0].body));
        ids.insert(answered[0].application_id);
    }
    assert_eq!(ids.len(), KEYS as usize);
    let report = bench.verify().await;
    assert_eq!((report.intact, report.entries), (true, KEYS.into()), "{:?}", report.message);
}
