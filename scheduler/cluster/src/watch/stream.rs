//! The events of one kind, as kube's watcher brings them.

use futures::Stream;
use kube::api::{Api, ApiResource};
use kube::runtime::watcher::{self, Event, InitialListStrategy};
use kube::{Client, Error as KubeError};

use super::item::{Item, Readable};
use crate::kinds::WatchedKind;

fn resource(kind: &WatchedKind) -> ApiResource {
    ApiResource {
        group: kind.group().to_string(),
        version: kind.version().to_string(),
        api_version: kind.api_version.to_string(),
        kind: kind.kind.to_string(),
        plural: kind.plural.to_string(),
    }
}

/// The objects that `fields` selects, and what happens to them; does not end.
pub(super) fn events<B: Readable>(
    client: &Client,
    kind: &WatchedKind,
    fields: &str,
    streaming: bool,
) -> impl Stream<Item = watcher::Result<Event<Item<B>>>> + Send + use<B> {
    let mut config = watcher::Config::default();
    if !fields.is_empty() {
        config = config.fields(fields);
    }
    if streaming {
        config.initial_list_strategy = InitialListStrategy::StreamingList;
    }
    watcher::watcher(Api::all_with(client.clone(), &resource(kind)), config)
}

/// Servers without streaming lists refuse the parameters of one.
pub(super) fn is_streaming_refused(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::WatchStartFailed(KubeError::Api(status)) => matches!(status.code, 400 | 422),
        _ => false,
    }
}
