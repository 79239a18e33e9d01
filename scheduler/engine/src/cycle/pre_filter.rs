//! PreFilter: what can be said of the pod without looking at one node.

use std::collections::BTreeSet;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::plugin::PreFilter;
use longshore_framework::pod::Pod;
use longshore_framework::profile::PluginId;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, RejectCode, Rejection};

use super::state::CycleState;
use super::{Diagnosis, Evaluator};
use crate::meter::{ExtensionPoint, Status};

/// The nodes that PreFilter left: `None` for all.
pub(super) type NodeNames = Option<BTreeSet<Str>>;

fn reject_everywhere(diagnosis: &mut Diagnosis, plugin: PluginId, rejection: Rejection) {
    diagnosis.blame(plugin, rejection.code);
    diagnosis.absent = Some(rejection.clone());
    diagnosis.pre_filter = Some((Some(plugin), rejection));
}

impl<'a> Evaluator<'a> {
    /// Asks every plugin, and tells the meter of it.
    pub(super) fn pre_filter(
        &self,
        state: &mut CycleState,
        diagnosis: &mut Diagnosis,
    ) -> Result<NodeNames, String> {
        let began = self.watch.start();
        let names = self.ask_pre_filters(state, diagnosis);
        let status = match &diagnosis.pre_filter {
            Some((_, rejection)) => rejection.code.into(),
            None => Status::of(&names),
        };
        self.watch.point(ExtensionPoint::PreFilter, status, began);
        names
    }

    /// A rejection that evictions may resolve does not end the stage, because preemption needs what
    /// the later plugins compute; the last such rejection stands. A final one ends it.
    fn ask_pre_filters(
        &self,
        state: &mut CycleState,
        diagnosis: &mut Diagnosis,
    ) -> Result<NodeNames, String> {
        let mut nodes = NodeNames::None;
        let mut restricting = Vec::new();
        let mut rejected: Option<(PluginId, Rejection)> = None;
        for (id, plugin) in self.pre_filters() {
            let began = self.watch.start_plugin();
            let verdict = state.change(id, |own| plugin.pre_filter(self.cycle(), own));
            self.watch.plugin(id, ExtensionPoint::PreFilter, status_of(&verdict), began);
            let verdict = verdict.map_err(|e| self.broken(Stage::PreFilter, id, &e))?;
            if verdict != PreFilterVerdict::Skip {
                self.watch.evaluated(id, Stage::PreFilter, 1);
            }
            match verdict {
                PreFilterVerdict::Pass(None) => {}
                PreFilterVerdict::Skip => state.skip_filter(id),
                PreFilterVerdict::Pass(Some(names)) => {
                    restricting.push(id);
                    nodes = intersect(nodes, names);
                    if nodes.as_ref().is_some_and(BTreeSet::is_empty) {
                        self.no_node_left(&restricting, diagnosis);
                        return Ok(None);
                    }
                }
                PreFilterVerdict::Reject(rejection) if rejection.code == RejectCode::Pending => {
                    let error = PluginError::new(rejection.message());
                    return Err(self.broken(Stage::PreFilter, id, &error));
                }
                PreFilterVerdict::Reject(rejection) => {
                    let last = rejection.code == RejectCode::UnschedulableAndUnresolvable;
                    rejected = Some((id, rejection));
                    if last {
                        break;
                    }
                }
            }
        }
        let is_final = |(_, r): &(PluginId, Rejection)| r.code == RejectCode::UnschedulableAndUnresolvable;
        if !rejected.as_ref().is_some_and(is_final) {
            for id in restricting {
                diagnosis.rejected_by.insert(id);
            }
        }
        if let Some((id, rejection)) = rejected {
            reject_everywhere(diagnosis, id, rejection);
            return Ok(None);
        }
        Ok(nodes)
    }

    fn no_node_left(&self, restricting: &[PluginId], diagnosis: &mut Diagnosis) {
        for id in restricting {
            diagnosis.rejected_by.insert(*id);
        }
        let reason = match restricting {
            [only] => format!("node(s) didn't satisfy plugin {}", self.profile.name(*only)),
            _ => {
                let names = diagnosis.rejected_by.sorted_names(self.profile);
                format!("node(s) didn't satisfy plugin(s) [{names}] simultaneously")
            }
        };
        let rejection = Rejection::unresolvable(reason);
        diagnosis.absent = Some(rejection.clone());
        diagnosis.pre_filter = Some((None, rejection));
    }

    /// Tells every plugin that takes part in the cycle that `pod` is now on the node (`added`) or off it. `state`
    /// belongs to a hypothesis.
    pub(crate) fn move_pod(
        &self,
        state: &mut CycleState,
        pod: &Pod,
        slot: Slot,
        added: bool,
    ) -> Result<(), String> {
        for (id, plugin) in self.pre_filters() {
            if state.skips_filter(id) {
                continue;
            }
            let of = state.of_mut(id);
            let moved = if added {
                plugin.add_pod(self.cycle(), of, pod, slot)
            } else {
                plugin.remove_pod(self.cycle(), of, pod, slot)
            };
            moved.map_err(|e| self.broken(Stage::PreFilter, id, &e))?;
        }
        Ok(())
    }

    fn pre_filters(&self) -> impl Iterator<Item = (PluginId, &'a Arc<dyn PreFilter>)> + use<'a> {
        self.profile.at(Stage::PreFilter, |i| i.pre_filter.as_ref())
    }
}

fn status_of(verdict: &Result<PreFilterVerdict, PluginError>) -> Status {
    match verdict {
        Ok(PreFilterVerdict::Pass(_)) => Status::Success,
        Ok(PreFilterVerdict::Skip) => Status::Skip,
        Ok(PreFilterVerdict::Reject(rejection)) => rejection.code.into(),
        Err(_) => Status::Error,
    }
}

fn intersect(nodes: NodeNames, names: Vec<Str>) -> NodeNames {
    let names: BTreeSet<Str> = names.into_iter().collect();
    Some(match nodes {
        None => names,
        Some(have) => have.intersection(&names).cloned().collect(),
    })
}
