//! How a Deployment exchanges its pods: what its controller does before the first new pod is available (`rolling.go` of
//! kube-controller-manager).

use crate::wire::workload::{CountOrShare, Strategy};

/// What a ReplicaSet has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Have {
    /// Replicas.
    pub(super) replicas: usize,
    /// Those of them that are available.
    pub(super) available: usize,
}

/// Replicas of the ReplicaSets once the controller waits for new pods to become available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) new: usize,
    /// In the order of the old ReplicaSets.
    pub(super) old: Vec<usize>,
}

/// The first step of a rollout to `wanted` replicas: nothing new becomes available during it.
pub(super) fn begin(strategy: &Strategy, wanted: usize, new: Have, old: &[Have]) -> Begun {
    if &*strategy.r#type == "Recreate" {
        return Begun { new: wanted, old: vec![0; old.len()] };
    }
    let (surge, unavailable) = fenceposts(strategy, wanted);
    let mut state =
        State { wanted, surge, least: wanted.saturating_sub(unavailable), new, old: old.to_vec() };
    // Each round makes a pod or takes one away, and neither is ever undone.
    while state.scale_up() || state.scale_down() {}
    Begun { new: state.new.replicas, old: state.old.iter().map(|set| set.replicas).collect() }
}

/// How many pods there may be beyond those that are wanted, and how many of these may be missing. Not both are 0.
pub(super) fn fenceposts(strategy: &Strategy, wanted: usize) -> (usize, usize) {
    let quarter = CountOrShare::Share("25%".into());
    let rolling = &strategy.rolling_update;
    let surge = scaled(rolling.max_surge.as_ref().unwrap_or(&quarter), wanted, true);
    let unavailable = scaled(rolling.max_unavailable.as_ref().unwrap_or(&quarter), wanted, false);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable.min(wanted)) }
}

/// The number, or the share of `total`; 0 for what is neither.
pub(super) fn scaled(written: &CountOrShare, total: usize, up: bool) -> usize {
    match written {
        CountOrShare::Count(count) => usize::try_from(*count).unwrap_or(0),
        CountOrShare::Share(text) => {
            let percent = text.strip_suffix('%').and_then(|number| number.parse::<usize>().ok()).unwrap_or(0);
            let product = percent.saturating_mul(total);
            if up { product.div_ceil(100) } else { product / 100 }
        }
    }
}

#[derive(Debug)]
struct State {
    wanted: usize,
    surge: usize,
    /// Pods that have to be available.
    least: usize,
    new: Have,
    old: Vec<Have>,
}

impl State {
    fn replicas(&self) -> usize {
        self.old.iter().map(|set| set.replicas).fold(self.new.replicas, usize::saturating_add)
    }

    /// `reconcileNewReplicaSet`; whether anything changed.
    fn scale_up(&mut self) -> bool {
        let before = self.new.replicas;
        if before > self.wanted {
            self.new.replicas = self.wanted;
            self.new.available = self.new.available.min(self.wanted);
        } else {
            let most = self.wanted.saturating_add(self.surge);
            let room = most.saturating_sub(self.replicas()).min(self.wanted - before);
            self.new.replicas += room;
        }
        self.new.replicas != before
    }

    /// `reconcileOldReplicaSets`; whether anything changed.
    fn scale_down(&mut self) -> bool {
        let unavailable = self.new.replicas - self.new.available;
        let may_go = self.replicas().saturating_sub(self.least.saturating_add(unavailable));
        if may_go == 0 {
            return false;
        }
        let mut gone = 0;
        for set in &mut self.old {
            let unhealthy = (set.replicas - set.available).min(may_go - gone);
            set.replicas -= unhealthy;
            gone += unhealthy;
        }
        let available =
            self.old.iter().map(|set| set.available).fold(self.new.available, usize::saturating_add);
        let mut healthy = available.saturating_sub(self.least);
        for set in &mut self.old {
            let count = healthy.min(set.replicas);
            set.replicas -= count;
            set.available = set.available.min(set.replicas);
            healthy -= count;
            gone += count;
        }
        gone > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rollout of so many healthy replicas; what there is of new and old ones at the end of its first step.
    #[track_caller]
    fn check(surge: &str, unavailable: &str, wanted: usize, old: &[(usize, usize)], want: (usize, &[usize])) {
        let number = |text: &str| match text.parse() {
            Ok(count) => CountOrShare::Count(count),
            Err(_) => CountOrShare::Share(text.into()),
        };
        let mut strategy = Strategy::default();
        strategy.rolling_update.max_surge = (!surge.is_empty()).then(|| number(surge));
        strategy.rolling_update.max_unavailable = (!unavailable.is_empty()).then(|| number(unavailable));
        let old: Vec<Have> = old
            .iter()
            .map(|(replicas, available)| Have { replicas: *replicas, available: *available })
            .collect();
        let begun = begin(&strategy, wanted, Have::default(), &old);
        assert_eq!((begun.new, begun.old.as_slice()), want);
    }

    #[test]
    fn a_rollout_makes_the_surge_and_what_may_be_unavailable() {
        // The example of the controller's own comment: 10 replicas, 2 unavailable, 3 surge.
        check("3", "2", 10, &[(10, 10)], (5, &[8]));
        // 25 % of 4, surge rounded up and unavailable down.
        check("", "", 4, &[(4, 4)], (2, &[3]));
        check("", "", 1, &[(1, 1)], (1, &[1]));
        check("", "", 10, &[(10, 10)], (5, &[8]));
        check("1", "0", 10, &[(10, 10)], (1, &[10]));
        check("0", "1", 10, &[(10, 10)], (1, &[9]));
        check("0", "0", 3, &[(3, 3)], (1, &[2]));
        check("100%", "0", 3, &[(3, 3)], (3, &[3]));
    }

    #[test]
    fn what_is_not_available_goes_first() {
        check("1", "1", 4, &[(4, 2)], (2, &[3]));
        check("3", "2", 10, &[(2, 2), (8, 8)], (5, &[0, 8]));
    }

    #[test]
    fn a_rollout_may_scale_as_well() {
        check("1", "0", 6, &[(4, 4)], (3, &[4]));
        check("1", "0", 2, &[(4, 4)], (1, &[2]));
        check("", "", 0, &[(4, 4)], (0, &[0]));
    }

    #[test]
    fn all_at_once() {
        let strategy = Strategy { r#type: "Recreate".into(), ..Strategy::default() };
        let old = [Have { replicas: 4, available: 4 }];
        assert_eq!(begin(&strategy, 3, Have::default(), &old), Begun { new: 3, old: vec![0] });
    }
}
