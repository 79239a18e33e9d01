//! A decision does not depend on how many threads make it, nor on how the nodes are split among them.

use std::sync::{Arc, LazyLock};

use longshore_engine::{Options, Parallelism};
use proptest::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::cluster::{ClusterDraft, cluster};
use super::{all_told, config, simulate};

static POOLS: LazyLock<Vec<Arc<ThreadPool>>> = LazyLock::new(|| {
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    [1, 2, 3, 7].into_iter().map(|threads| Arc::new(pool(threads))).collect()
});

#[track_caller]
fn check(draft: &ClusterDraft, seed: u64, chunk: usize) {
    let cluster = draft.build();
    let whole = Parallelism { chunk: 1024, threshold: usize::MAX, pool: None };
    let want = all_told(&simulate(&cluster, Options { seed, parallelism: whole, ..Options::default() }));
    for pool in POOLS.iter() {
        let parallelism = Parallelism { chunk, threshold: 1, pool: Some(Arc::clone(pool)) };
        let have = all_told(&simulate(&cluster, Options { seed, parallelism, ..Options::default() }));
        for (have, want) in have.iter().zip(&want) {
            assert_eq!(have, want, "{} threads, pieces of {chunk}", pool.current_num_threads());
        }
        assert_eq!(have.len(), want.len());
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn threads_and_pieces_change_nothing(draft in cluster(24, 30), seed: u64, chunk in 1..100_usize) {
        check(&draft, seed, chunk);
    }

    #[test]
    fn the_smallest_pieces_change_nothing(draft in cluster(12, 24), seed: u64, chunk in 1..4_usize) {
        check(&draft, seed, chunk);
    }
}
