//! Pulling from and pushing to registries.

use std::collections::BTreeMap;
use std::path::Path;

use axum::body::Bytes;
use longshore_artifact::{
    CONFIG_MEDIA_TYPE, CredentialFiles, Digest, Fetcher, LAYER_MEDIA_TYPE, Options, Package, PackageKind,
    Reference,
};
use serde_json::{Value, json};

use crate::registry::{FakeRegistry, Lock};
use crate::{FILE, fetch, options, refused};

const LOGGED_IN: &str = r#"{"auths": {"REGISTRY": {"auth": "bWU6c2VjcmV0"}}}"#;
const SAVED_TOKEN: &str = r#"{"auths": {"REGISTRY": {"identitytoken": "refresh-me"}}}"#;

/// Options with this credential file for `registry`.
fn with_credentials(registry: &FakeRegistry, folder: &Path, file: &str) -> Options {
    let path = folder.join("config.json");
    std::fs::write(&path, file.replace("REGISTRY", &format!("127.0.0.1:{}", registry.port))).unwrap();
    Options { credentials: CredentialFiles::of([path]), ..options(None) }
}

fn package() -> Package {
    Package {
        bytes: FILE.to_vec(),
        kind: PackageKind::Component {
            exports: vec!["longshore:scheduler/filter@0.1.0".into()],
            imports: vec!["longshore:scheduler/log@0.1.0".into()],
            target: None,
        },
        annotations: BTreeMap::from([("org.opencontainers.image.title".into(), "zonepack".into())]),
        created: Some("2026-11-20T10:00:00Z".into()),
        author: None,
    }
}

async fn push(registry: &FakeRegistry, options: Options, tail: &str) -> Result<Digest, String> {
    let reference = Reference::parse(&registry.image(tail)).unwrap();
    Fetcher::new(options).push(&reference, &package()).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_tag_is_pinned_by_the_digest_of_the_file() {
    let registry = FakeRegistry::start(Lock::Open).await;
    for kind in [LAYER_MEDIA_TYPE].into_iter().chain(longshore_artifact::OLDER_LAYER_MEDIA_TYPES) {
        let manifest = registry.put(FILE, kind);
        let fetched = fetch(&Fetcher::new(options(None)), &registry.image(":1"), Some(FILE)).await.unwrap();
        assert_eq!(fetched.bytes, FILE);
        assert_eq!(fetched.resolved, Some(registry.image(&format!("@{manifest}"))));
    }
}

#[tokio::test]
async fn an_image_by_its_digest_is_pinned() {
    let registry = FakeRegistry::start(Lock::Token).await;
    let manifest = registry.put(FILE, LAYER_MEDIA_TYPE);
    let image = registry.image(&format!(":moved@{manifest}"));
    let fetched = fetch(&Fetcher::new(options(None)), &image, None).await.unwrap();
    assert_eq!((fetched.bytes.as_slice(), fetched.digest), (FILE, Digest::of(FILE)));
}

#[tokio::test]
async fn a_registry_cannot_give_other_bytes() {
    let registry = FakeRegistry::start(Lock::Open).await;
    let manifest = registry.put(FILE, LAYER_MEDIA_TYPE);
    let fetcher = Fetcher::new(options(None));
    let (tag, pinned) = (registry.image(":1"), registry.image(&format!("@{manifest}")));

    refused(fetch(&fetcher, &tag, None).await, &["is not pinned", "or name the image by @sha256:DIGEST"]);
    refused(fetch(&fetcher, &tag, Some(b"other")).await, &["the tag was moved"]);
    let reference = Reference::parse(&tag).unwrap();
    let mixed_up = fetcher.fetch(&reference, Some(manifest)).await.map_err(|error| error.to_string());
    refused(mixed_up, &["the digest given is that of the manifest"]);

    registry.contents.lock().unwrap().blobs.insert(Digest::of(FILE).to_string(), Bytes::from_static(b"evil"));
    refused(fetch(&fetcher, &pinned, None).await, &["is not what was asked for", &Digest::of(b"evil").hex()]);
    let long = Bytes::from(vec![0; FILE.len() + 1]);
    registry.contents.lock().unwrap().blobs.insert(Digest::of(FILE).to_string(), long);
    refused(fetch(&fetcher, &pinned, None).await, &["larger than"]);

    registry.contents.lock().unwrap().manifests.insert(manifest.to_string(), Bytes::from_static(b"{}"));
    refused(fetch(&fetcher, &pinned, None).await, &["is not what was asked for"]);
    let endless = Bytes::from(vec![b' '; 5 << 20]);
    registry.contents.lock().unwrap().manifests.insert("1".into(), endless);
    refused(fetch(&fetcher, &tag, Some(FILE)).await, &["larger than"]);
}

#[tokio::test]
async fn what_is_no_wasm_artifact_is_named() {
    let registry = FakeRegistry::start(Lock::Open).await;
    let fetcher = Fetcher::new(options(None));
    let image = registry.image(":1");
    refused(fetch(&fetcher, &image, Some(FILE)).await, &["answered 404", "check the name and the version"]);
    registry.put(FILE, "application/vnd.oci.image.layer.v1.tar+gzip");
    refused(fetch(&fetcher, &image, Some(FILE)).await, &["is it a container image?"]);
    registry.put(&vec![0; 5000], LAYER_MEDIA_TYPE);
    refused(fetch(&fetcher, &image, Some(&[0; 5000])).await, &["larger than 4096 bytes"]);
    registry.put_manifest(&json!({"schemaVersion": 2, "manifests": []}));
    refused(fetch(&fetcher, &image, Some(FILE)).await, &["an index of several images"]);
}

#[tokio::test]
async fn a_restart_needs_no_registry() {
    let folder = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start(Lock::Open).await;
    let manifest = registry.put(FILE, LAYER_MEDIA_TYPE);
    let (tag, pinned) = (registry.image(":1"), registry.image(&format!("@{manifest}")));
    let first = fetch(&Fetcher::new(options(Some(folder.path()))), &pinned, None).await.unwrap();
    let asked = registry.requests();
    let fetcher = Fetcher::new(options(Some(folder.path())));
    let second = fetch(&fetcher, &pinned, None).await.unwrap();
    assert_eq!((second.bytes, second.resolved, second.from_cache), (first.bytes, first.resolved, true));
    assert!(fetch(&fetcher, &tag, Some(FILE)).await.unwrap().from_cache);
    assert_eq!(registry.requests(), asked);
}

#[tokio::test]
async fn credentials_are_used_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start(Lock::Basic).await;
    registry.put(FILE, LAYER_MEDIA_TYPE);
    let image = registry.image(":1");
    refused(
        fetch(&Fetcher::new(options(None)), &image, Some(FILE)).await,
        &["refuses anonymous access", "docker login"],
    );
    let known = with_credentials(&registry, folder.path(), LOGGED_IN);
    assert_eq!(fetch(&Fetcher::new(known), &image, Some(FILE)).await.unwrap().bytes, FILE);
    let wrong =
        with_credentials(&registry, folder.path(), &LOGGED_IN.replace("bWU6c2VjcmV0", "bWU6d3Jvbmc="));
    refused(
        fetch(&Fetcher::new(wrong), &image, Some(FILE)).await,
        &["refuses these credentials: status 401"],
    );
}

