//! The flags of `longshore dump`.

use std::path::PathBuf;

use clap::Args;

use super::run::ClusterArgs;
use super::{DataFormat, PluginArgs, Verbosity};

pub(super) const HELP: &str = "\
Reads lists only, page by page: the kinds that scheduling, admission and what-if questions need. Of each object only what \
decides is kept. Environment, command and arguments of containers, annotations that nobody reads, and everything that is not \
known to matter are left out. Secrets and ConfigMaps are not read. The last document, of kind Dump, says which kinds there \
are and which could not be read; simulate tells the two apart.

Examples:
  # A cluster to ask questions of
  longshore dump > cluster.yaml
  longshore simulate -f cluster.yaml -f new-workload.yaml

  # With the objects that the plugins of a profile read
  longshore dump --config profile.yaml > cluster.yaml";

/// `longshore dump`.
#[derive(Args, Debug)]
pub struct DumpArgs {
    /// The log.
    #[command(flatten)]
    pub verbosity: Verbosity,
    /// Only objects of this namespace, of kinds that live in one: pods of other namespaces then use no room
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Objects of all namespaces, which is so anyway
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// A KubeSchedulerConfiguration: the objects and fields that its plugins read are dumped as well
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Keep all annotations but the last applied configuration
    #[arg(long)]
    pub keep_annotations: bool,
    /// Keep environment, command and arguments of containers
    #[arg(long)]
    pub keep_env: bool,
    /// Keep every field, as extenders may read them, but for annotations and what is private to containers
    #[arg(long)]
    pub keep_fields: bool,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = DataFormat::Yaml)]
    pub output: DataFormat,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Plugins in WebAssembly.
    #[command(flatten)]
    pub plugins: PluginArgs,
}
