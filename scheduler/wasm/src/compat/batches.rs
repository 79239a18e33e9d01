//! Many nodes, in batches.
//!
//! The SDK of kube-scheduler-wasm-extension keeps every node that it was asked about until the next `prefilter`, decoded, in a
//! list that it searches from the front: the time for one node and the memory for all grow with the number of nodes. So the
//! pod's own instance is asked about the first nodes only, and the others are asked about on an instance beside it, which
//! begins the pod's cycle anew for each batch.
//!
//! ```text
//! the pod's own instance   prefilter ─ filter × 256 ─ prescore ─ score × 256 ─ normalizescore ─ reserve ...
//! the one beside it        (prefilter ─ filter × 256) ...      (prefilter ─ filter ─ prescore ─ score × 256) ...
//! ```
//!
//! What a guest keeps of `prefilter` and `prescore` is there in each batch. Nodes know nothing of each other, as in
//! kube-scheduler, where they are asked about side by side. A guest that does carry something from one node to the next is found
//! out: the first time all nodes are asked about in one go as well. Where the answers differ, or a batch fails that does not
//! fail in one go, nothing is asked in batches any more.

use std::sync::Arc;

use longshore_framework::Str;

use super::exports::Export;
use super::pool::Calls;
use crate::failure::{Failure, FailureKind};

/// Nodes of a batch.
pub(crate) const BATCH: usize = 256;

/// How one node is asked about, by its name.
pub(crate) type One<'o, T> = &'o dyn Fn(&mut Calls<'_>, &Str) -> Result<T, Failure>;

/// Asks about each node. `said` has what was said until a failure.
///
/// # Errors
/// An answer is a failure, or all of them take too long.
pub(crate) fn each<T: PartialEq>(
    calls: &mut Calls<'_>,
    export: Export,
    nodes: &[Str],
    one: One<'_, T>,
    said: &mut Vec<T>,
) -> Result<(), Failure> {
    let (own, rest) = nodes.split_at(nodes.len().min(BATCH));
    one_go(calls, own, one, said)?;
    if rest.is_empty() || !calls.may_ask_beside() {
        return one_go(calls, rest, one, said);
    }
    let question = Question { export, first: &own[0], one };
    let batched = question.beside(calls, rest, BATCH, false);
    let good = match &batched {
        Err(failure) if failure.kind == FailureKind::Timeout => return Err(failure.clone()),
        Err(_) => false,
        Ok(batched) => question.holds(calls, nodes, batched),
    };
    match batched {
        Ok(batched) if good => {
            said.extend(batched);
            Ok(())
        }
        _ => {
            // A failure that is not of the batches comes again, and counts.
            one_go(calls, rest, one, said)?;
            found_out(calls, export);
            Ok(())
        }
    }
}

fn one_go<T>(
    calls: &mut Calls<'_>,
    nodes: &[Str],
    one: One<'_, T>,
    said: &mut Vec<T>,
) -> Result<(), Failure> {
    for node in nodes {
        said.push(one(calls, node)?);
    }
    Ok(())
}

fn found_out(calls: &Calls<'_>, export: Export) {
    if calls.manners().found_out() {
        tracing::info!(
            plugin = calls.plugin(),
            stage = export.stage(),
            "the plugin carries something from one node to the next; each of its pods is asked about all nodes in one go from now on"
        );
    }
}

/// What is asked of each node.
struct Question<'q, T> {
    export: Export,
    /// A node that was asked about already, and fits when the question is a score.
    first: &'q Str,
    one: One<'q, T>,
}

impl<T: PartialEq> Question<'_, T> {
    /// Asks in batches on an instance beside the pod's own.
    fn beside(
        &self,
        calls: &mut Calls<'_>,
        nodes: &[Str],
        batch: usize,
        muted: bool,
    ) -> Result<Vec<T>, Failure> {
        calls.beside(muted, |other| {
            let mut said = Vec::with_capacity(nodes.len());
            for nodes in nodes.chunks(batch) {
                self.begin(other)?;
                one_go(other, nodes, self.one, &mut said)?;
            }
            Ok(said)
        })
    }

    /// Tells the guest of the pod, as far as it was told already. Nothing that it says or wants counts.
    fn begin(&self, calls: &mut Calls<'_>) -> Result<(), Failure> {
        calls.again(Export::PreFilter, calls.input())?;
        if self.export == Export::Score {
            let filter = super::abi::Input { node: Arc::clone(self.first), ..calls.input() };
            calls.again(Export::Filter, filter)?;
            if let Some(asked) = calls.scoring() {
                calls.again(Export::PreScore, asked)?;
            }
        }
        Ok(())
    }

    /// Whether the answers of batches are those that all nodes in one go give; asked once. A guest that cannot do it in one
    /// go, for want of memory or time, is better asked in batches.
    fn holds(&self, calls: &mut Calls<'_>, nodes: &[Str], batched: &[T]) -> bool {
        if calls.manners().compared(self.export) {
            return true;
        }
        let left = calls.left();
        let whole = self.beside(calls, nodes, nodes.len(), true);
        calls.set_left(left);
        let same =
            whole.is_err() || whole.is_ok_and(|whole| whole[nodes.len() - batched.len()..] == *batched);
        if same {
            calls.manners().holds(self.export);
        }
        same
    }
}
