//! Signatures of files, of what a server has and of images: who is believed, and what a hostile registry can do.

use std::collections::BTreeMap;
use std::path::Path;

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longshore_artifact::{
    Algorithm, Digest, Fetched, Fetcher, Keys, LAYER_MEDIA_TYPE, Problem, Reference, SigningKey, Untrusted,
};
use serde_json::{Value, json};

use crate::registry::{FakeRegistry, Lock};
use crate::server::{Server, whole};
use crate::{FILE, options};

const SIMPLE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap().key
}

/// Trusts these keys, called k0, k1 and so on.
fn trusting(keys: &[&SigningKey]) -> Keys {
    let mut trusted = Keys::default();
    keys.iter().enumerate().for_each(|(at, key)| trusted.add(format!("k{at}"), key.public()));
    trusted
}

async fn signed_by(fetcher: &Fetcher, reference: &str, keys: &Keys) -> Result<Fetched, Problem> {
    let reference = Reference::parse(reference).unwrap();
    let pin = reference.is_remote().then(|| Digest::of(FILE));
    fetcher.fetch_signed(&reference, pin, keys).await.map_err(|error| error.problem)
}

#[track_caller]
fn untrusted(result: Result<Fetched, Problem>) -> Untrusted {
    match result.expect_err("it should have been refused") {
        Problem::Untrusted(why) => *why,
        other => panic!("{other}"),
    }
}

async fn sign(fetcher: &Fetcher, reference: &str, keys: Vec<SigningKey>) -> String {
    fetcher.sign(&Reference::parse(reference).unwrap(), &keys).await.unwrap().place
}

fn module(folder: &Path) -> (std::path::PathBuf, String) {
    let path = folder.join("zone.wasm");
    std::fs::write(&path, FILE).unwrap();
    let reference = format!("file://{}", path.display());
    (path, reference)
}

#[tokio::test]
async fn a_file_is_signed_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, reference) = module(folder.path());
    let fetcher = Fetcher::new(options(None));
    for algorithm in [Algorithm::EcdsaP256, Algorithm::Ed25519] {
        let _ = std::fs::remove_file(path.with_extension("wasm.sig"));
        let (ours, other) = (key(algorithm), key(algorithm));
        let (trusted, others) = (trusting(&[&ours]), trusting(&[&other]));
        let why = untrusted(signed_by(&fetcher, &reference, &trusted).await);
        assert!(
            matches!(&why, Untrusted::Unsigned { looked, .. } if looked.ends_with("zone.wasm.sig")),
            "{why}"
        );
        assert_eq!(signed_by(&fetcher, &reference, &Keys::default()).await.unwrap().signed_by, None);

        let place = sign(&fetcher, &reference, vec![ours]).await;
        assert!(place.ends_with("zone.wasm.sig"), "{place}");
        let fetched = signed_by(&fetcher, &reference, &trusted).await.unwrap();
        assert!(fetched.signed_by.unwrap().starts_with("k0 (sha256:"));
        let why = untrusted(signed_by(&fetcher, &reference, &others).await);
        assert!(matches!(why, Untrusted::OtherBytes { .. }), "{why}");
        std::fs::write(&path, [FILE, b"!"].concat()).unwrap();
        let why = untrusted(signed_by(&fetcher, &reference, &trusted).await);
        assert!(matches!(why, Untrusted::OtherBytes { .. }), "{why}");
        std::fs::write(&path, FILE).unwrap();
    }
}

#[tokio::test]
async fn one_of_several_signatures_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let (_, reference) = module(folder.path());
    let fetcher = Fetcher::new(options(None));
    let keys = [key(Algorithm::EcdsaP256), key(Algorithm::Ed25519)];
    let each: Vec<Keys> = keys.iter().map(|key| trusting(&[key])).collect();
    let unrelated = key(Algorithm::Ed25519);
    let second = trusting(&[&unrelated, &keys[1]]);
    sign(&fetcher, &reference, keys.into()).await;
    for trusted in &each {
        assert!(signed_by(&fetcher, &reference, trusted).await.is_ok());
    }
    assert!(signed_by(&fetcher, &reference, &second).await.unwrap().signed_by.unwrap().starts_with("k1"));
    assert!(signed_by(&fetcher, &reference, &trusting(&[&unrelated])).await.is_err());
}

