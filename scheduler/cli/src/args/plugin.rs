//! The flags of `longshore plugin`.

mod make;
mod sign;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use longshore_wasm::Capability;

use super::measured::MetricsArgs;
use super::{PlainFormat, Verbosity};

pub use make::{BuildArgs, Language, NewArgs, PlaceArgs, PullArgs, PushArgs, UpdateSdkArgs};
pub use sign::{KeyType, KeygenArgs, SignArgs, VerifyArgs};

/// `longshore plugin`.
#[derive(Args, Debug)]
pub struct PluginArgs {
    /// The log.
    #[command(flatten)]
    pub verbosity: Verbosity,
    /// What to do.
    #[command(subcommand)]
    pub command: PluginCommand,
}

/// The commands of `longshore plugin`.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Begin a plugin: a folder with source, tests and a test case, which builds and passes
    #[command(after_help = make::NEW_HELP)]
    New(NewArgs),
    /// Replace the SDK in a plugin's folder by the one of this program
    #[command(after_help = make::UPDATE_SDK_HELP)]
    UpdateSdk(UpdateSdkArgs),
    /// Compile the plugin of a folder to a component, and load it once
    #[command(after_help = make::BUILD_HELP)]
    Build(BuildArgs),
    /// Say what a plugin is: stages, imports, columns, needs, digest and sizes
    #[command(after_help = INSPECT_HELP)]
    Inspect(InspectArgs),
    /// Ask the plugin alone about a pod, stage by stage
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Run the test cases of a plugin's folder
    #[command(after_help = TEST_HELP)]
    Test(TestArgs),
    /// Measure what the plugin costs, beside the native NodeResourcesFit
    #[command(after_help = BENCH_HELP)]
    Bench(BenchArgs),
    /// Check that the plugin answers the same however it is asked
    #[command(after_help = CHECK_HELP)]
    Check(CheckArgs),
    /// Put a plugin into an OCI registry
    #[command(after_help = make::PUSH_HELP)]
    Push(PushArgs),
    /// Fetch a plugin into a file
    #[command(after_help = make::PULL_HELP)]
    Pull(PullArgs),
    /// Make a key to sign plugins with
    #[command(after_help = sign::KEYGEN_HELP)]
    Keygen(KeygenArgs),
    /// Sign plugins: files, or images in a registry
    #[command(after_help = sign::SIGN_HELP)]
    Sign(SignArgs),
    /// Check that plugins are signed by a key
    #[command(after_help = sign::VERIFY_HELP)]
    Verify(VerifyArgs),
}

const INSPECT_HELP: &str = "\
Everything it asks for is granted while it is looked at. A plugin whose init fails is described all the same, with what it \
said; the exit code is 1 then.

Examples:
  longshore plugin inspect zonepack.wasm
  longshore plugin inspect oci://ghcr.io/acme/zonepack:1.2 -o json";

const RUN_HELP: &str = "\
No other plugin is asked: nodes that, say, NodeResourcesFit would reject are judged as well. Of the nodes that fit, the one \
with the highest score, the first by name among equals, is taken through Reserve, Permit, PreBind, Bind and PostBind.

Examples:
  longshore plugin run zonepack.wasm -f cluster/ --pod shop/checkout
  longshore plugin run zonepack.wasm -f cluster/ --pod web --config '{\"weight\": 2}' --grant pods,events";

const TEST_HELP: &str = "\
Cases are the files tests/*.yaml and cases/*.yaml of the folder; docs/plugins/testing.md describes them. The exit code is 1 \
when one fails.

Examples:
  longshore plugin test
  longshore plugin test zonepack --update";

const BENCH_HELP: &str = "\
Examples:
  longshore plugin bench zonepack.wasm
  longshore plugin bench zonepack.wasm --nodes 1000 --rounds 200
  longshore plugin bench zonepack.wasm -f cluster/ --pod shop/checkout";

const CHECK_HELP: &str = "\
The exit code is 1 when a check fails.

Examples:
  longshore plugin check zonepack.wasm
  longshore plugin check zonepack.wasm -f cluster/ --config config.yaml";

/// A plugin and what it is given.
#[derive(Args, Clone, Debug)]
pub struct GuestArgs {
    /// The plugin: a file, or file://, https:// or oci://
    #[arg(value_name = "FILE|REFERENCE")]
    pub plugin: String,
    /// What it is given.
    #[command(flatten)]
    pub given: GivenArgs,
    /// Where it is fetched from.
    #[command(flatten)]
    pub transport: TransportArgs,
}

/// What a plugin is given, as `pluginConfig[].args` of a profile says it.
#[derive(Args, Clone, Debug, Default)]
pub struct GivenArgs {
    /// The plugin's config: a file in JSON or YAML, or the JSON itself
    #[arg(long, value_name = "FILE|JSON")]
    pub config: Option<String>,
    /// What it may use: events, pods, raw, evict, clock, random, objects, metrics, engine, or all; repeatable
    #[arg(long, value_name = "CAPABILITIES", value_delimiter = ',', value_parser = capability)]
    pub grant: Vec<Grant>,
    /// Memory of one instance; 64Mi when not given, and 512Mi for a module built for kube-scheduler-wasm-extension
    #[arg(long, value_name = "BYTES")]
    pub memory: Option<String>,
    /// Time of one call; 50ms when not given, and 2s for a module built for kube-scheduler-wasm-extension
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
}

