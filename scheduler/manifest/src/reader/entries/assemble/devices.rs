//! Claims for devices and their templates, when all rules are known: such as admission lets in.

use std::sync::Arc;

use longshore_framework::device::DeviceTaintRule;
use longshore_framework::features::Gate;
use longshore_framework::objects::{Namespace, Object};
use longshore_framework::resource_claim::ResourceClaim;

use crate::error::ObjectError;
use crate::expand::World;
use crate::expand::device_claims::ClaimTemplate;
use crate::identity::Identity;
use crate::kind::Kind;
use crate::reader::entries::{Entries, Place};
use crate::wire::devices as written;
use crate::wire::meta::Meta;
use crate::{meta, resource_claims};

/// The label of namespaces whose claims may have admin access.
const ADMIN_ACCESS: &str = "resource.kubernetes.io/admin-access";

/// Whether claims of the namespace may have admin access.
pub(super) fn allows_admin(namespace: &Namespace) -> bool {
    namespace.labels.get(ADMIN_ACCESS).is_some_and(|value| &**value == "true")
}

/// Takes note of a claim that is there, before any is made.
pub(super) fn note(written: &written::ResourceClaim, claim: &ResourceClaim, world: &mut World<'_>) {
    let annotations = &written.metadata.annotations;
    world.device_claims.note(&claim.namespace, &claim.name, claim.owner_uid.as_ref(), annotations);
    if !meta::is_hand_written(&written.metadata) {
        world.admission.note_claim(&claim.namespace, &written.spec.devices);
    }
}

impl Entries {
    /// A claim; one that no API server has seen has to be let in.
    pub(super) fn emit_device_claim(
        &mut self,
        place: Place,
        written: &written::ResourceClaim,
        claim: ResourceClaim,
        world: &mut World<'_>,
    ) {
        if meta::is_hand_written(&written.metadata) {
            let devices = &written.spec.devices;
            let admitted =
                self.admin(Kind::ResourceClaim, &written.metadata, devices, world).and_then(|()| {
                    let usage = world.admission.usage_of_claim(devices);
                    let charged = world.admission.charge_claim(&claim.namespace, &usage);
                    charged.map_err(|refused| ObjectError::new(refused.0))
                });
            if let Err(error) = admitted {
                return self.bad(place, Some(&Identity::read(Kind::ResourceClaim, &written.metadata)), error);
            }
        }
        world.objects.push(Object::ResourceClaim(Arc::new(claim)));
    }

    /// A rule, which may have no effect.
    pub(super) fn note_taint_rule(&mut self, rule: &DeviceTaintRule) {
        let features = self.options.features;
        if !features.enabled(Gate::DRADeviceTaintRules) {
            let minor = features.minor();
            self.warn(format!(
                "DeviceTaintRule {} has no effect: the feature gate DRADeviceTaintRules is off in Kubernetes {minor}",
                rule.name
            ));
        }
    }

    /// A template.
    pub(super) fn emit_claim_template(
        &mut self,
        place: Place,
        written: &written::ResourceClaimTemplate,
        world: &mut World<'_>,
    ) {
        let (metadata, devices) = (&written.metadata, &written.spec.spec.devices);
        let checked = match meta::is_hand_written(metadata) {
            true => self.admin(Kind::ResourceClaimTemplate, metadata, devices, world),
            false => Ok(()),
        };
        let spec = checked.and_then(|()| resource_claims::spec(devices));
        let spec = match spec {
            Ok(spec) => Arc::new(spec),
            Err(error) => {
                let identity = Identity::read(Kind::ResourceClaimTemplate, metadata);
                return self.bad(place, Some(&identity), error);
            }
        };
        let template = ClaimTemplate { spec, usage: world.admission.usage_of_claim(devices) };
        let key = (meta::namespace(metadata), metadata.name.clone());
        world.device_claims.templates.insert(key, template);
    }

    /// Whether a new claim may have the admin access that it asks for: its namespace must have the label. One that is not in
    /// the input is taken to have it.
    fn admin(
        &mut self,
        kind: Kind,
        metadata: &Meta,
        devices: &written::ClaimDevices,
        world: &World<'_>,
    ) -> Result<(), ObjectError> {
        let asks = |r: &written::Request| r.exactly.as_ref().is_some_and(|exactly| exactly.admin_access);
        let Some(at) = devices.requests.iter().position(asks) else { return Ok(()) };
        let namespace = meta::namespace(metadata);
        match world.admin_namespaces.get(&namespace) {
            Some(true) => Ok(()),
            Some(false) => {
                let path = if kind == Kind::ResourceClaim { "spec" } else { "spec.spec" };
                let field = format!("{path}.devices.requests[{at}].exactly.adminAccess");
                let message = format!(
                    "admin access needs the label {ADMIN_ACCESS}: \"true\" on Namespace {namespace}; add it there"
                );
                Err(ObjectError::of(&field, message))
            }
            None => {
                self.warn(format!(
                    "{} asks for admin access, and Namespace {namespace} is not in the input; it is taken to have the label \
                     {ADMIN_ACCESS}: \"true\"",
                    Identity::read(kind, metadata).described()
                ));
                Ok(())
            }
        }
    }
}
