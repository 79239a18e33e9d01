//! `verification`: whose signature a module needs, in a configuration file and in the arguments of a plugin.

use serde_json::{Value, json};

use crate::fields::{Fields, Problems};

/// The field.
pub const FIELD: &str = "verification";
/// The most keys of one list.
const MOST: usize = 32;

/// Keys as written: each a public key in PEM form, or `file://PATH` of one. One of them has to have signed a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// At least one.
    pub keys: Vec<String>,
}

impl Verification {
    /// Reads the field; `None` when it is absent or wrong.
    pub fn read(parent: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<Self> {
        let value = parent.value(FIELD)?;
        let problems = &mut problems.field(FIELD);
        let before = problems.count();
        let mut fields = Fields::of(value, problems);
        let keys: Vec<String> = fields.strings("keys", problems).into_iter().map(str::to_string).collect();
        if keys.is_empty() && problems.count() == before {
            let message =
                "must name at least one key: file://PATH, or the key itself (-----BEGIN PUBLIC KEY-----)";
            problems.field("keys").report(message);
        }
        if keys.len() > MOST {
            problems.field("keys").report(format!("has {} keys; {MOST} may be named", keys.len()));
        }
        fields.finish(problems);
        (problems.count() == before).then_some(Self { keys })
    }

    /// As the effective configuration prints it.
    pub fn show(&self) -> Value {
        json!({"keys": self.keys})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: Value, keys: Option<&[&str]>, problems: &[&str]) {
        let (value, mut found) = (json!({ FIELD: value }), Vec::new());
        let problem_list = &mut Problems::new(&mut found);
        let read = Verification::read(&mut Fields::of(&value, problem_list), problem_list);
        assert_eq!(
            read.as_ref().map(|v| v.keys.iter().map(String::as_str).collect::<Vec<_>>()).as_deref(),
            keys
        );
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), problems);
        if let Some(read) = read {
            assert_eq!(read.show(), value[FIELD]);
        }
    }

    #[test]
    fn keys_are_listed() {
        check(json!({"keys": ["file://a.pub", "-----BEGIN"]}), Some(&["file://a.pub", "-----BEGIN"]), &[]);
        check(Value::Null, None, &[]);
    }

    #[test]
    fn an_empty_list_demands_nothing_and_is_refused() {
        let empty = "verification.keys: must name at least one key: file://PATH, or the key itself (-----BEGIN PUBLIC KEY-----)";
        check(json!({"keys": []}), None, &[empty]);
        check(json!({}), None, &[empty]);
        check(json!({"keys": [1]}), None, &["verification.keys[0]: must be a string, not 1"]);
        check(
            json!({"key": "a", "keys": ["b"]}),
            None,
            &["verification.key: unknown field; did you mean keys?"],
        );
        check(json!(true), None, &["verification: must be an object with fields, not a boolean"]);
        check(json!({"keys": vec!["a"; 33]}), None, &["verification.keys: has 33 keys; 32 may be named"]);
    }
}
