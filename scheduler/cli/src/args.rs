//! The command line.

pub mod accepted;
pub mod check;
pub mod choice;
pub mod dump;
pub mod format;
pub mod gates;
pub mod keep;
pub mod measured;
pub mod plugin;
pub mod price;
pub mod record;
pub mod replay;
pub mod run;
pub mod selection;
pub mod server;
pub mod serving;
pub mod what_if;

mod dashes;
#[cfg(test)]
mod tests;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use longshore_engine::TieBreak;
use longshore_framework::Timestamp;
use longshore_loader as plugins;

pub(crate) use dashes::with_dashes;

use check::CheckArgs;
use choice::ChoiceArgs;
use dump::DumpArgs;
use format::Format;
use gates::RuleArgs;
use measured::MetricsArgs;
use plugin::PluginArgs as PluginCommandArgs;
use price::Price;
use record::RecordCommandArgs;
use replay::ReplayArgs;
use run::RunArgs;
use selection::SelectionArgs;
use server::ServerArgs;
use what_if::WhatIfArgs;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "longshore", version, propagate_version = false, arg_required_else_help = true)]
#[command(about = "A Kubernetes scheduler that decides as kube-scheduler does and can say why")]
#[command(
    after_help = "Exit codes: 0 done, 1 failure, 2 usage, 3 some pod does not fit (--fail-on-pending)."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How much is logged by commands that end.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Verbosity {
    /// Log to standard error; twice for more
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Decide every pending pod of a cluster given as files, without a cluster
    #[command(after_help = SIMULATE_HELP)]
    Simulate(SimulateArgs),
    /// Say why a pod is placed where it is, or why it fits nowhere and what would help
    #[command(after_help = EXPLAIN_HELP)]
    Explain(ExplainArgs),
    /// Write what scheduling reads of a cluster, for simulate and explain, without anything private
    #[command(after_help = dump::HELP)]
    Dump(Box<DumpArgs>),
    /// Schedule the pods of a cluster
    #[command(after_help = RUN_HELP, args_override_self = true)]
    Run(Box<RunArgs>),
    /// Record what happens in a cluster that another scheduler serves, without changing anything
    #[command(after_help = record::HELP)]
    Record(Box<RecordCommandArgs>),
    /// Run a recording again, and say whether every decision comes out as it was made
    #[command(after_help = replay::HELP)]
    Replay(Box<ReplayArgs>),
    /// Check whether the cluster is fit for the scheduler, and whether the scheduler works
    #[command(after_help = check::HELP)]
    Check(Box<CheckArgs>),
    /// Check and show scheduler configuration files
    #[command(arg_required_else_help = true)]
    Profile(ProfileArgs),
    /// Make, try, measure and publish plugins compiled to WebAssembly
    #[command(arg_required_else_help = true)]
    Plugin(PluginCommandArgs),
    /// Print the version
    Version(VersionArgs),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETION_HELP)]
    Completion(CompletionArgs),
}

const RUN_HELP: &str = "\
Flags are kube-scheduler's where it has them; flags override the configuration file. The cluster is found as \
kubectl finds it: --kubeconfig, KUBECONFIG, ~/.kube/config, then the pod's service account.

Examples:
  # As a second scheduler on your own cluster: pods with spec.schedulerName: longshore
  longshore run --config profiles/longshore.yaml --leader-elect=false -v 2";

const SIMULATE_HELP: &str = "\
Pods with spec.nodeName run; the others are decided one by one in queue order: by priority, then age, then place in the \
input. Workloads (Deployment, StatefulSet, DaemonSet, Job, ...) are expanded into their pods, CronJobs with \
--expand-cronjobs. Of an object that is given twice, the last one counts; a workload that takes the place of one of a \
cluster scales it, or begins its rollout. Other kinds that make pods (JobSet, Rollout, RayCluster, ...) are named in a \
warning, and their pods count as pending for --fail-on-pending. Kinds that scheduling does not read are named in a \
warning. Objects that cannot be read are reported, the rest is decided, and the exit code is 1.

The table lists placements when there are at most 50 pending pods, or with -o wide; the summary always.