#[tokio::test]
async fn a_file_of_nonsense_is_no_signature() {
    let folder = tempfile::tempdir().unwrap();
    let (path, reference) = module(folder.path());
    let fetcher = Fetcher::new(options(None));
    let trusted = trusting(&[&key(Algorithm::EcdsaP256)]);
    let beside = path.with_extension("wasm.sig");
    for text in [b"".as_slice(), b"\0\0", b"not base64!", b"AAAA\nBBBB\n", &[b'A'; 4000]] {
        std::fs::write(&beside, text).unwrap();
        let why = untrusted(signed_by(&fetcher, &reference, &trusted).await);
        assert!(matches!(why, Untrusted::OtherBytes { .. }), "{why}");
    }
    std::fs::write(&beside, vec![b'A'; 1 << 20]).unwrap();
    let huge = signed_by(&fetcher, &reference, &trusted).await.unwrap_err();
    assert!(matches!(huge, Problem::TooLarge { .. }), "{huge}");
}

#[tokio::test]
async fn what_a_server_has_is_signed_beside_it_and_kept_with_its_signature() {
    let (ours, other) = (key(Algorithm::EcdsaP256), key(Algorithm::EcdsaP256));
    let signature = STANDARD.encode(ours.sign(FILE).unwrap());
    let server = Server::start(move |path, _| match path {
        "/a.wasm" => whole("200 OK", "", FILE),
        "/a.wasm.sig" => whole("200 OK", "", signature.as_bytes()),
        _ => whole("404 Not Found", "", b""),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let fetcher = Fetcher::new(options(Some(folder.path())));
    let (trusted, url) = (trusting(&[&ours]), server.url("/a.wasm"));
    assert!(!signed_by(&fetcher, &url, &trusted).await.unwrap().from_cache);
    let asked = server.count();
    let again = signed_by(&fetcher, &url, &trusted).await.unwrap();
    assert!(again.from_cache && again.signed_by.is_some());
    assert_eq!(server.count(), asked);
    // What is kept is of no use to another key.
    let why = untrusted(signed_by(&fetcher, &url, &trusting(&[&other])).await);
    assert!(matches!(why, Untrusted::OtherBytes { .. }), "{why}");
    let server = Server::start(|path, _| match path {
        "/a.wasm" => whole("200 OK", "", FILE),
        _ => whole("404 Not Found", "", b""),
    })
    .await;
    let fetcher = Fetcher::new(options(None));
    let why = untrusted(signed_by(&fetcher, &server.url("/a.wasm"), &trusted).await);
    assert!(matches!(why, Untrusted::Unsigned { .. }), "{why}");
}

#[tokio::test]
async fn an_image_is_signed_in_its_registry() {
    let folder = tempfile::tempdir().unwrap();
    for knows_referrers in [false, true] {
        let registry = FakeRegistry::start(Lock::Open).await;
        registry.contents.lock().unwrap().knows_referrers = knows_referrers;
        let manifest = registry.put(FILE, LAYER_MEDIA_TYPE);
        let image = registry.image(":1");
        let fetcher = Fetcher::new(options(None));
        let keys = [key(Algorithm::EcdsaP256), key(Algorithm::Ed25519), key(Algorithm::EcdsaP256)];
        let trusted: Vec<Keys> = keys.iter().map(|key| trusting(&[key])).collect();
        let [first, second, _] = keys;
        let why = untrusted(signed_by(&fetcher, &image, &trusted[0]).await);
        assert!(matches!(why, Untrusted::Unsigned { .. }), "{why}");
        let place = sign(&fetcher, &image, vec![first]).await;
        assert_eq!(place, registry.image(&format!(":sha256-{}.sig", manifest.hex())));
        // Who signs later takes nobody's signature away.
        sign(&fetcher, &image, vec![second]).await;
        for keys in &trusted[..2] {
            assert!(signed_by(&fetcher, &image, keys).await.is_ok());
        }
        let why = untrusted(signed_by(&fetcher, &image, &trusted[2]).await);
        assert!(matches!(why, Untrusted::OtherKey { count: 2, .. }), "{why}");

        // Without cosign's tag it is found by what refers to the image.
        registry.contents.lock().unwrap().manifests.retain(|name, _| !name.ends_with(".sig"));
        assert!(signed_by(&fetcher, &image, &trusted[1]).await.is_ok(), "{knows_referrers}");

        // A restart needs no registry.
        let cached = Fetcher::new(options(Some(folder.path())));
        let pinned = registry.image(&format!("@{manifest}"));
        assert!(signed_by(&cached, &pinned, &trusted[0]).await.is_ok());
        let asked = registry.requests();
        for reference in [&pinned, &image] {
            let again = signed_by(&cached, reference, &trusted[0]).await.unwrap();
            assert!(again.from_cache && again.signed_by.is_some());
        }
        assert_eq!(registry.requests(), asked);
        assert!(signed_by(&cached, &image, &trusted[2]).await.is_err());
    }
}

/// An artifact with these layers: media type, bytes and the text of the signature.
fn artifact(registry: &FakeRegistry, manifest: Digest, layers: &[(&str, &[u8], &str)], tag: &str) {
    let mut contents = registry.contents.lock().unwrap();
    let described: Vec<Value> = layers
        .iter()
        .map(|(kind, bytes, signature)| {
            let digest = Digest::of(bytes).to_string();
            contents.blobs.insert(digest.clone(), Bytes::copy_from_slice(bytes));
            let annotations = BTreeMap::from([("dev.cosignproject.cosign/signature", signature)]);
            json!({"mediaType": kind, "digest": digest, "size": bytes.len(), "annotations": annotations})
        })
        .collect();
    let text = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json",
        "config": {}, "layers": described, "subject": {"digest": manifest.to_string()},
    })
    .to_string();
    contents.manifests.insert(Digest::of(text.as_bytes()).to_string(), Bytes::from(text.clone()));
    contents.manifests.insert(tag.to_string(), Bytes::from(text));
}

