//! The flags of the commands that make plugins and carry them to and from registries.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::TransportArgs;

pub(super) const NEW_HELP: &str = "\
The folder has all that the plugin is built from, the SDK (sdk/) too: nothing but the language's toolchain and, for Rust, the \
crates of Cargo.lock are needed besides.

Examples:
  longshore plugin new --lang rust zone-pack
  longshore plugin new --lang go zone-pack --dir plugins/zone-pack";

pub(super) const BUILD_HELP: &str = "\
Rust (Cargo.toml) needs the target wasm32-unknown-unknown: rustup target add wasm32-unknown-unknown. Go (go.mod) needs \
nothing more. What a component may not do shows at once: it is loaded with everything granted.

Examples:
  longshore plugin build
  longshore plugin build zone-pack --out /tmp/zone-pack.wasm";

pub(super) const UPDATE_SDK_HELP: &str = "\
Files of the SDK that somebody changed are named, and nothing is written then; --force overwrites them. Other files that lie \
there are left alone.

Examples:
  longshore plugin update-sdk
  longshore plugin update-sdk zone-pack --force";

pub(super) const PUSH_HELP: &str = "\
Accounts are those of docker login, podman login and oras login.

Examples:
  longshore plugin push zone-pack.wasm oci://ghcr.io/acme/zone-pack:1.2
  longshore plugin push zone-pack.wasm oci://ghcr.io/acme/zone-pack:1.2 --sign-key longshore.key";

pub(super) const PULL_HELP: &str = "\
Examples:
  longshore plugin pull oci://ghcr.io/acme/zone-pack:1.2 -o zone-pack.wasm
  longshore plugin pull oci://ghcr.io/acme/zone-pack:1.2 --key longshore.pub";

/// The languages that there is an SDK for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust
    Rust,
    /// Go
    Go,
}

/// `longshore plugin new`.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// The language
    #[arg(long, value_enum)]
    pub lang: Language,
    /// The plugin's name: letters, digits and dashes, such as zone-pack or ZonePack
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The folder; one of the plugin's name when not given
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// An SDK elsewhere (plugins/sdk/rust or plugins/sdk/go of a checkout of Longshore) in place of one in the folder
    #[arg(long, value_name = "PATH")]
    pub sdk: Option<PathBuf>,
}

/// `longshore plugin update-sdk`.
#[derive(Args, Debug)]
pub struct UpdateSdkArgs {
    /// The plugin's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Overwrite files of the SDK that somebody changed
    #[arg(long)]
    pub force: bool,
}

/// `longshore plugin build`.
#[derive(Args, Debug)]
pub struct BuildArgs {
    /// The plugin's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Where the component goes; NAME.wasm in the folder when not given
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The config that the plugin is loaded with: a file in JSON or YAML, or the JSON itself
    #[arg(long, value_name = "FILE|JSON")]
    pub config: Option<String>,
}

/// `longshore plugin push`.
#[derive(Args, Debug)]
pub struct PushArgs {
    /// The plugin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where to: oci://REGISTRY/REPOSITORY:TAG
    #[arg(value_name = "REFERENCE")]
    pub reference: String,
    /// Sign it with this private key in PEM form once it is there; repeatable
    #[arg(long, value_name = "FILE")]
    pub sign_key: Vec<PathBuf>,
    /// How it gets there.
    #[command(flatten)]
    pub transport: PlaceArgs,
}

/// `longshore plugin pull`.
#[derive(Args, Debug)]
pub struct PullArgs {
    /// Where from: oci://REGISTRY/REPOSITORY:TAG, https:// or file://
    #[arg(value_name = "REFERENCE")]
    pub reference: String,
    /// The file; one of the repository's name when not given
    #[arg(short, long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Refuse it unless this public key, or another one that is given, signed it; repeatable
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,
    /// How it is fetched.
    #[command(flatten)]
    pub transport: TransportArgs,
}

/// How a registry is spoken to.
#[derive(Args, Clone, Debug, Default)]
pub struct PlaceArgs {
    /// Speak http to the registry; to this machine that is done anyway
    #[arg(long)]
    pub plain_http: bool,
    /// Certificates in PEM form that are trusted besides the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}
