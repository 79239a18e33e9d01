//! What is measured on nodes, for a cluster that stands still.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use longshore_framework::node::Node;
use longshore_framework::node_metrics::Sample;
use longshore_manifest::{MeasuredFile, Source};

use crate::args::measured::MetricsArgs;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// The file that the flags name, if they name one, as measured so long before time 0 as they say.
///
/// # Errors
/// It cannot be read, or is wrong, by line; or it is about nodes that are not there.
pub(crate) fn file<'n>(
    args: &MetricsArgs,
    nodes: impl Iterator<Item = &'n Arc<Node>> + Clone,
) -> anyhow::Result<Option<Sample>> {
    let Some(path) = &args.metrics else { return Ok(None) };
    let name = path.display().to_string();
    let size = fs::metadata(path).with_context(|| format!("{name}: cannot be opened; check the path"))?.len();
    if size > LARGEST {
        anyhow::bail!("{name}: is larger than 64 MiB; the JSON of a load watcher is wanted");
    }
    let text = fs::read(path).with_context(|| format!("{name}: cannot be read"))?;
    let file = MeasuredFile::read(Source { name, text })?;
    file.check_nodes(nodes.map(|node| &*node.name))?;
    Ok(Some(file.sample.later_by(-millis(args.metrics_age.unwrap_or_default()))))
}

fn millis(age: Duration) -> i64 {
    i64::try_from(age.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use longshore_framework::Timestamp;
    use longshore_framework::fixture::node;

    use super::*;

    #[test]
    fn a_file_is_as_old_as_the_flag_says_and_about_nodes_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("metrics.json");
        fs::write(&path, r#"{"data": {"NodeMetricsMap": {"a": {"metrics": []}}}}"#).unwrap();
        let args = MetricsArgs { metrics: Some(path), metrics_age: Some(Duration::from_secs(90)) };
        let (a, b) = (node("a").build(), node("b").build());
        let sample = file(&args, [&a, &b].into_iter()).unwrap().unwrap();
        assert_eq!(sample.nodes["a"].at, Timestamp(-90_000));
        let error = file(&args, [&b].into_iter()).unwrap_err().to_string();
        assert!(
            error.ends_with(
                "metrics.json:1: data.NodeMetricsMap.a: there is no such node in the cluster; did you mean b?"
            ),
            "{error}"
        );
        let args = MetricsArgs { metrics: Some("/no/such/file".into()), metrics_age: None };
        assert!(file(&args, [&a].into_iter()).unwrap_err().to_string().contains("check the path"));
        assert!(file(&MetricsArgs::default(), [&a].into_iter()).unwrap().is_none());
    }
}