Examples:
  # Where would the pods of a workload go, on a cluster from files?
  longshore simulate -f cluster/ -f workload.yaml

  # A real cluster with one more workload, or with a changed one
  longshore dump > cluster.yaml
  longshore simulate -f cluster.yaml -f new.yaml

  # What if: more replicas, a node less, three nodes more
  longshore simulate -f cluster.yaml --replicas shop/web=12 --remove-node n7 --add-nodes 3 --like n1

  # Two configurations side by side
  longshore simulate -f cluster.yaml --compare profiles/binpack.yaml

  # As kubectl would print it
  longshore simulate -f cluster.yaml -n shop -l app=web -o custom-columns=POD:.pod,NODE:.node

  # A page for a browser: nodes before and after, what does not fit and what would help
  longshore simulate -f cluster/ -f workload.yaml -o html > report.html

  # In CI: fail when anything stays pending
  longshore simulate -f cluster/ -f workload.yaml --fail-on-pending

  # With the configuration of your scheduler, as JSON
  longshore simulate -f cluster/ --config profile.yaml -o json

  # What would a profile do with all pods, whatever their schedulerName?
  longshore simulate -f cluster/ --config profiles/binpack.yaml --all-pods";

const EXPLAIN_HELP: &str = "\
Without -f and --from-cluster the running scheduler is asked: what it decided, and for pods that wait what it would decide \
now. It is found by the Lease that names the pod's schedulerName, and reached through the API server with your own \
credentials. When nobody can be asked, the first line says so and why; then the cluster is read and the decision is \
simulated, which changes nothing. Every pod before it in queue order is decided first, so that it is explained in the state \
in which its turn comes; with --now it is explained against the cluster as it stands.

In files a pod without a namespace is looked for in the one of -n, then everywhere.

Examples:
  # What did the running scheduler decide, and why?
  longshore explain checkout-7d9f4 -n shop

  # All pods of a Deployment, those with the same answer together
  longshore explain deployment/checkout -n shop

  # Where would this pod go today?
  longshore explain checkout-7d9f4 -n shop --as-pending

  # Why is this pod pending, and what would help?
  longshore explain shop/checkout-7d9f4 -f cluster/ -f workload.yaml

  # Why did it land where it did last night? From what `longshore run --record` kept
  longshore explain checkout-7d9f4 -n shop --recording /var/lib/longshore --at 2026-03-01T04:05:06Z

  # The scores of the ten best nodes
  longshore explain web -n shop -f cluster/ --top 10

  # A page for a browser
  longshore explain shop/checkout-7d9f4 -f cluster/ -f workload.yaml -o html > checkout.html";

const COMPLETION_HELP: &str = "\
Examples:
  source <(longshore completion bash)
  longshore completion zsh > \"${fpath[1]}/_longshore\"";

/// Where the cluster comes from.
#[derive(Args, Clone, Debug)]
pub struct InputArgs {
    /// Kubernetes objects in YAML or JSON: a file, a directory (read recursively), a URL or - for standard input; repeatable. Of
    /// an object that is there twice the later one counts
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|URL|-")]
    pub filenames: Vec<String>,
    /// A directory with a kustomization, which kubectl or kustomize builds; after all that -f names; repeatable
    #[arg(short = 'k', long = "kustomize", value_name = "DIR")]
    pub kustomizations: Vec<String>,
    /// Read the cluster itself, without changing anything; what -f names is added to it
    #[arg(long)]
    pub from_cluster: bool,
    /// Leave out plugins that the configuration names and nobody has, with a warning for each
    #[arg(long)]
    pub ignore_unknown_plugins: bool,
    /// Make the pods of one run of every CronJob that is not suspended
    #[arg(long = "expand-cronjobs")]
    pub expand_cron_jobs: bool,
    /// Changes of the cluster.
    #[command(flatten)]
    pub what_if: WhatIfArgs,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: run::ClusterArgs,
    /// A KubeSchedulerConfiguration, or a ConfigMap with one: only pods whose schedulerName it has are decided, unless --all-pods
    /// is given. Without it the default profile takes every pending pod
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What is measured on nodes.
    #[command(flatten)]
    pub measured: MetricsArgs,
    /// A configuration that a running scheduler serves, as text, in the place of a file.
    #[arg(skip)]
    pub served: Option<String>,
    /// Which profile decides.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Plugins in WebAssembly.
    #[command(flatten)]
    pub plugins: PluginArgs,
    /// Whose rules are followed.
    #[command(flatten)]
    pub rules: RuleArgs,
}

