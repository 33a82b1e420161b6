use super::{
    super::comparable::{self, Comparable, Sample, Source},
    *,
};
use crate::monitor::standing::Standing;

impl Bench {
    /// With whom an officer sees applicants compared, once that was read.
    async fn compared(&self) -> Option<Arc<Sample>> {
        self.compared_by(Role::Officer).await
    }

    async fn compared_by(&self, role: Role) -> Option<Arc<Sample>> {
        let in_force = self.app.last_in_force();
        loop {
            match comparable::with(&self.app, &principal(role, "someone"), in_force.decider()).await {
                Comparable::Sample(sample) => return Some(sample),
                Comparable::Nobody => return None,
                Comparable::Soon => tokio::task::yield_now().await,
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn applicants_are_compared_with_those_whom_the_model_decided_once_they_are_enough(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    bench.submit_many(49).await;
    assert!(bench.compared().await.is_none(), "too few, and the small model brings no rows that it was tested on");
    bench.submit_many(21).await;
    assert!(bench.compared().await.is_none(), "what was read is good for a while");
    bench.clock.advance(Duration::minutes(1));
    // The first to ask begins to read on, and is shown what there is.
    bench.compared().await;
    let sample = loop {
        if let Some(sample) = bench.compared().await {
            break sample;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((sample.source, sample.size), (Source::Decisions, 70));
    // Durations of 4 to 52, and of 4 to 24 once more.
    let standing = sample.spread(0).unwrap().standing(24.0);
    assert_eq!(standing, Standing { below: 40, same: 2, above: 28, missing: 0 });
    assert!(sample.spread(3).is_none());
    assert!(bench.compared_by(Role::Service).await.is_none(), "a caller is told nothing of others' applications");
}

#[tokio::test]
async fn a_review_and_an_erasure_take_nobody_out_of_the_comparison_and_put_nobody_in_twice() {
    let bench = Bench::new().await;
    bench.submit_many(60).await;
    let (id, _) = bench.submit("R-99", 24).await;
    let officer = principal(Role::Officer, "ada");
    let body = serde_json::to_vec(&json!({"outcome": "approve"})).unwrap();
    super::super::review::decide(&bench.app, bench.call(&officer, None), id, 1, &body).await.unwrap();
    bench.execute("DELETE FROM data_keys").await;
    assert_eq!(bench.compared().await.unwrap().size, 61);
}
