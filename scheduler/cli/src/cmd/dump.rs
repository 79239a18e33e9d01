//! `longshore dump`: the cluster as files, without what nobody reads.

use std::io::{self, Write};

use anyhow::{Context, anyhow};
use longshore_cluster::connect::{self, Liveness};
use longshore_cluster::discover::discover;
use longshore_cluster::dump::{self, Contents, DumpError, Keep, Options};
use longshore_loader::file;
use serde_json::Value;

use crate::args::DataFormat;
use crate::args::dump::DumpArgs;
use crate::console::{Console, is_broken_pipe};
use crate::exit::Exit;
use crate::input;

/// Reads the cluster and writes it, object by object.
pub(crate) fn run(args: &DumpArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let options = options(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the network")?;
    let contents = runtime.block_on(write(args, &options, console))?;
    if let Some(namespace) = &options.namespace {
        console.warn(&format!(
            "only namespace {namespace} is dumped: pods of other namespaces use no room in it"
        ));
    }
    for missing in &contents.missing {
        console.warn(&format!("{} is missing: {}", missing.kind, missing.reason));
    }
    Ok(Exit::Done)
}

/// What is dumped; that follows from the plugins of the configuration, too.
fn options(args: &DumpArgs) -> anyhow::Result<Options> {
    let mut keep = Keep {
        annotations: args.keep_annotations,
        env: args.keep_env,
        fields: args.keep_fields,
        ..Keep::default()
    };
    if args.config.is_some() {
        let (loader, _) = input::loader(&args.plugins);
        let loaded = file::profiles(args.config.as_deref(), &loader)?;
        keep.declared = loaded.guests.declarations();
        keep.node_annotations = !loaded.guests.is_empty();
        // Who reads whole objects reads any of their fields.
        let wants = loaded.guests.wants();
        keep.fields |= wants.nodes || wants.waiting_pods || wants.placed_pods;
        keep.fields |= !loaded.resolved.configuration.extenders.is_empty();
    }
    Ok(Options { namespace: args.namespace.clone(), keep })
}

async fn write(args: &DumpArgs, options: &Options, console: &mut Console<'_>) -> anyhow::Result<Contents> {
    let found = connect::find(&(&args.cluster).into()).await?;
    let client = connect::client(&found, None, Liveness::default())?;
    let place = format!("{} ({})", found.config.cluster_url, found.origin);
    let explained = |error: kube::Error| anyhow!("{place}: {}", connect::explained(&error));
    let discovered = discover(&client, &options.keep.declared).await.map_err(explained)?;
    let mut out = Documents { out: &mut *console.out, format: args.output, count: 0 };
    out.begin()?;
    let dumped = dump::dump(&client, &discovered, options, &mut |object| out.write(object)).await;
    let contents = dumped.map_err(|error| match error {
        DumpError::Write(error) if is_broken_pipe(&error) => error.into(),
        DumpError::Write(error) => anyhow!("the dump cannot be written: {error}"),
        error @ DumpError::Api { .. } => {
            anyhow!("{place}: {error}; what was written so far is not the whole cluster")
        }
    })?;
    out.end()?;
    Ok(contents)
}

/// Documents one after the other: of YAML, or the items of one List in JSON.
struct Documents<'o> {
    out: &'o mut dyn Write,
    format: DataFormat,
    count: usize,
}

impl Documents<'_> {
    fn begin(&mut self) -> io::Result<()> {
        match self.format {
            DataFormat::Json => write!(self.out, "{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":["),
            DataFormat::Yaml => {
                writeln!(
                    self.out,
                    "# Made by longshore dump. The last document says what there is and what is missing."
                )
            }
        }
    }

    fn write(&mut self, object: &Value) -> io::Result<()> {
        match self.format {
            DataFormat::Json => {
                self.out.write_all(if self.count == 0 { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut *self.out, object)?;
            }
            DataFormat::Yaml => {
                let text = serde_saphyr::to_string(object).map_err(io::Error::other)?;
                write!(self.out, "---\n{}", missing(object))?;
                self.out.write_all(text.as_bytes())?;
                if !text.ends_with('\n') {
                    writeln!(self.out)?;
                }
            }
        }
        self.count += 1;
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        match self.format {
            DataFormat::Json => writeln!(self.out, "\n]}}"),
            DataFormat::Yaml => Ok(()),
        }
    }
}

/// What is missing, as comments before the last document.
fn missing(object: &Value) -> String {
    if object["kind"] != dump::KIND {
        return String::new();
    }
    let lacks = object["missing"].as_array().into_iter().flatten();
    let reasons = lacks.filter_map(|missing| missing["reason"].as_str());
    reasons.map(|reason| format!("# MISSING: {}\n", reason.replace('\n', " "))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(format: DataFormat, want: &str) {
        let mut out = Vec::new();
        let mut documents = Documents { out: &mut out, format, count: 0 };
        documents.begin().unwrap();
        documents.write(&json!({"kind": "Node"})).unwrap();
        documents.write(&json!({"kind": "Dump", "missing": [{"reason": "no\nway"}]})).unwrap();
        documents.end().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with(want), "{text}");
    }

    #[test]
    fn documents_are_written_one_by_one() {
        check(
            DataFormat::Json,
            "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{\"kind\":\"Node\"},\n\
             {\"kind\":\"Dump\",\"missing\":[{\"reason\":\"no\\nway\"}]}\n]}\n",
        );
        let yaml = "# Made by longshore dump. The last document says what there is and what is missing.\n---\nkind: Node\n---\n\
                    # MISSING: no way\nkind: Dump\nmissing:\n";
        check(DataFormat::Yaml, yaml);
    }
}
