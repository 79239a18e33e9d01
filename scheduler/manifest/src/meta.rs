//! Metadata: names, labels, owners.

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::pod::Owner;
use longshore_framework::resources::{ResourceList, is_extended};

use crate::error::ObjectError;
use crate::wire::meta::Meta;
use crate::wire::{Amounts, StringMap};

/// The namespace of objects that name none.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";
/// Resource names in one list, at most; no object of an API server comes near.
const MOST_RESOURCES: usize = 1000;

/// The longest name that the API server takes.
const LONGEST_NAME: usize = 253;

/// The name; the API server refuses objects without. Of its rules for names only those are kept that protect whoever
/// prints them.
pub(crate) fn name(meta: &Meta) -> Result<Str, ObjectError> {
    if meta.name.len() > LONGEST_NAME || meta.name.contains(char::is_control) {
        let message =
            format!("must be at most {LONGEST_NAME} lower-case letters, digits, '-' and '.', such as my-pod");
        return Err(ObjectError::of("metadata.name", message));
    }
    if !meta.name.is_empty() {
        return Ok(meta.name.clone());
    }
    Err(ObjectError::of("metadata.name", "must be given"))
}

/// The namespace, `default` when absent.
pub(crate) fn namespace(meta: &Meta) -> Str {
    if meta.namespace.is_empty() { DEFAULT_NAMESPACE.into() } else { meta.namespace.clone() }
}

/// The UID, or one made of kind, namespace and name, so that it is stable and unique.
pub(crate) fn uid(meta: &Meta, kind: &str) -> Str {
    if meta.uid.is_empty() { made_up_uid(kind, &namespace(meta), &meta.name) } else { meta.uid.clone() }
}

/// The UID of an object that no API server has given one.
pub(crate) fn made_up_uid(kind: &str, namespace: &str, name: &str) -> Str {
    format!("{kind}/{namespace}/{name}").into()
}

/// Whether no API server has seen the object: it has no UID.
pub(crate) fn is_hand_written(meta: &Meta) -> bool {
    meta.uid.is_empty()
}

/// Labels or annotations.
pub(crate) fn labels(map: &StringMap) -> Labels {
    map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// The controlling owner.
pub(crate) fn owner(meta: &Meta) -> Option<Owner> {
    let owner = meta.owner_references.iter().find(|o| o.controller)?;
    Some(Owner {
        api_version: owner.api_version.clone(),
        kind: owner.kind.clone(),
        name: owner.name.clone(),
        uid: owner.uid.clone(),
    })
}

/// `text`, unless it is empty.
pub(crate) fn given(text: &Str) -> Option<Str> {
    (!text.is_empty()).then(|| text.clone())
}

/// Amounts, none of them negative, counts whole.
pub(crate) fn resource_list(amounts: &Amounts) -> Result<ResourceList, ObjectError> {
    if amounts.len() > MOST_RESOURCES {
        return Err(ObjectError::new(format!("has more than {MOST_RESOURCES} resources; remove some")));
    }
    for (name, amount) in amounts {
        if amount.0.is_negative() {
            return Err(ObjectError::of(name, "must not be negative; write 0 or more"));
        }
        let countable = &**name == "pods" || is_extended(name);
        if countable && longshore_framework::quantity::Quantity::units(amount.0.value()) != amount.0 {
            return Err(ObjectError::of(name, "must be a whole number; this resource cannot be divided"));
        }
    }
    Ok(reported(amounts))
}

/// Amounts as a kubelet reports them, not to be questioned.
pub(crate) fn reported(amounts: &Amounts) -> ResourceList {
    amounts.iter().take(MOST_RESOURCES).map(|(name, amount)| (name.clone(), amount.0)).collect()
}
