//! Objects of `resource.k8s.io/v1beta1` as v1 has them (`pkg/apis/resource/v1beta1/conversion.go`): there the fields of a
//! device stand under `basic`, and a request without alternatives has what v1 puts under `exactly`. The versions since,
//! v1beta2 and v1, write alike all that is read.

use serde_json::{Map, Value};

use crate::error::ObjectError;
use crate::kind::text;

/// What v1beta1 has in the request itself.
const OF_REQUEST: [&str; 7] =
    ["deviceClassName", "selectors", "allocationMode", "count", "adminAccess", "tolerations", "capacity"];
/// Where claims and templates have their requests.
const REQUESTS: [&str; 2] = ["/spec/devices/requests", "/spec/spec/devices/requests"];

/// Reads an object that is of any version with the reader for v1. Elements of a list do not name their version; there the
/// shape tells.
///
/// # Errors
/// Those of the reader, with the path of the field as it is written.
pub(crate) fn read<T>(
    value: &Value,
    read: impl FnOnce(&Value) -> Result<T, ObjectError>,
) -> Result<T, ObjectError> {
    let may_be_older = matches!(text(value, "apiVersion"), "" | "resource.k8s.io/v1beta1");
    if !may_be_older || !is_older(value) {
        return read(value);
    }
    let mut newer = value.clone();
    elements(&mut newer, "/spec/devices").for_each(lift);
    REQUESTS.iter().for_each(|path| elements(&mut newer, path).for_each(wrap));
    read(&newer).map_err(|error| ObjectError { field: as_written(&error.field), ..error })
}

fn is_older(value: &Value) -> bool {
    let list = |path: &str| value.pointer(path).and_then(Value::as_array).into_iter().flatten();
    list("/spec/devices").any(|device| device.get("basic").is_some_and(|basic| !basic.is_null()))
        || REQUESTS.iter().flat_map(|path| list(path)).any(is_older_request)
}

fn is_older_request(request: &Value) -> bool {
    let given = |field: &str| request.get(field).is_some_and(|value| !value.is_null());
    !given("exactly") && OF_REQUEST.iter().any(|field| given(field))
}

fn elements<'v>(value: &'v mut Value, path: &str) -> impl Iterator<Item = &'v mut Value> {
    value.pointer_mut(path).and_then(Value::as_array_mut).into_iter().flatten()
}

/// The fields of `basic` into the device.
fn lift(device: &mut Value) {
    let Some(fields) = device.as_object_mut() else { return };
    match fields.remove("basic") {
        Some(Value::Object(basic)) => fields.extend(basic),
        Some(other) => drop(fields.insert("basic".into(), other)),
        None => {}
    }
}

/// What is asked for into `exactly`.
fn wrap(request: &mut Value) {
    if !is_older_request(request) {
        return;
    }
    let Some(fields) = request.as_object_mut() else { return };
    let moved: Map<String, Value> = OF_REQUEST.iter().filter_map(|name| fields.remove_entry(*name)).collect();
    fields.insert("exactly".into(), Value::Object(moved));
}

/// The path of a field of v1 as v1beta1 has it.
fn as_written(field: &str) -> String {
    if let Some((requests, rest)) = field.split_once("].exactly") {
        return format!("{requests}]{rest}");
    }
    match field.split_once("].") {
        Some((device, rest)) if device.starts_with("spec.devices[") && rest != "name" => {
            format!("{device}].basic.{rest}")
        }
        _ => field.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What the reader of v1 is given.
    #[track_caller]
    fn check(spec: Value, want: Value) {
        for version in ["resource.k8s.io/v1beta1", ""] {
            let object = json!({"apiVersion": version, "spec": spec});
            let given = read(&object, |value| Ok(value["spec"].clone())).unwrap();
            assert_eq!(given, want);
        }
        let object = json!({"apiVersion": "resource.k8s.io/v1", "spec": spec});
        assert_eq!(read(&object, |value| Ok(value["spec"].clone())).unwrap(), spec, "v1 stays");
    }

    #[test]
    fn devices_lose_their_basic() {
        check(
            json!({"devices": [{"name": "a", "basic": {"capacity": {"memory": {"value": "1Gi"}}}}, {"name": "b"}]}),
            json!({"devices": [{"name": "a", "capacity": {"memory": {"value": "1Gi"}}}, {"name": "b"}]}),
        );
    }

    #[test]
    fn requests_get_their_exactly() {
        let older =
            json!([{"name": "r", "deviceClassName": "c", "count": 2}, {"name": "f", "firstAvailable": []}]);
        let newer = json!([{"name": "r", "exactly": {"deviceClassName": "c", "count": 2}}, {"name": "f", "firstAvailable": []}]);
        check(json!({"devices": {"requests": older}}), json!({"devices": {"requests": newer}}));
        check(
            json!({"spec": {"devices": {"requests": older}}}),
            json!({"spec": {"devices": {"requests": newer}}}),
        );
    }

    #[test]
    fn errors_name_the_field_as_it_is_written() {
        #[track_caller]
        fn check(newer: &str, older: &str) {
            assert_eq!(as_written(newer), older);
        }
        check("spec.devices[1].capacity.memory.value", "spec.devices[1].basic.capacity.memory.value");
        check("spec.devices[1].name", "spec.devices[1].name");
        check("spec.devices[1]", "spec.devices[1]");
        check("spec.devices.requests[0].exactly.count", "spec.devices.requests[0].count");
        check("spec.spec.devices.requests[0].exactly", "spec.spec.devices.requests[0]");
        check("spec.driver", "spec.driver");
    }
}
