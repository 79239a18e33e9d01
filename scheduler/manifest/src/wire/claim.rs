//! What a claim asks for; pods with ephemeral volumes have it as a template.

use longshore_framework::Str;

use super::meta::LabelSelector;
use super::resources::Resources;
use super::wire;

wire! {
    /// `spec` of a claim.
    struct ClaimSpec {
        storage_class_name: Option<Str>,
        volume_name: Str,
        volume_mode: Str,
        access_modes: Vec<Str>,
        resources: Resources,
        selector: Option<LabelSelector>,
        volume_attributes_class_name: Option<Str>,
    }
}
