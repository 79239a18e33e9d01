//! What `make release` writes beside the binaries.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs a command; `None` where there is no such command.
#[allow(clippy::print_stderr, reason = "a test says that it was skipped")]
#[track_caller]
fn run(program: &str, args: &[&str], folder: &Path) -> Option<String> {
    let made =
        Command::new(program).args(args).current_dir(folder).env("SOURCE_DATE_EPOCH", "1700000000").output();
    let Ok(output) = made else {
        eprintln!("SKIPPED: there is no {program}");
        return None;
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A folder with what goes into the archives of two processors, and the image of them.
fn image() -> Option<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir().unwrap();
    for arch in ["amd64", "arm64"] {
        let part = folder.path().join(arch);
        std::fs::create_dir(&part).unwrap();
        for file in ["longshore", "LICENSE", "THIRD-PARTY-NOTICES.txt"] {
            std::fs::write(part.join(file), format!("{file} for {arch}")).unwrap();
        }
    }
    let script = root().join("release/image.py");
    let script = script.to_str().unwrap();
    let args = [script, "--version", "1.2.3", "--commit", "abc", "--output", "image.tar", "amd64", "arm64"];
    run("python3", &args, folder.path())?;
    let layout = folder.path().join("layout");
    std::fs::create_dir(&layout).unwrap();
    run("tar", &["-xf", "../image.tar"], &layout)?;
    Some((folder, layout))
}

fn blob(layout: &Path, descriptor: &Value) -> PathBuf {
    let digest = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let path = layout.join("blobs/sha256").join(digest);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), descriptor["size"].as_u64().unwrap(), "{descriptor}");
    path
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_image_has_a_manifest_for_each_processor_and_every_blob_has_its_digest() {
    let Some((_kept, layout)) = image() else { return };
    let blobs = layout.join("blobs/sha256");
    for entry in std::fs::read_dir(&blobs).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(sum) = run("sha256sum", &[&name], &blobs) else { return };
        assert!(sum.starts_with(&name), "{name}: {sum}");
    }
    let index = json(&blob(&layout, &json(&layout.join("index.json"))["manifests"][0]));
    let manifests = index["manifests"].as_array().unwrap();
    let archs: Vec<_> = manifests.iter().map(|m| m["platform"]["architecture"].as_str().unwrap()).collect();
    assert_eq!(archs, ["amd64", "arm64"]);
    for manifest in manifests {
        let manifest = json(&blob(&layout, manifest));
        let layer = blob(&layout, &manifest["layers"][0]);
        let Some(files) = run("tar", &["-tzf", layer.to_str().unwrap()], &layout) else { return };
        assert!(files.lines().any(|file| file == "usr/bin/longshore"), "{files}");
        assert!(files.lines().any(|file| file == "etc/ssl/certs/ca-certificates.crt"), "{files}");
    }
}

#[test]
fn the_image_runs_as_the_one_of_the_dockerfile() {
    let Some((_kept, layout)) = image() else { return };
    let index = json(&blob(&layout, &json(&layout.join("index.json"))["manifests"][0]));
    let config = json(&blob(&layout, &json(&blob(&layout, &index["manifests"][0]))["config"]));
    let dockerfile = std::fs::read_to_string(root().join("Dockerfile")).unwrap();
    let says = |word: &str| {
        let line = dockerfile.lines().find_map(|line| line.strip_prefix(word));
        line.unwrap_or_else(|| panic!("the Dockerfile has no {word}")).trim().to_string()
    };
    let list = |word: &str| serde_json::from_str::<Value>(&says(word)).unwrap();
    assert_eq!(config["config"]["User"], says("USER"));
    assert!(config["config"]["ExposedPorts"].get(format!("{}/tcp", says("EXPOSE"))).is_some());
    assert_eq!(config["config"]["Entrypoint"], list("ENTRYPOINT"));
    assert_eq!(config["config"]["Cmd"], list("CMD"));
    assert!(
        dockerfile
            .contains(config["config"]["Labels"]["org.opencontainers.image.description"].as_str().unwrap())
    );
}

#[test]
fn the_same_files_give_the_same_image() {
    let (Some((first, _)), Some((second, _))) = (image(), image()) else { return };
    let read = |folder: &TempDir| std::fs::read(folder.path().join("image.tar")).unwrap();
    assert!(read(&first) == read(&second));
}

#[test]
fn the_krew_manifest_names_each_archive_with_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let archive = "longshore-1.2.3-linux-arm64.tar.gz";
    std::fs::write(folder.path().join(archive), "").unwrap();
    let script = root().join("release/krew.sh");
    let args = [script.to_str().unwrap(), "1.2.3", "https://example.com/v1.2.3/", ".", "arm64"];
    let Some(text) = run("bash", &args, folder.path()) else { return };
    let manifest: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(manifest["spec"]["version"], "v1.2.3");
    let platform = &manifest["spec"]["platforms"][0];
    assert_eq!(platform["uri"], format!("https://example.com/v1.2.3/{archive}"));
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(platform["sha256"], of_nothing);
}
