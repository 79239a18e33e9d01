//! Which layer of an image is the wasm file.

use oci_client::manifest::OciImageManifest;
use serde_json::Value;

use super::package::{CATALOGUE_MEDIA_TYPE, LAYER_MEDIA_TYPE, OLDER_LAYER_MEDIA_TYPES};
use crate::digest::Digest;
use crate::error::Problem;

/// What is asked for. An index is accepted only to be refused with better words than "not found".
pub(super) const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json";

/// The layer that is the wasm file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) digest: Digest,
    pub(super) size: usize,
}

/// Finds it: exactly one layer, of one of the known types. The config is not looked at: tools differ in it.
pub(super) fn layer(manifest: &[u8]) -> Result<Layer, Problem> {
    let wrong = |why: String| Problem::NotWasm(why);
    let value: Value =
        serde_json::from_slice(manifest).map_err(|error| wrong(format!("the manifest: {error}")))?;
    if value.get("manifests").is_some() {
        return Err(wrong("it is an index of several images; name one of them by @sha256:DIGEST".into()));
    }
    let manifest: OciImageManifest =
        serde_json::from_value(value).map_err(|error| wrong(format!("the manifest: {error}")))?;
    let [layer] = manifest.layers.as_slice() else {
        let count = manifest.layers.len();
        return Err(wrong(format!(
            "it has {count} layers in place of one; push it with `longshore plugin push`"
        )));
    };
    let kind = layer.media_type.as_str();
    if ![LAYER_MEDIA_TYPE, CATALOGUE_MEDIA_TYPE].contains(&kind) && !OLDER_LAYER_MEDIA_TYPES.contains(&kind) {
        return Err(wrong(format!(
            "its layer is {kind:?} in place of {LAYER_MEDIA_TYPE:?}; is it a container image?"
        )));
    }
    let digest = layer.digest.parse().map_err(|error| wrong(format!("its layer: {error}")))?;
    let size =
        usize::try_from(layer.size).map_err(|_| wrong(format!("its layer's size is {}", layer.size)))?;
    Ok(Layer { digest, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn manifest(layers: &[(&str, &str, i64)]) -> String {
        let layers: Vec<Value> = layers
            .iter()
            .map(
                |(kind, digest, size)| serde_json::json!({"mediaType": kind, "digest": digest, "size": size}),
            )
            .collect();
        let config = serde_json::json!({"mediaType": "application/vnd.wasm.config.v0+json", "digest": DIGEST, "size": 2});
        serde_json::json!({"schemaVersion": 2, "config": config, "layers": layers}).to_string()
    }

    /// `expected`: the layer's size, or a piece of the error.
    #[track_caller]
    fn check(manifest: &str, expected: Result<usize, &str>) {
        match (layer(manifest.as_bytes()), expected) {
            (Ok(layer), Ok(size)) => {
                assert_eq!((layer.digest.to_string().as_str(), layer.size), (DIGEST, size))
            }
            (Err(problem), Err(piece)) => assert!(problem.to_string().contains(piece), "{problem}"),
            (got, expected) => panic!("got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn one_layer_of_wasm_is_an_artifact() {
        check(&manifest(&[("application/wasm", DIGEST, 17)]), Ok(17));
        check(&manifest(&[("application/vnd.wasm.content.layer.v1+wasm", DIGEST, 0)]), Ok(0));
        check(&manifest(&[("application/vnd.module.wasm.content.layer.v1+wasm", DIGEST, 1)]), Ok(1));
    }

    #[test]
    fn all_else_is_refused_with_the_reason() {
        check(&manifest(&[]), Err("0 layers"));
        check(
            &manifest(&[("application/wasm", DIGEST, 1), ("application/wasm", DIGEST, 1)]),
            Err("2 layers"),
        );
        check(
            &manifest(&[("application/vnd.oci.image.layer.v1.tar+gzip", DIGEST, 1)]),
            Err("is it a container image?"),
        );
        check(&manifest(&[("application/wasm", "sha256:12", 1)]), Err("is not a SHA-256"));
        check(&manifest(&[("application/wasm", DIGEST, -1)]), Err("size is -1"));
        check(r#"{"schemaVersion":2,"manifests":[]}"#, Err("an index of several images"));
        check("<html>", Err("the manifest: expected value"));
        check("{}", Err("missing field"));
    }
}
