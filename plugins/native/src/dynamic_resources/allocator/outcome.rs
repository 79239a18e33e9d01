//! What was found, as claims hold it.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::{DeviceNodes, SliceNodes};
use longshore_framework::node::Node;
use longshore_framework::node_selector::{NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm};
use longshore_framework::resource_claim::{
    AllocatedConfig, AllocatedDevice, Allocation, ClaimConfig, ConfigSource,
};

use super::plan::{Choice, Plan, Request, Spot, broken};
use super::pool::Place;
use super::search::{Chosen, Found};
use super::{AllocationError, Claim};

/// An allocation for each claim.
pub(super) fn allocations(
    node: &Node,
    claims: &[Claim<'_>],
    plan: &Plan<'_>,
    (found, lists_once): (&Found, bool),
) -> Result<Vec<Allocation>, AllocationError> {
    let each = claims.iter().zip(&plan.claims).zip(found.devices.iter().zip(&found.options));
    each.map(|((claim, (_, requests)), (chosen, options))| {
        let devices = chosen.iter().filter_map(|chosen| device(plan, requests, chosen)).collect();
        let places = chosen.iter().filter_map(|chosen| place(plan, chosen.spot));
        let node_selector = node_selector(places, node)?;
        let picked: Vec<&Choice<'_>> =
            requests.iter().zip(options).filter_map(|(request, at)| request.options.get(*at)).collect();
        let mut config = of_classes(&picked);
        config.extend(claim.spec.config.iter().flat_map(|config| of_claim(config, &picked, lists_once)));
        if lists_once {
            config
                .iter_mut()
                .filter(|config| is_of_all(config, &picked))
                .for_each(|config| config.requests.clear());
        }
        Ok(Allocation { devices, config, node_selector })
    })
    .collect()
}

fn place<'a>(plan: &Plan<'a>, spot: Spot) -> Option<Place<'a>> {
    let pools = plan.pools;
    pools.get(spot.pool)?.place(spot.device)
}

fn device(plan: &Plan<'_>, requests: &[Request<'_>], chosen: &Chosen) -> Option<AllocatedDevice> {
    let option = requests.get(chosen.request)?.options.get(chosen.option)?;
    let Place { device, slice, .. } = place(plan, chosen.spot)?;
    Some(AllocatedDevice {
        request: option.full_name(),
        driver: slice.published.driver.clone(),
        pool: slice.published.pool.clone(),
        device: device.name.clone(),
        admin: option.wish.admin,
        tolerations: Arc::clone(&option.wish.tolerations),
        share: chosen.share.as_ref().map(|_| "".into()),
        consumed: chosen.share.clone().unwrap_or_default(),
        binding_conditions: device.binding_conditions.clone(),
        binding_failure_conditions: Arc::clone(&device.binding_failure_conditions),
    })
}

/// What each class says, once, with the requests that have it.
fn of_classes(picked: &[&Choice<'_>]) -> Vec<AllocatedConfig> {
    let mut config: Vec<AllocatedConfig> = Vec::new();
    for (at, choice) in picked.iter().enumerate() {
        let before = &picked[..at];
        if before.iter().any(|other| other.class.name == choice.class.name) {
            continue;
        }
        let alike = picked[at..].iter().filter(|other| other.class.name == choice.class.name);
        let requests: Vec<Str> = alike.map(|other| other.full_name()).collect();
        config.extend(choice.class.config.iter().map(|said| AllocatedConfig {
            source: ConfigSource::Class,
            requests: requests.clone(),
            config: said.clone(),
        }));
    }
    config
}

/// What the claim says of its requests: once if of all, else once for each that it is said of, or `once` for all of them.
fn of_claim<'a>(
    config: &'a ClaimConfig,
    picked: &'a [&Choice<'_>],
    once: bool,
) -> impl Iterator<Item = AllocatedConfig> + 'a {
    let meant = || picked.iter().filter(|choice| names(&config.requests, choice)).count();
    let most = if once { 1 } else { usize::MAX };
    let times = if config.requests.is_empty() { 1 } else { meant().min(most) };
    std::iter::repeat_n(config, times).map(|config| AllocatedConfig {
        source: ConfigSource::Claim,
        requests: config.requests.clone(),
        config: config.config.clone(),
    })
}

/// Whether a list of requests has this one, or the alternative that was taken of it.
fn names(requests: &[Str], choice: &Choice<'_>) -> bool {
    requests.contains(choice.request) || requests.contains(&choice.full_name())
}

fn is_of_all(config: &AllocatedConfig, picked: &[&Choice<'_>]) -> bool {
    picked.iter().all(|choice| names(&config.requests, choice))
}

/// The nodes from which all the devices can be used.
fn node_selector<'a>(
    places: impl Iterator<Item = Place<'a>>,
    node: &Node,
) -> Result<Option<Arc<NodeSelector>>, AllocationError> {
    let mut merged = NodeSelectorTerm::default();
    for place in places {
        let nodes = match &place.slice.published.nodes {
            SliceNodes::Of(nodes) => Some(nodes),
            SliceNodes::PerDevice => place.device.nodes.as_ref(),
            SliceNodes::Unknown => None,
        };
        match nodes {
            _ if place.device.binds_to_node => return Ok(Some(only(node))),
            Some(DeviceNodes::Named(_)) => return Ok(Some(only(node))),
            Some(DeviceNodes::Selector(selector)) => match selector.terms.as_slice() {
                [] => {}
                [term] => {
                    add(&mut merged.fields, &term.fields);
                    add(&mut merged.expressions, &term.expressions);
                }
                terms => {
                    let many = terms.len();
                    return Err(broken(format!("unsupported ResourceSlice.NodeSelector with {many} terms")));
                }
            },
            Some(DeviceNodes::All) | None => {}
        }
    }
    Ok((!merged.is_empty()).then(|| Arc::new(NodeSelector { terms: vec![merged] })))
}

fn only(node: &Node) -> Arc<NodeSelector> {
    let name = NodeRequirement {
        key: "metadata.name".into(),
        operator: NodeOperator::In,
        values: vec![node.name.clone()],
    };
    Arc::new(NodeSelector { terms: vec![NodeSelectorTerm { expressions: Vec::new(), fields: vec![name] }] })
}

fn add(merged: &mut Vec<NodeRequirement>, more: &[NodeRequirement]) {
    for requirement in more {
        if !merged.contains(requirement) {
            merged.push(requirement.clone());
        }
    }
}
