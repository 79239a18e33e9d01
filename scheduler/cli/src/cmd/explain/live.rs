//! What the running scheduler remembers of a pod.

use anyhow::{anyhow, bail};
use longshore_cluster::call::ApiError;
use longshore_cluster::call::path::escape;
use longshore_cluster::connect;
use serde_json::Value;

use crate::args::{DataFormat, ExplainArgs, PlainFormat};
use crate::ask;
use crate::console::Console;
use crate::exit::Exit;
use crate::render::ordered::Ordered;
use crate::render::{data, decisions};

/// The scheduler's `DecisionList` of the pod `name`, or `namespace/name`.
///
/// # Errors
/// Why it cannot be had, in one line: no scheduler is named, it cannot be reached, or it does not know the pod.
pub(super) fn ask(args: &ExplainArgs, name: &str) -> anyhow::Result<Value> {
    let Some(address) = ask::address(&args.server) else {
        bail!("no running scheduler is named (--server or LONGSHORE_SERVER)");
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let found = connect::find(&(&args.input.cluster).into()).await?;
        let (namespace, name) = match name.split_once('/') {
            Some((namespace, name)) => (namespace, name),
            None => (args.namespace.as_deref().unwrap_or(&found.config.default_namespace), name),
        };
        let scheduler = ask::scheduler(&found, &args.server, &address)?;
        let path = format!("/debug/decisions/{}/{}", escape(namespace), escape(name));
        let text = ask::get(&scheduler, &path).await.map_err(|error| refused(&address, &error))?;
        serde_json::from_str(&text).map_err(|_| anyhow!("{address} is no scheduler: its answer is not JSON"))
    })
}

fn refused(address: &str, error: &ApiError) -> anyhow::Error {
    match error.code {
        // What the scheduler says of a pod that it does not know, or of another leader, says it all.
        404 | 503 => anyhow!("{address}: {}", error.message),
        _ => anyhow!("{address}: {error}: {}", ask::remedy(error)),
    }
}

/// Prints it.
pub(super) fn show(args: &ExplainArgs, list: &Value, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    match args.output {
        PlainFormat::Json => data::write(console.out, DataFormat::Json, &Ordered(list))?,
        PlainFormat::Yaml => data::write(console.out, DataFormat::Yaml, &Ordered(list))?,
        PlainFormat::Table => {
            let style = console.style();
            decisions::write(console.out, list, style, !args.no_headers)?;
        }
    }
    Ok(Exit::Done)
}
