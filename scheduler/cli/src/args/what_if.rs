//! Changes of the cluster that are asked about. Each flag names its heading itself, so that none after it is put there, too.

use clap::Args;
use longshore_manifest::{AddNodes, Scale, WhatIf};

/// What if the cluster were otherwise?
#[derive(Args, Clone, Debug, Default)]
pub struct WhatIfArgs {
    /// A workload with another number of replicas, such as web=5, shop/web=5 or deployment/web=5; repeatable
    #[arg(long, value_name = "NAME=N", value_parser = Scale::parse, help_heading = "What if")]
    pub replicas: Vec<Scale>,
    /// So many more nodes like the one of --like, with the pods of DaemonSets that it has; repeatable together with it
    #[arg(long, value_name = "N", requires = "like", help_heading = "What if")]
    pub add_nodes: Vec<u32>,
    /// The node that the nodes of --add-nodes are like
    #[arg(long, value_name = "NODE", requires = "add_nodes", help_heading = "What if")]
    pub like: Vec<String>,
    /// Without this node: its pods are made anew by their owners; repeatable
    #[arg(long, value_name = "NODE", help_heading = "What if")]
    pub remove_node: Vec<String>,
}

impl WhatIfArgs {
    /// Whether nothing is changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.replicas.is_empty() && self.add_nodes.is_empty() && self.remove_node.is_empty()
    }

    /// The changes; nothing when --add-nodes and --like do not go together.
    pub(crate) fn changes(&self) -> Option<WhatIf> {
        let adds = self.add_nodes.iter().zip(&self.like);
        let add = |(count, like): (&u32, &String)| AddNodes {
            count: usize::try_from(*count).unwrap_or(usize::MAX),
            like: like.clone(),
        };
        (self.add_nodes.len() == self.like.len()).then(|| WhatIf {
            replicas: self.replicas.clone(),
            add_nodes: adds.map(add).collect(),
            remove_nodes: self.remove_node.clone(),
        })
    }
}