/// What cosign signs.
fn payload(digest: Digest) -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"r"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
    )
}

#[tokio::test]
async fn a_hostile_registry_gets_nothing_through() {
    let registry = FakeRegistry::start(Lock::Open).await;
    let manifest = registry.put(FILE, LAYER_MEDIA_TYPE);
    let tag = format!("sha256-{}.sig", manifest.hex());
    let (ours, image, fetcher) =
        (key(Algorithm::EcdsaP256), registry.image(":1"), Fetcher::new(options(None)));
    let trusted = trusting(&[&ours]);
    let signed = |text: &str| STANDARD.encode(ours.sign(text.as_bytes()).unwrap());
    let put = |layers: &[(&str, &[u8], &str)]| artifact(&registry, manifest, layers, &tag);
    let good = payload(manifest);

    put(&[(SIMPLE, good.as_bytes(), &signed(&good))]);
    assert!(signed_by(&fetcher, &image, &trusted).await.is_ok());

    // A good signature of another module.
    let other = payload(Digest::of(b"other"));
    put(&[(SIMPLE, other.as_bytes(), &signed(&other))]);
    let why = untrusted(signed_by(&fetcher, &image, &trusted).await);
    assert!(matches!(why, Untrusted::OtherModule { .. }), "{why}");
    assert!(why.to_string().contains(&Digest::of(b"other").to_string()), "{why}");

    // A good signature beside a text that was changed, one that is cut, one of another algorithm, none.
    let short = &signed(&good)[..40];
    let ed25519 = STANDARD.encode(key(Algorithm::Ed25519).sign(good.as_bytes()).unwrap());
    for signature in [&signed(&other), short, &ed25519, "", "*", &"A".repeat(5000)] {
        put(&[(SIMPLE, good.as_bytes(), signature)]);
        untrusted(signed_by(&fetcher, &image, &trusted).await);
    }
    // A text of another kind, a huge one, and a blob that is not what its digest says.
    let huge = format!("{good}{}", " ".repeat(100_000));
    for (kind, text) in [("text/plain", good.as_str()), (SIMPLE, "{}"), (SIMPLE, &huge)] {
        put(&[(kind, text.as_bytes(), &signed(text))]);
        untrusted(signed_by(&fetcher, &image, &trusted).await);
    }
    put(&[(SIMPLE, good.as_bytes(), &signed(&good))]);
    let blob = Digest::of(good.as_bytes()).to_string();
    registry.contents.lock().unwrap().blobs.insert(blob, Bytes::from(other.clone()));
    untrusted(signed_by(&fetcher, &image, &trusted).await);
    for manifest in ["", "[]", "{\"layers\": 1}", &" ".repeat(2 << 20)] {
        registry.contents.lock().unwrap().manifests.insert(tag.clone(), Bytes::from(manifest.to_string()));
        registry
            .contents
            .lock()
            .unwrap()
            .manifests
            .retain(|name, text| !name.starts_with("sha256:") || text.len() < 500);
        untrusted(signed_by(&fetcher, &image, &trusted).await);
    }
}

