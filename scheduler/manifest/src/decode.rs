//! From a parsed value to one of the wire structs.

use serde::Deserialize;
use serde_json::Value;

use crate::error::{ObjectError, cut, cut_to};
use crate::lenient::Lenient;

/// Reads `value`; the error names the field.
pub(crate) fn decode<'v, T: Deserialize<'v>>(value: &'v Value) -> Result<T, ObjectError> {
    // Keeping track of the path costs as much as the reading itself, so only failures pay for it.
    T::deserialize(Lenient(value))
        .or_else(|_| serde_path_to_error::deserialize(Lenient(value)).map_err(|e| described(&e)))
}

fn described(error: &serde_path_to_error::Error<serde_json::Error>) -> ObjectError {
    let path = error.path().to_string();
    let field = if path == "." { String::new() } else { cut_to(&path, 300) };
    ObjectError { field, message: plain(&error.inner().to_string()) }
}

/// serde's message in the words of YAML and JSON, with the fix of the commonest slip.
fn plain(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return cut(message) };
    let wanted = match expected {
        "i32" | "i64" => "a whole number",
        "a sequence" => "a list",
        "a map" => "a mapping of names to values",
        other if other.starts_with("struct ") => "a mapping with fields",
        other => other,
    };
    let unquoted =
        ["integer", "floating point", "boolean"].iter().any(|kind| found.contains(&format!("type: {kind}")));
    let fix = if unquoted && wanted == "a string" { "; put it in quotes" } else { "" };
    format!("{}, expected {}{fix}", cut(found), cut(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;
    use serde_json::json;

    #[track_caller]
    fn check(value: Value, message: &str) {
        let error = decode::<wire::pod::Pod>(&value).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn the_error_names_the_field() {
        check(
            json!({"spec": {"containers": [{"resources": {"requests": {"cpu": "1x"}}}]}}),
            "spec.containers[0].resources.requests.cpu: \"1x\" is not a quantity; write a number with an optional \
             suffix, like 500m, 2 or 1.5Gi",
        );
        check(
            json!({"metadata": {"labels": {"version": 1.5}}}),
            "metadata.labels.version: invalid type: floating point `1.5`, expected a string; put it in quotes",
        );
    }

    #[test]
    fn what_is_expected_is_said_in_plain_words() {
        check(
            json!({"spec": {"priority": "1"}}),
            "spec.priority: invalid type: string \"1\", expected a whole number",
        );
        check(json!({"spec": 1}), "spec: invalid type: integer `1`, expected a mapping with fields");
        check(json!({"spec": {"volumes": {}}}), "spec.volumes: invalid type: map, expected a list");
    }

    #[test]
    fn null_counts_as_absent() {
        let value =
            json!({"metadata": {"labels": null, "creationTimestamp": null}, "spec": {"containers": null}});
        assert!(decode::<wire::pod::Pod>(&value).is_ok());
    }
}
