//! How a pod is asked about that is decided with its group.

use std::sync::Arc;

use longshore_framework::bitset::BitSet;

/// What differs from a pod that is decided by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asking {
    /// Which PostFilter plugins have a say.
    pub(crate) post_filters: PostFilters,
    /// The only nodes that are looked at.
    pub(crate) within: Option<Arc<BitSet>>,
}

/// Which PostFilter plugins have a say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PostFilters {
    /// All.
    #[default]
    All,
    /// Those that do not [evict by priority](longshore_framework::plugin::PostFilter::evicts_by_priority): that is done for the
    /// whole group.
    ButEvicting,
    /// None: it is only tried what would be.
    None,
}

impl PostFilters {
    /// Whether a plugin is asked, given whether it evicts by priority.
    pub(crate) fn ask(self, evicts: bool) -> bool {
        match self {
            Self::All => true,
            Self::ButEvicting => !evicts,
            Self::None => false,
        }
    }
}
