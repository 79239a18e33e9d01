//! Formats of names.

use super::super::data::format::Format;
use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::Value;

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "validate", signatures: &["format.(string) optional(list(string))"], run: validate },
    Row { name: "format.named", signatures: &["(string) optional(format)"], run: named },
    Row { name: "format.dns1123Label", signatures: CONSTANT, run: constant },
    Row { name: "format.dns1123Subdomain", signatures: CONSTANT, run: constant },
    Row { name: "format.dns1035Label", signatures: CONSTANT, run: constant },
    Row { name: "format.qualifiedName", signatures: CONSTANT, run: constant },
    Row { name: "format.dns1123LabelPrefix", signatures: CONSTANT, run: constant },
    Row { name: "format.dns1123SubdomainPrefix", signatures: CONSTANT, run: constant },
    Row { name: "format.dns1035LabelPrefix", signatures: CONSTANT, run: constant },
    Row { name: "format.labelValue", signatures: CONSTANT, run: constant },
    Row { name: "format.uri", signatures: CONSTANT, run: constant },
    Row { name: "format.uuid", signatures: CONSTANT, run: constant },
    Row { name: "format.byte", signatures: CONSTANT, run: constant },
    Row { name: "format.date", signatures: CONSTANT, run: constant },
    Row { name: "format.datetime", signatures: CONSTANT, run: constant },
];

const CONSTANT: &[&str] = &["() format"];

fn constant(call: Call<'_>) -> Result<Value, EvalError> {
    let name = call.name.trim_start_matches("format.");
    Format::named(name).map(Value::Format).ok_or_else(|| call.no_overload())
}

fn named(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::String(name)] => Ok(Value::optional(Format::named(name).map(Value::Format))),
        _ => Err(call.no_overload()),
    }
}

fn validate(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Format(format), Value::String(text)] => {
            let problem = format.problem(text).map(|problem| Value::list([Value::text(problem)]));
            Ok(Value::optional(problem))
        }
        _ => Err(call.no_overload()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::data::format::FORMATS;
    use super::*;

    #[test]
    fn every_format_has_a_function() {
        for format in FORMATS {
            let name = format!("format.{}", format.name);
            assert!(TABLE.iter().any(|row| row.name == name), "{name}");
        }
    }
}
