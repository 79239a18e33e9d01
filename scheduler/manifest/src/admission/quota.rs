//! ResourceQuotas: what the pods of a namespace may ask for together.

mod claims;
mod scope;
mod usage;

use std::collections::BTreeMap;

use longshore_framework::Str;
use longshore_framework::resources::ResourceList;

pub(super) use claims::of_claim;

use super::refused::Refused;
use super::shown::listed;
use crate::meta;
use crate::wire::admission::{ResourceQuota, ScopeRequirement};
use crate::wire::pod::Pod;

/// The quotas of all namespaces.
#[derive(Debug, Default)]
pub(super) struct Quotas(BTreeMap<Str, Vec<Quota>>);

/// One of them.
#[derive(Debug)]
struct Quota {
    name: Str,
    scopes: Vec<ScopeRequirement>,
    /// What may be used, of the resources that are of pods or of claims for devices.
    hard: ResourceList,
    used: ResourceList,
    /// Whether the quota's controller has counted the pods that exist.
    counted: bool,
}

/// What a pod takes of which quotas.
#[derive(Clone, Debug, Default)]
pub(crate) struct Charge {
    namespace: Str,
    /// Places in the namespace's list.
    quotas: Vec<usize>,
    usage: ResourceList,
}

impl Quotas {
    /// Takes a quota: its limits and what is used of them as its status says, or else as its spec says and nothing.
    pub(super) fn add(&mut self, written: ResourceQuota) {
        let counted = !written.status.hard.is_empty();
        let hard = if counted { &written.status.hard } else { &written.spec.hard };
        let counted_here =
            |(name, _): &(&Str, &crate::wire::Amount)| usage::is_of_pods(name) || claims::is_of_claims(name);
        let amounts = |from: &crate::wire::Amounts| -> ResourceList {
            from.iter().filter(counted_here).map(|(name, amount)| (name.clone(), amount.0)).collect()
        };
        let (hard, used) = (amounts(hard), amounts(&written.status.used));
        if hard.is_empty() {
            return;
        }
        let quota = Quota {
            name: written.metadata.name.clone(),
            scopes: scope::all(written.spec),
            hard,
            used,
            counted,
        };
        let here = self.0.entry(meta::namespace(&written.metadata)).or_default();
        here.push(quota);
        here.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Counts a pod that exists where nobody has counted it.
    pub(super) fn note(&mut self, pod: &Pod) {
        let Some(quotas) = self.0.get_mut(&meta::namespace(&pod.metadata)) else { return };
        for quota in quotas.iter_mut().filter(|q| !q.counted && q.concerns(pod)) {
            quota.used.add(&usage::of(pod));
        }
    }

    /// Counts a claim for devices that exists where nobody has counted it.
    pub(super) fn note_claim(&mut self, namespace: &Str, usage: &ResourceList) {
        let quotas = self.0.get_mut(namespace).into_iter().flatten();
        quotas.filter(|q| !q.counted && q.scopes.is_empty()).for_each(|q| q.used.add(usage));
    }

    /// Takes one claim for devices off all quotas, or off none. Scopes are of pods: a quota that has any speaks of no claim.
    pub(super) fn charge_claim(&mut self, namespace: &Str, usage: &ResourceList) -> Result<(), Refused> {
        let Some(quotas) = self.0.get_mut(namespace) else { return Ok(()) };
        let concerned = |q: &&mut Quota| q.scopes.is_empty();
        quotas.iter_mut().filter(concerned).try_for_each(|q| q.allows(usage))?;
        quotas.iter_mut().filter(concerned).for_each(|q| q.used.add(usage));
        Ok(())
    }

    /// What a pod like this one takes, unless a quota wants it to say more.
    pub(super) fn charge_of(&self, pod: &Pod) -> Result<Charge, Refused> {
        let namespace = meta::namespace(&pod.metadata);
        let Some(quotas) = self.0.get(&namespace) else { return Ok(Charge::default()) };
        let mut concerned = Vec::new();
        for (at, quota) in quotas.iter().enumerate().filter(|(_, q)| q.concerns(pod)) {
            if let Some(lacking) = usage::lacking(&quota.hard, &pod.spec) {
                return Err(Refused(format!("failed quota: {}: must specify {lacking}", quota.name)));
            }
            concerned.push(at);
        }
        let usage = if concerned.is_empty() { ResourceList::default() } else { usage::of(pod) };
        Ok(Charge { namespace, quotas: concerned, usage })
    }

    /// Takes one such pod off all quotas, or off none.
    pub(super) fn charge(&mut self, charge: &Charge) -> Result<(), Refused> {
        let Some(quotas) = self.0.get_mut(&charge.namespace) else { return Ok(()) };
        charge.quotas.iter().try_for_each(|at| quotas[*at].allows(&charge.usage))?;
        charge.quotas.iter().for_each(|at| quotas[*at].used.add(&charge.usage));
        Ok(())
    }
}

impl Quota {
    fn concerns(&self, pod: &Pod) -> bool {
        self.scopes.iter().all(|s| scope::matches(s, pod))
    }

    fn allows(&self, usage: &ResourceList) -> Result<(), Refused> {
        let (mut requested, mut used, mut limited) =
            (ResourceList::default(), ResourceList::default(), ResourceList::default());
        for (name, hard) in self.hard.iter() {
            let Some(asked) = usage.get(name).filter(|q| !q.is_zero()) else { continue };
            let have = self.used.get(name).unwrap_or_default();
            let mut total = have;
            total += asked;
            if total > hard {
                for (list, amount) in [(&mut requested, asked), (&mut used, have), (&mut limited, hard)] {
                    list.set(name, amount);
                }
            }
        }
        if limited.is_empty() {
            return Ok(());
        }
        let (requested, used, limited) = (listed(&requested), listed(&used), listed(&limited));
        let name = &self.name;
        Err(Refused(format!(
            "exceeded quota: {name}, requested: {requested}, used: {used}, limited: {limited}"
        )))
    }
}
