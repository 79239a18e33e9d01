//! Which pods are shown, and how.

use clap::{Args, ValueEnum};
use longshore_framework::labels::LabelSelector;

use crate::selector;

/// Which pods are shown. All are decided all the same.
#[derive(Args, Clone, Debug, Default)]
pub struct SelectionArgs {
    /// Show only pods of this namespace
    #[arg(short, long, value_name = "NAME", help_heading = "Shown")]
    pub namespace: Option<String>,
    /// Show pods of all namespaces, which is so anyway
    #[arg(short = 'A', long, conflicts_with = "namespace", help_heading = "Shown")]
    pub all_namespaces: bool,
    /// Show only pods with these labels, such as app=web,tier!=db,env in (a,b)
    #[arg(short = 'l', long, value_name = "SELECTOR", value_parser = selector::parse, help_heading = "Shown")]
    pub selector: Option<LabelSelector>,
    /// Show nodes, or workloads, in place of pods
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Shown")]
    pub by: Option<By>,
}

/// Values of `--by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// A line for each node: how full it is, and the pods that come to it
    Node,
    /// A line for each workload: its pods that run, that are placed and that are pending
    Owner,
}