#[tokio::test]
async fn a_push_can_be_pulled_by_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    for (lock, file) in
        [(Lock::Open, "{}"), (Lock::Basic, LOGGED_IN), (Lock::Token, LOGGED_IN), (Lock::Token, SAVED_TOKEN)]
    {
        let registry = FakeRegistry::start(lock).await;
        let known = with_credentials(&registry, folder.path(), file);
        let digest = push(&registry, known.clone(), ":1.2").await.unwrap();
        assert_eq!(
            push(&registry, known.clone(), ":again").await,
            Ok(digest),
            "the same package has one digest"
        );
        let pulled = fetch(&Fetcher::new(known), &registry.image(&format!("@{digest}")), None).await.unwrap();
        assert_eq!(pulled.bytes, FILE);
    }
}

#[tokio::test]
async fn a_push_has_the_common_layout() {
    let registry = FakeRegistry::start(Lock::Open).await;
    push(&registry, options(None), ":1.2").await.unwrap();
    let contents = registry.contents.lock().unwrap();
    let manifest: Value = serde_json::from_slice(&contents.manifests["1.2"]).unwrap();
    assert_eq!(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(manifest["annotations"], json!({"org.opencontainers.image.title": "zonepack"}));
    assert_eq!(manifest["config"]["mediaType"], CONFIG_MEDIA_TYPE);
    let file = Digest::of(FILE).to_string();
    assert_eq!(
        manifest["layers"],
        json!([{"mediaType": "application/wasm", "digest": file, "size": FILE.len()}])
    );
    let config: Value =
        serde_json::from_slice(&contents.blobs[manifest["config"]["digest"].as_str().unwrap()]).unwrap();
    let expected = json!({
        "created": "2026-11-20T10:00:00Z",
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [file],
        "component": {
            "exports": ["longshore:scheduler/filter@0.1.0"],
            "imports": ["longshore:scheduler/log@0.1.0"],
            "target": null,
        },
    });
    assert_eq!(config, expected);
}

#[tokio::test]
async fn a_push_that_is_refused_says_why() {
    let registry = FakeRegistry::start(Lock::Token).await;
    let refusal = push(&registry, options(None), ":1").await.unwrap_err();
    assert!(refusal.contains("refuses anonymous access: status 401"), "{refusal}");
    let by_digest = push(&registry, options(None), &format!("@{}", Digest::of(FILE))).await.unwrap_err();
    assert!(by_digest.contains("name the upload by a tag"), "{by_digest}");
    let file = Fetcher::new(options(None)).push(&Reference::path("/tmp/a"), &package()).await.unwrap_err();
    assert!(file.to_string().contains("only a registry takes uploads"), "{file}");
}
