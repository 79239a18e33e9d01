//! What a group asks for.

use longshore_framework::group::{GroupApi, GroupKey, PodGroup};

/// What is known of a group's wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its pods are pods like any others: nobody asks for more, or the name is only a label.
    #[default]
    Loose,
    /// Its pods name an object that does not exist.
    Missing,
    /// Its pods do not say how many of them are started together.
    Unsaid,
    /// So many are started together, or none; 0 when they are only tried together, and each that fits is started.
    Gang(usize),
}

impl Kind {
    /// The kind of a group by its object, if it has one, and by what its pods say, if they do: the largest number counts.
    /// `together` tries also those pods together that need not be started together, as kube-scheduler does while its gate for
    /// groups is on.
    pub(crate) fn of(key: &GroupKey, object: Option<&PodGroup>, said: Option<usize>, together: bool) -> Self {
        match (key.api, object) {
            (GroupApi::Annotations, _) => said.map_or(Self::Unsaid, Self::Gang),
            (GroupApi::Kubernetes, None) => Self::Missing,
            // A label names a group only where there is one: else it is a label like any other.
            (GroupApi::Coscheduling, None) => Self::Loose,
            (GroupApi::Kubernetes, Some(PodGroup { min_count: None, .. })) if together => Self::Gang(0),
            (_, Some(group)) => group.min_count.map_or(Self::Loose, Self::Gang),
        }
    }

    /// Whether its pods wait for each other.
    pub(crate) fn is_bound(self) -> bool {
        self != Self::Loose
    }

    /// Why pods of a group of which so many pods are known are not tried, if they are not.
    pub(crate) fn lacks(self, key: &GroupKey, known: usize) -> Option<String> {
        match self {
            Self::Loose => None,
            Self::Missing => Some(format!("pod group {key} does not exist")),
            Self::Unsaid => Some(format!(
                "pod group {key}: the annotation longshore.dev/group-min has to say how many pods are started \
                 together, a whole number from 1 on"
            )),
            Self::Gang(min) => (known < min).then(|| {
                format!("pod group {key} is not complete: {known} of the {min} pods it takes exist")
            }),
        }
    }
}

impl Kind {
    /// The same in kube-scheduler's words.
    pub(crate) fn lacks_upstream(self, key: &GroupKey, known: usize) -> Option<String> {
        match self {
            Self::Missing => {
                Some(format!("waiting for pods's pod group {:?} to appear in scheduling queue", &*key.name))
            }
            Self::Gang(min) => (known < min)
                .then(|| "waiting for minCount pods from a gang to appear in scheduling queue".to_string()),
            Self::Loose | Self::Unsaid => self.lacks(key, known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(api: GroupApi, object: Option<Option<usize>>, said: Option<usize>, want: Kind) {
        let object = object.map(|min| PodGroup::new(api, "default", "g", min));
        let key = GroupKey { api, namespace: "default".into(), name: "g".into() };
        assert_eq!(Kind::of(&key, object.as_ref(), said, false), want);
    }

    #[test]
    fn each_way_of_writing_a_group_says_what_it_takes_or_what_it_lacks() {
        check(GroupApi::Kubernetes, None, None, Kind::Missing);
        check(GroupApi::Kubernetes, Some(None), None, Kind::Loose);
        check(GroupApi::Kubernetes, Some(Some(3)), None, Kind::Gang(3));
        check(GroupApi::Coscheduling, None, None, Kind::Loose);
        check(GroupApi::Coscheduling, Some(Some(3)), None, Kind::Gang(3));
        check(GroupApi::Annotations, None, None, Kind::Unsaid);
        check(GroupApi::Annotations, None, Some(2), Kind::Gang(2));
    }
}