impl InputArgs {
    /// Whether no cluster is named.
    pub fn is_empty(&self) -> bool {
        self.filenames.is_empty() && self.kustomizations.is_empty() && !self.from_cluster
    }
}

/// Plugins in WebAssembly.
#[derive(Args, Clone, Debug, Default)]
pub struct PluginArgs {
    /// Where modules that were fetched and plugins that were compiled are kept; empty: nowhere [default: longshore in
    /// $XDG_CACHE_HOME or ~/.cache]
    #[arg(long, value_name = "DIR")]
    pub plugin_cache_dir: Option<OsString>,
    /// Where plugins are that the configuration names without a source: a folder with a catalogue.json, or an index, as
    /// file:// or oci://
    #[arg(long, value_name = "REFERENCE")]
    pub catalogue: Option<String>,
}

impl PluginArgs {
    /// The directory, if there is to be one.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        match &self.plugin_cache_dir {
            None => plugins::default_cache_dir(),
            Some(given) => Some(given.into()).filter(|dir: &PathBuf| !dir.as_os_str().is_empty()),
        }
    }
}

/// How decisions are made.
#[derive(Args, Debug)]
pub struct DecisionArgs {
    /// Seed of the generator that breaks ties
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Which of equally good nodes is taken: any, or the first by name
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Ties::Random)]
    pub tie_break: Ties,
    /// Threads to evaluate nodes with; all cores when not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// `longshore simulate`.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The log.
    #[command(flatten)]
    pub verbosity: Verbosity,
    /// The cluster.
    #[command(flatten)]
    pub input: InputArgs,
    /// The decisions.
    #[command(flatten)]
    pub decision: DecisionArgs,
    /// Output format: table, wide, json, yaml, html, name, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE, jsonpath-file=FILE,
    /// custom-columns=HEADING:PATH,... or custom-columns-file=FILE
    #[arg(short, long, value_name = "FORMAT", value_parser = Format::parse, default_value = "table")]
    pub output: Format,
    /// Which pods are shown.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Decide with this configuration as well, and show side by side what differs; repeatable. The first is --config, or the
    /// default profile where only one is named. All pods are decided by each
    #[arg(long, value_name = "FILE", conflicts_with_all = ["trace", "by"])]
    pub compare: Vec<PathBuf>,
    /// What is paid for a node with this label while pods are on it, in any unit, such as
    /// node.kubernetes.io/instance-type=m5.large:0.096; of several that a node has the first one counts; repeatable
    #[arg(long, value_name = "LABEL=VALUE:PRICE", value_parser = Price::parse, requires = "compare")]
    pub price: Vec<Price>,
    /// Leave the header lines of tables out
    #[arg(long)]
    pub no_headers: bool,
    /// Record who said what of which node in every attempt (the field attempts of -o json and yaml)
    #[arg(long)]
    pub trace: bool,
    /// Say in -o json and -o yaml all that -o html shows: nodes before and after, every step in between, what is left of zones and
    /// pools, and what would help pending pods
    #[arg(long)]
    pub detail: bool,
    /// Exit with 3 when a pod does not fit, belongs to no profile or would not be created, or when pods are missing because
    /// their object is not expanded
    #[arg(long)]
    pub fail_on_pending: bool,
}

