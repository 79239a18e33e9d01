//! JSON and YAML.

use std::io::Write;

use serde::Serialize;

use crate::args::DataFormat;

/// Writes `document`, with a newline at its end.
///
/// # Errors
/// When it cannot be written; a broken pipe stays an [`std::io::Error`].
pub(crate) fn write(
    out: &mut dyn Write,
    format: DataFormat,
    document: &impl Serialize,
) -> anyhow::Result<()> {
    match format {
        DataFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, document).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        DataFormat::Yaml => {
            let text = serde_saphyr::to_string(document)?;
            out.write_all(text.as_bytes())?;
            if !text.ends_with('\n') {
                writeln!(out)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(value: &Value) {
        let mut out = Vec::new();
        write(&mut out, DataFormat::Yaml, value).unwrap();
        let text = String::from_utf8(out).unwrap();
        let read: Value = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        assert_eq!(&read, value, "{text}");
    }

    /// Strings that some reader of YAML takes for something else.
    #[rustfmt::skip]
    const TRICKY: &[&str] = &[
        "", " ", "yes", "no", "on", "off", "y", "n", "true", "null", "~", "1e3", "1_000", "0x10", "0o7",
        "010", "1.5", ".5", "+1", ".inf", ".nan", "- a", "-", "--- ", "---", "...", "a: b", "a #b", "#a",
        " leading", "trailing ", "two\nlines", "two\nlines\n", "\n", "\n\nx", "  indented\nless",
        "tab\there", "\t", "'quoted'", "\"quoted\"", "back\\slash", "{a}", "[a]", "&a", "*a", "!a", "|",
        ">", "%a", "@a", "`a`", "?", "? a", ":", ": a", "a:", "=", "<<", "2026-11-20", "12:30:45", "ü",
        "\u{1b}[31m", "\u{0}", "\u{7f}", "\u{85}", "\u{2028}", "\u{feff}x", "a\r\nb",
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).",
    ];

    #[test]
    fn tricky_strings_come_back_from_yaml_as_they_were() {
        for text in TRICKY {
            check(&json!({"k": text}));
            check(&json!([text, {*text: 1}]));
        }
        check(
            &json!({"long": "word ".repeat(100), "bare": "x".repeat(500), "empty": {}, "none": [], "null": null}),
        );
        check(
            &json!({"nested": [[1, [2]], [], [{"a": [{"b": []}]}]], "float": 0.25, "negative": -3, "big": u64::MAX}),
        );
    }
}
