//! What a node has left for a pod, as pods leave it and come back.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::Str;
use crate::pod::Pod;
use crate::resources::Amounts;
use crate::snapshot::PodBrief;

/// What of a resource a pod needs and a node has.
#[derive(Clone, Copy, Debug)]
pub struct Share<'a> {
    /// The resource.
    pub resource: Resource<'a>,
    /// What the pod needs.
    pub needed: i64,
    /// What there is for all pods.
    pub allocatable: i64,
    /// What the pods there hold.
    pub held: i64,
}

impl Share<'_> {
    fn hold(&mut self, amount: i64, sign: i64) {
        self.held = self.held.saturating_add(amount.saturating_mul(sign));
    }
}

/// A resource by its place in [`Amounts`].
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// cpu.
    Cpu,
    /// memory.
    Memory,
    /// ephemeral-storage.
    Ephemeral,
    /// Any other.
    Scalar(&'a Str),
}

impl Resource<'_> {
    fn of(self, amounts: &Amounts) -> i64 {
        match self {
            Self::Cpu => amounts.milli_cpu,
            Self::Memory => amounts.memory,
            Self::Ephemeral => amounts.ephemeral_storage,
            Self::Scalar(name) => {
                let at = amounts.scalars.binary_search_by(|(other, _)| (**other).cmp(name));
                at.map_or(0, |at| amounts.scalars[at].1)
            }
        }
    }
}

/// What a node has left for a pod. It is counted as [`Hypothesis`](crate::view::Hypothesis) counts.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    /// How many pods the node may have.
    pub allowed_pods: i64,
    /// How many there are.
    pub pods: i64,
    /// What the pod needs.
    pub shares: SmallVec<[Share<'a>; 4]>,
}

impl Room<'_> {
    /// Whether the pod fits.
    pub fn suffices(&self) -> bool {
        self.pods < self.allowed_pods
            && self.shares.iter().all(|share| share.needed <= share.allocatable.saturating_sub(share.held))
    }

    /// A pod comes to the node.
    pub fn add(&mut self, pod: &Pod) {
        self.count(pod, 1);
    }

    /// A pod leaves the node.
    pub fn remove(&mut self, pod: &Pod) {
        self.count(pod, -1);
    }

    /// A pod comes to the node, told by its brief; the pod itself is read only where that does not say it.
    pub fn add_brief(&mut self, brief: &PodBrief, pod: &Arc<Pod>) {
        self.count_brief(brief, pod, 1);
    }

    /// A pod leaves the node, told in the same way.
    pub fn remove_brief(&mut self, brief: &PodBrief, pod: &Arc<Pod>) {
        self.count_brief(brief, pod, -1);
    }

    fn count(&mut self, pod: &Pod, sign: i64) {
        self.pods += sign;
        for share in &mut self.shares {
            share.hold(share.resource.of(&pod.resources.usage), sign);
        }
    }

    fn count_brief(&mut self, brief: &PodBrief, pod: &Arc<Pod>, sign: i64) {
        self.pods += sign;
        for share in &mut self.shares {
            let amount = match share.resource {
                Resource::Cpu => brief.milli_cpu,
                Resource::Memory => brief.memory,
                Resource::Ephemeral => brief.ephemeral_storage,
                Resource::Scalar(_) if brief.is_plain => 0,
                resource @ Resource::Scalar(_) => resource.of(&pod.resources.usage),
            };
            share.hold(amount, sign);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::pod;

    #[track_caller]
    fn check(room: &Room<'_>, want: bool) {
        assert_eq!(room.suffices(), want, "{room:?}");
    }

    #[test]
    fn a_pod_fits_when_enough_of_everything_is_left_and_one_more_pod_may_come() {
        let gpu: Str = "example.com/gpu".into();
        let share = |resource, needed, allocatable, held| Share { resource, needed, allocatable, held };
        let shares = [share(Resource::Cpu, 1000, 4000, 4000), share(Resource::Scalar(&gpu), 1, 2, 2)];
        let mut room = Room { allowed_pods: 3, pods: 3, shares: shares.into_iter().collect() };
        check(&room, false);
        let small = pod("a").request("cpu", "1").build();
        let both = pod("b").request("cpu", "500m").request("example.com/gpu", "1").build();
        room.remove(&small);
        check(&room, false);
        room.remove(&both);
        check(&room, true);
        for pod in [&small, &both] {
            let (mut by_pod, mut by_brief) = (room.clone(), room.clone());
            by_pod.add(pod);
            by_brief.add_brief(&PodBrief::of(pod), pod);
            let held = |room: &Room<'_>| room.shares.iter().map(|share| share.held).collect::<Vec<_>>();
            assert_eq!((held(&by_pod), by_pod.pods), (held(&by_brief), by_brief.pods));
            by_brief.remove_brief(&PodBrief::of(pod), pod);
            assert_eq!((held(&room), room.pods), (held(&by_brief), by_brief.pods));
        }
        room.add(&small);
        check(&room, false);
        room.remove(&small);
        room.add(&both);
        check(&room, false);
        room.remove(&both);
        let other = pod("c").build();
        room.add(&other);
        check(&room, true);
        room.add(&other);
        check(&room, false);
    }
}
