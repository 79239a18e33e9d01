//! One change of a claim: by a patch, and where the API server takes what a patch leaves alone for changed, on the very bytes that it
//! stores.

use bytes::Bytes;
use http::Method;
use longshore_framework::objects::NamespacedName;
use serde_json::Value;

use super::Claims;
use super::proto::{self, Edit};
use crate::call::{ApiError, Content, path};

/// A patch, and the same as an edit.
pub(super) struct Change<'a> {
    pub(super) patch: &'a Value,
    pub(super) content: Content,
    /// Whether it is of the status.
    pub(super) status: bool,
    /// The version that it is of; 0 for any.
    pub(super) version: u64,
    pub(super) uid: &'a str,
    /// `None` where nothing is kept that could seem changed.
    pub(super) edit: Option<Edit>,
}

/// Makes the change; the claim as it is then.
pub(super) async fn make(
    claims: &Claims<'_>,
    key: &NamespacedName,
    change: Change<'_>,
) -> Result<Bytes, ApiError> {
    let version = claims.store.api_version();
    let main = path::device_claim(version, &key.0, &key.1);
    let place = match change.status {
        true => path::device_claim_status(version, &key.0, &key.1),
        false => main.clone(),
    };
    let refused = match claims.api.patch(&place, change.content, change.patch).await {
        Err(error) if seems_changed(&error) => error,
        other => return other,
    };
    let Some(edit) = &change.edit else { return Err(refused) };
    let stored = claims.api.call(Method::GET, &main, Content::Protobuf, Bytes::new()).await?;
    let is_meant = |(uid, stored): (String, String)| {
        uid == change.uid && (change.version == 0 || stored == change.version.to_string())
    };
    if !proto::identity(&stored).is_some_and(is_meant) {
        return Err(ApiError::overtaken());
    }
    let Some(edited) = proto::edited(&stored, edit) else { return Err(refused) };
    claims.api.call(Method::PUT, &place, Content::Protobuf, edited.into()).await
}

/// The API server says that something changed which must not, and which no patch names.
fn seems_changed(error: &ApiError) -> bool {
    let texts = ["field is immutable", "field cannot be modified once set"];
    error.is(422, "Invalid") && texts.iter().any(|text| error.message.contains(text))
}
