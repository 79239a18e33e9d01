//! A call that writes an event.

use std::sync::Arc;

use jiff::Timestamp;

use super::event::Event;

/// One call to be made.
pub(super) struct Job {
    /// Under which the event is remembered, if it is.
    pub(super) key: Option<u64>,
    pub(super) event: Arc<Event>,
    pub(super) name: Arc<str>,
    /// When the event first came.
    pub(super) first: Timestamp,
    /// How often it came and when last, when that is what is to be written.
    pub(super) series: Option<(u32, Timestamp)>,
}
