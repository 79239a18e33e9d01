//! Events as they are written, borrowed from what was recorded.

use jiff::Timestamp;
use serde::Serialize;

use super::event::{Event, ObjectRef};

/// Longest `reportingInstance` that the API accepts, in bytes.
const LONGEST_INSTANCE: usize = 128;
/// Longest name that the API accepts, in bytes.
const LONGEST_NAME: usize = 253;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    event_time: String,
    reporting_controller: &'a str,
    reporting_instance: &'a str,
    action: &'a str,
    reason: &'a str,
    regarding: Reference<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Series>,
    note: &'a str,
    #[serde(rename = "type")]
    kind_of: &'a str,
}

#[derive(Serialize)]
struct Metadata<'a> {
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    api_version: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
}

impl<'a> Reference<'a> {
    fn of(object: &'a ObjectRef) -> Self {
        Self {
            api_version: object.api_version,
            kind: object.kind,
            namespace: &object.namespace,
            name: &object.name,
            uid: &object.uid,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Series {
    pub(super) count: u32,
    pub(super) last_observed_time: String,
}

impl Series {
    pub(super) fn new(count: u32, last: Timestamp) -> Self {
        Self { count, last_observed_time: format!("{last:.6}") }
    }
}

/// A patch that says how often an event came.
#[derive(Serialize)]
pub(super) struct SeriesPatch<'a> {
    pub(super) series: &'a Series,
}

/// The namespace an event belongs to: that of its object, or `default` for objects without one.
pub(super) fn namespace(event: &Event) -> &str {
    match &*event.regarding.namespace {
        "" => "default",
        namespace => namespace,
    }
}

/// `<object>.<nanoseconds in hex>`, or a UUID when that would be too long to be a name.
pub(super) fn name(event: &Event, nanos: u64) -> String {
    let name = format!("{}.{nanos:x}", event.regarding.name);
    if name.len() > LONGEST_NAME { uuid::Uuid::new_v4().to_string() } else { name }
}

/// `<controller>-<hostname>`.
pub(super) fn instance(controller: &str, hostname: &str) -> String {
    let mut instance = format!("{controller}-{hostname}");
    instance.truncate(instance.floor_char_boundary(LONGEST_INSTANCE));
    instance
}

/// The event as the API wants it.
pub(super) fn written<'a>(
    event: &'a Event,
    name: &'a str,
    instance: &'a str,
    time: Timestamp,
    series: Option<Series>,
) -> impl Serialize + use<'a> {
    Written {
        api_version: "events.k8s.io/v1",
        kind: "Event",
        metadata: Metadata { namespace: namespace(event), name },
        event_time: format!("{time:.6}"),
        reporting_controller: &event.reporting_controller,
        reporting_instance: instance,
        action: &event.action,
        reason: &event.reason,
        regarding: Reference::of(&event.regarding),
        related: event.related.as_ref().map(Reference::of),
        series,
        note: &event.note,
        kind_of: event.kind.as_str(),
    }
}