#[tokio::test]
async fn only_so_many_signatures_are_looked_at() {
    let registry = FakeRegistry::start(Lock::Open).await;
    registry.contents.lock().unwrap().knows_referrers = true;
    let manifest = registry.put(FILE, LAYER_MEDIA_TYPE);
    let (ours, other) = (key(Algorithm::EcdsaP256), key(Algorithm::EcdsaP256));
    let good = payload(manifest);
    let signature = STANDARD.encode(other.sign(good.as_bytes()).unwrap());
    let layers: Vec<(&str, &[u8], &str)> = vec![(SIMPLE, good.as_bytes(), &signature); 1000];
    artifact(&registry, manifest, &layers, &format!("sha256-{}.sig", manifest.hex()));
    for at in 0..200 {
        let text = format!("{good}{}", " ".repeat(at));
        artifact(&registry, manifest, &[(SIMPLE, text.as_bytes(), &signature)], &format!("t{at}"));
    }
    let fetcher = Fetcher::new(options(None));
    let why = untrusted(signed_by(&fetcher, &registry.image(":1"), &trusting(&[&ours])).await);
    assert!(matches!(why, Untrusted::OtherKey { count: 1, .. }), "{why}");
    assert!(registry.requests() < 120, "{}", registry.requests());
    assert!(why.to_string().contains("only the first 64"), "{why}");
}

#[tokio::test]
async fn what_is_kept_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let registry = FakeRegistry::start(Lock::Open).await;
    let manifest = registry.put(FILE, LAYER_MEDIA_TYPE);
    let ours = key(Algorithm::Ed25519);
    let trusted = trusting(&[&ours]);
    let fetcher = Fetcher::new(options(Some(folder.path())));
    let image = registry.image(&format!(":1@{manifest}"));
    sign(&fetcher, &image, vec![ours]).await;
    assert!(signed_by(&fetcher, &image, &trusted).await.is_ok());
    registry.contents.lock().unwrap().manifests.retain(|name, _| !name.starts_with("sha256-"));
    let kept = folder.path().join("signed").join(Digest::of(FILE).hex());
    let text = std::fs::read_to_string(&kept).unwrap();
    let mut damaged: Value = serde_json::from_str(&text).unwrap();
    damaged["Image"]["signature"] = STANDARD.encode([0; 64]).into();
    for text in [damaged.to_string(), text[..30].to_string(), String::new()] {
        std::fs::write(&kept, text).unwrap();
        untrusted(signed_by(&fetcher, &image, &trusted).await);
    }
    std::fs::write(&kept, text).unwrap();
    assert!(signed_by(&fetcher, &image, &trusted).await.unwrap().from_cache);
}

#[tokio::test]
async fn what_cannot_be_signed_says_why() {
    let registry = FakeRegistry::start(Lock::Token).await;
    let fetcher = Fetcher::new(options(None));
    let refused = async |reference: &str, piece: &str| {
        let keys = [key(Algorithm::EcdsaP256)];
        let error = fetcher.sign(&Reference::parse(reference).unwrap(), &keys).await.unwrap_err().to_string();
        assert!(error.contains(piece), "{error}");
    };
    refused("https://example.com/a.wasm", "is signed before it is put there").await;
    refused("file:///no/such.wasm", "no such file").await;
    refused(&registry.image(":1"), "404").await;
    registry.put(FILE, LAYER_MEDIA_TYPE);
    refused(&registry.image(":1"), "refuses anonymous access").await;
    registry.put(FILE, "application/vnd.oci.image.layer.v1.tar+gzip");
    refused(&registry.image(":1"), "is it a container image?").await;
}