/// `longshore explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The log.
    #[command(flatten)]
    pub verbosity: Verbosity,
    /// What to explain, one or several: NAME, NAMESPACE/NAME or pod/NAME; KIND/NAME or KIND NAME for the pods of a Deployment,
    /// ReplicaSet, StatefulSet, DaemonSet, Job, CronJob or ReplicationController
    #[arg(value_name = "POD|KIND/NAME", required = true, num_args = 1..)]
    pub pod: Vec<String>,
    /// Namespace of the pods
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// The cluster.
    #[command(flatten)]
    pub input: InputArgs,
    /// The running scheduler.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Namespace of the scheduler's Lease, where that is neither longshore-system nor kube-system
    #[arg(long, value_name = "NAMESPACE", help_heading = "Running scheduler")]
    pub scheduler_namespace: Option<String>,
    /// A recording in place of a cluster: the last attempt at the pod in it is explained, in the state in which it was made
    #[arg(long, value_name = "DIR", help_heading = "Recording")]
    pub recording: Option<PathBuf>,
    /// The last attempt that was made by this time, such as 2026-03-01T04:05:06Z
    #[arg(long, value_name = "TIME", requires = "recording", value_parser = values::time, help_heading = "Recording")]
    pub at: Option<Timestamp>,
    /// The decisions.
    #[command(flatten)]
    pub decision: DecisionArgs,
    /// Against the cluster as it stands, without deciding the pods before it
    #[arg(long)]
    pub now: bool,
    /// Explain pods that run as if they waited: where would they go now?
    #[arg(long)]
    pub as_pending: bool,
    /// How many nodes to show of those that fit best, and of those that fit nearly
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub top: usize,
    /// Output format: table, json, yaml, html, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE or jsonpath-file=FILE
    #[arg(short, long, value_name = "FORMAT", value_parser = Format::parse_single, default_value = "table")]
    pub output: Format,
    /// Leave the header lines of tables out
    #[arg(long)]
    pub no_headers: bool,
}

/// `longshore profile`.
#[derive(Args, Debug)]
pub struct ProfileArgs {
    /// The log.
    #[command(flatten)]
    pub verbosity: Verbosity,
    /// What to do.
    #[command(subcommand)]
    pub command: ProfileCommand,
}

/// The commands of `longshore profile`.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Report everything that is wrong with a file, all at once
    #[command(
        after_help = "Plugins of the catalogue are known by name, extension points and args, whether their modules are at hand or not. Files of \
        older versions, and policies: longshore profile migrate.\n\nExamples:\n  longshore profile validate profile.yaml\n  \
        longshore profile migrate old.yaml | longshore profile validate -"
    )]
    Validate {
        /// A KubeSchedulerConfiguration or a ConfigMap with one, or - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Leave out plugins that nobody has, with a warning for each place, and check the rest
        #[arg(long)]
        ignore_unknown_plugins: bool,
        /// Plugins in WebAssembly.
        #[command(flatten)]
        plugins: PluginArgs,
        /// Whose rules are followed.
        #[command(flatten)]
        rules: RuleArgs,
    },
    /// Bring a file of an older version, or a Policy, to v1; what changed is said on standard error
    #[command(after_help = "Examples:\n  longshore profile migrate old.yaml > profile.yaml")]
    Migrate {
        /// A KubeSchedulerConfiguration of any version, a Policy, or a ConfigMap with one, or - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Output format
        #[arg(short, long, value_enum, default_value_t = DataFormat::Yaml)]
        output: DataFormat,
    },
    /// Print what comes of a file: the plugins of every stage in order, weights and arguments, every default filled in
    #[command(after_help = "Examples:\n  # The default profile\n  longshore profile show\n\n  \
        # What a file really means\n  longshore profile show profile.yaml -o json")]
    Show {
        /// A KubeSchedulerConfiguration or a ConfigMap with one, or - for standard input; the default profile when not given
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Plugins in WebAssembly.
        #[command(flatten)]
        plugins: PluginArgs,
        /// Whose rules are followed.
        #[command(flatten)]
        rules: RuleArgs,
        /// Output format
        #[arg(short, long, value_enum, default_value_t = DataFormat::Yaml)]
        output: DataFormat,
    },
}

/// `longshore version`.
#[derive(Args, Debug)]
pub struct VersionArgs {
    /// Output format; a line of text when not given
    #[arg(short, long, value_enum)]
    pub output: Option<DataFormat>,
}

/// `longshore completion`.
#[derive(Args, Debug)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Output formats without a wide table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlainFormat {
    /// For people
    Table,
    /// One JSON document
    Json,
    /// One YAML document
    Yaml,
}

/// Output formats for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// One JSON document
    Json,
    /// One YAML document
    Yaml,
}

/// Values of `--tie-break`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ties {
    /// Any of them, by the seeded generator
    Random,
    /// The first by name
    First,
}

impl From<Ties> for TieBreak {
    fn from(ties: Ties) -> Self {
        match ties {
            Ties::Random => Self::Random,
            Ties::First => Self::First,
        }
    }
}
