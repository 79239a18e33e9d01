//! The output formats that kubectl has, too.

use std::fs;

use crate::jsonpath::Template;

/// How `simulate` and `explain` print.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// For people.
    Table,
    /// For people, with more columns.
    Wide,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// A page for a browser.
    Html,
    /// Names of pods, one a line.
    Name,
    /// What a template makes of the JSON document.
    JsonPath(JsonPath),
    /// What a template finds in the JSON document, as JSON.
    JsonPathAsJson(JsonPath),
    /// A table of one's own.
    CustomColumns(Vec<Column>),
}

/// A template of a JSON document.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath(pub(crate) Template);

/// A column: its heading and where its cells come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub(crate) heading: String,
    pub(crate) path: Template,
}

/// The formats, as help and errors have them.
pub(super) const FORMATS: &str = "table, wide, json, yaml, html, name, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE, jsonpath-file=FILE, \
     custom-columns=HEADING:PATH,... or custom-columns-file=FILE";

impl Format {
    /// Reads the value of `-o`.
    ///
    /// # Errors
    /// There is no such format, or its template is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let file =
            |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: cannot be read: {error}"));
        Ok(match (name, value) {
            ("table", None) => Self::Table,
            ("wide", None) => Self::Wide,
            ("json", None) => Self::Json,
            ("yaml", None) => Self::Yaml,
            ("html", None) => Self::Html,
            ("name", None) => Self::Name,
            ("jsonpath", Some(template)) => Self::JsonPath(template_of(template)?),
            ("jsonpath-as-json", Some(template)) => Self::JsonPathAsJson(template_of(template)?),
            ("jsonpath-file", Some(path)) => Self::JsonPath(template_of(&file(path)?)?),
            ("custom-columns", Some(spec)) => Self::CustomColumns(columns(spec)?),
            ("custom-columns-file", Some(path)) => Self::CustomColumns(columns_of_file(&file(path)?)?),
            (
                "jsonpath" | "jsonpath-as-json" | "jsonpath-file" | "custom-columns" | "custom-columns-file",
                None,
            ) => {
                return Err(format!("{name} needs a value: -o {name}=..."));
            }
            _ => return Err(format!("there are {FORMATS}")),
        })
    }

    /// The same for a command that prints one thing and no list.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and formats of lists.
    pub(super) fn parse_single(text: &str) -> Result<Self, String> {
        match Self::parse(text)? {
            Self::Wide | Self::Name | Self::CustomColumns(_) => {
                Err("there are table, json, yaml, html, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE and jsonpath-file=FILE".into())
            }
            format => Ok(format),
        }
    }
}

fn template_of(text: &str) -> Result<JsonPath, String> {
    if text.is_empty() {
        return Err("the template is empty; write it like {.placements[*].node}".to_string());
    }
    Template::parse(text).map(JsonPath).map_err(|error| error.to_string())
}

/// `POD:.pod,NODE:.node`.
fn columns(spec: &str) -> Result<Vec<Column>, String> {
    let column = |part: &str| {
        let (heading, path) =
            part.split_once(':').ok_or_else(|| format!("{part:?} is no column; write it as NODE:.node"))?;
        let path = Template::parse_relaxed(path).map_err(|error| error.to_string())?;
        Ok(Column { heading: heading.to_string(), path })
    };
    spec.split(',').map(column).collect()
}

/// A line of headings and a line of paths.
fn columns_of_file(text: &str) -> Result<Vec<Column>, String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (Some(headings), Some(paths), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err("a file of columns has a line of headings and a line of paths".to_string());
    };
    let (headings, paths): (Vec<&str>, Vec<&str>) =
        (headings.split_whitespace().collect(), paths.split_whitespace().collect());
    if headings.len() != paths.len() {
        return Err(format!("there are {} headings and {} paths", headings.len(), paths.len()));
    }
    columns(
        &headings
            .iter()
            .zip(paths)
            .map(|(heading, path)| format!("{heading}:{path}"))
            .collect::<Vec<_>>()
            .join(","),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&str, &str>) {
        let read = Format::parse(text).map(|format| format!("{format:?}"));
        match (read, want) {
            (Ok(read), Ok(want)) => assert!(read.starts_with(want), "{read}"),
            (Err(error), Err(want)) => assert!(error.contains(want), "{error}"),
            (read, _) => panic!("{text}: {read:?}"),
        }
    }

    #[test]
    fn formats_are_written_as_for_kubectl() {
        check("wide", Ok("Wide"));
        check("html", Ok("Html"));
        check("jsonpath={.a}", Ok("JsonPath("));
        check("jsonpath-as-json={.a}", Ok("JsonPathAsJson("));
        check("custom-columns=POD:.pod,NODE:node", Ok("CustomColumns([Column { heading: \"POD\""));
        check("xml", Err("there are table, wide, json"));
        check("json=x", Err("there are table"));
        check("jsonpath", Err("jsonpath needs a value"));
        check("jsonpath=", Err("the template is empty"));
        check("jsonpath={.a", Err("unclosed action"));
        check("custom-columns=POD", Err("\"POD\" is no column"));
        check("custom-columns=POD:", Err("is no path"));
        check("jsonpath-file=/no/such/file", Err("/no/such/file: cannot be read"));
        assert!(Format::parse_single("json").is_ok() && Format::parse_single("wide").is_err());
    }

    #[test]
    fn columns_may_come_from_a_file() {
        let read = columns_of_file("POD  NODE\n.pod  .node\n").unwrap();
        assert_eq!(read.iter().map(|c| c.heading.as_str()).collect::<Vec<_>>(), ["POD", "NODE"]);
        assert!(columns_of_file("A B\n.a").is_err() && columns_of_file("A").is_err());
    }
}