/// A value of `--grant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Everything there is.
    All,
    /// One capability.
    One(Capability),
}

fn capability(word: &str) -> Result<Grant, String> {
    let known = Capability::ALL.into_iter().find(|(name, _)| *name == word);
    match known {
        Some((_, capability)) => Ok(Grant::One(capability)),
        None if word == "all" => Ok(Grant::All),
        None => {
            let words: Vec<&str> = Capability::ALL.iter().map(|(name, _)| *name).collect();
            Err(format!("must be one of {} or all", words.join(", ")))
        }
    }
}

/// The heading of these flags, named by each: one of the whole group would also stand over what comes after the group.
const HEADING: &str = "Registries and servers";

/// How remote plugins are fetched.
#[derive(Args, Clone, Debug, Default)]
pub struct TransportArgs {
    /// The SHA-256 that the plugin must have
    #[arg(help_heading = HEADING, long, value_name = "DIGITS")]
    pub sha256: Option<String>,
    /// Speak http to the registry; to this machine that is done anyway
    #[arg(help_heading = HEADING, long)]
    pub plain_http: bool,
    /// Certificates in PEM form that are trusted besides the system's
    #[arg(help_heading = HEADING, long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// How a document is printed.
#[derive(Args, Clone, Copy, Debug)]
pub struct OutputArgs {
    /// Output format
    #[arg(short, long, value_enum, default_value_t = PlainFormat::Table)]
    pub output: PlainFormat,
    /// Leave the header lines of tables out
    #[arg(long)]
    pub no_headers: bool,
}

/// `longshore plugin inspect`.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The plugin: a file, or file://, https:// or oci://
    #[arg(value_name = "FILE|REFERENCE")]
    pub plugin: String,
    /// The config that its init is tried with: a file in JSON or YAML, or the JSON itself
    #[arg(long, value_name = "FILE|JSON")]
    pub config: Option<String>,
    /// Where it is fetched from.
    #[command(flatten)]
    pub transport: TransportArgs,
    /// How it is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `longshore plugin run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The plugin.
    #[command(flatten)]
    pub guest: GuestArgs,
    /// Kubernetes objects in YAML or JSON: a file, a directory (read recursively) or - for standard input; repeatable
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-", required = true)]
    pub filenames: Vec<String>,
    /// The pod: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "POD")]
    pub pod: String,
    /// What is measured on nodes.
    #[command(flatten)]
    pub measured: MetricsArgs,
    /// How it is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `longshore plugin test`.
#[derive(Args, Debug)]
pub struct TestArgs {
    /// The plugin's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The plugin; the one that the folder was built to when not given, which is built first when it has a Cargo.toml or go.mod
    #[arg(long, value_name = "FILE")]
    pub plugin: Option<PathBuf>,
    /// Take what is built as it is
    #[arg(long)]
    pub no_build: bool,
    /// Only cases whose names contain this
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Write what the plugin answers into the cases
    #[arg(long)]
    pub update: bool,
    /// What is measured on nodes.
    #[command(flatten)]
    pub measured: MetricsArgs,
    /// How it is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `longshore plugin bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// The plugin.
    #[command(flatten)]
    pub guest: GuestArgs,
    /// Kubernetes objects to measure with; a cluster is made up when not given
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-", conflicts_with = "nodes")]
    pub filenames: Vec<String>,
    /// The pod: NAME or NAMESPACE/NAME of -f; the first pending one when not given
    #[arg(long, value_name = "POD", requires = "filenames")]
    pub pod: Option<String>,
    /// Nodes of the cluster that is made up
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(2..=50_000))]
    pub nodes: u32,
    /// How often everything is measured
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(3..=100_000))]
    pub rounds: u32,
    /// What is measured on nodes.
    #[command(flatten)]
    pub measured: MetricsArgs,
    /// How it is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `longshore plugin check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The plugin.
    #[command(flatten)]
    pub guest: GuestArgs,
    /// Kubernetes objects to check with; a cluster is made up when not given
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    pub filenames: Vec<String>,
    /// Seed of the changes that are tried
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// How many changes are tried
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub changes: u32,
    /// What is measured on nodes.
    #[command(flatten)]
    pub measured: MetricsArgs,
    /// How it is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    #[track_caller]
    fn parsed(line: &str) -> PluginCommand {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Command::Plugin(args) = cli.command else { panic!("{line}") };
        args.command
    }

    #[test]
    fn capabilities_are_listed_or_repeated() {
        let command =
            parsed("longshore plugin run a.wasm -f c.yaml --pod web --grant pods,events --grant all");
        let PluginCommand::Run(args) = command else { panic!("{command:?}") };
        let pods = Grant::One(Capability::Pods);
        assert_eq!(args.guest.given.grant, [pods, Grant::One(Capability::Events), Grant::All]);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "longshore plugin",
            "longshore plugin new Zone",
            "longshore plugin new --lang cobol Zone",
            "longshore plugin run a.wasm --pod web",
            "longshore plugin run a.wasm -f c.yaml",
            "longshore plugin run a.wasm -f c.yaml --pod web --grant files",
            "longshore plugin bench a.wasm -f c.yaml --nodes 5",
            "longshore plugin bench a.wasm --pod web",
            "longshore plugin push a.wasm",
            "longshore plugin sign a.wasm",
            "longshore plugin sign --key a.key",
            "longshore plugin verify a.wasm",
            "longshore plugin keygen --type rsa",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
