//! What is put into a registry: the wasm file and what is said about it.

use std::collections::BTreeMap;

use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use serde_json::{Value, json};

use crate::digest::Digest;

/// The type of the config of a wasm artifact.
pub const CONFIG_MEDIA_TYPE: &str = "application/vnd.wasm.config.v0+json";
/// The type of its one layer.
pub const LAYER_MEDIA_TYPE: &str = "application/wasm";
/// The type of a layer that is the index of a catalogue.
pub(crate) const CATALOGUE_MEDIA_TYPE: &str = "application/vnd.longshore.catalogue.v1+json";
/// What the layer was called before there was a common layout; read, not written.
pub const OLDER_LAYER_MEDIA_TYPES: [&str; 2] =
    ["application/vnd.wasm.content.layer.v1+wasm", "application/vnd.module.wasm.content.layer.v1+wasm"];

/// A wasm file and what is said about it.
#[derive(Clone, Debug)]
pub struct Package {
    /// The wasm file.
    pub bytes: Vec<u8>,
    /// Component or core module.
    pub kind: PackageKind,
    /// Annotations of the manifest, such as `org.opencontainers.image.version`.
    pub annotations: BTreeMap<String, String>,
    /// When it was made, in RFC 3339 (`2026-11-20T10:00:00Z`). The same package with the same time has the same digest;
    /// `None` writes the Unix epoch.
    pub created: Option<String>,
    /// Who made it.
    pub author: Option<String>,
}

/// What a wasm file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackageKind {
    /// A component, with the interfaces it has, such as `longshore:scheduler/filter@0.1.0`.
    Component {
        /// What it exports.
        exports: Vec<String>,
        /// What it imports.
        imports: Vec<String>,
        /// The world it was built for, such as `longshore:scheduler/plugin@0.1.0`.
        target: Option<String>,
    },
    /// A core module.
    Module,
}

impl Package {
    /// The config of the artifact.
    pub(crate) fn config(&self) -> Vec<u8> {
        let (os, component) = match &self.kind {
            PackageKind::Component { exports, imports, target } => {
                ("wasip2", json!({"exports": exports, "imports": imports, "target": target}))
            }
            PackageKind::Module => ("wasip1", Value::Null),
        };
        let mut config = json!({
            "created": self.created.as_deref().unwrap_or("1970-01-01T00:00:00Z"),
            "architecture": "wasm",
            "os": os,
            "layerDigests": [Digest::of(&self.bytes).to_string()],
        });
        if let Some(fields) = config.as_object_mut() {
            if !component.is_null() {
                fields.insert("component".into(), component);
            }
            if let Some(author) = &self.author {
                fields.insert("author".into(), author.as_str().into());
            }
        }
        config.to_string().into_bytes()
    }

    /// The manifest over `config` and the file.
    pub(crate) fn manifest(&self, config: &[u8]) -> OciImageManifest {
        let describe = |media_type: &str, bytes: &[u8]| OciDescriptor {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes).to_string(),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            ..OciDescriptor::default()
        };
        OciImageManifest {
            media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
            config: describe(CONFIG_MEDIA_TYPE, config),
            layers: vec![describe(LAYER_MEDIA_TYPE, &self.bytes)],
            annotations: (!self.annotations.is_empty()).then(|| self.annotations.clone()),
            ..OciImageManifest::default()
        }
    }
}
