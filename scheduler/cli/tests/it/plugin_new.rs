//! `longshore plugin new` and `update-sdk`, as somebody has them who has the command and no checkout.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Scratch, command, run};

/// The command in a folder.
fn run_in(dir: &str, args: &[&str]) -> Output {
    command(args).current_dir(dir).output().unwrap()
}

#[track_caller]
fn passes(mut command: Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn there(program: &str) -> bool {
    Command::new(program).arg("version").output().is_ok()
}

#[test]
fn a_new_plugin_is_a_folder_that_says_what_is_next() {
    let scratch = Scratch::new();
    for (language, file) in [("rust", "src/lib.rs"), ("go", "main.go")] {
        let dir = format!("{}/{language}", scratch.path());
        let args = ["plugin", "new", "--lang", language, "ZonePack", "--dir", &dir];
        run(&args).exits(0).says(&["the plugin ZonePack is begun", "longshore plugin test"]);
        let source = fs::read_to_string(format!("{dir}/{file}")).unwrap();
        assert!(source.contains("ZonePack") && !source.contains("{{"), "{source}");
        assert!(fs::exists(format!("{dir}/tests/first.yaml")).unwrap());
        run(&args).exits(1).warns(&["is not empty; name another folder with --dir"]);
    }
}

#[test]
fn nothing_of_a_new_plugin_is_elsewhere() {
    let scratch = Scratch::new();
    for (language, file) in [("rust", "Cargo.toml"), ("go", "go.mod")] {
        let dir = format!("{}/{language}", scratch.path());
        run(&["plugin", "new", "--lang", language, "zone-pack", "--dir", &dir]).exits(0);
        let manifest = fs::read_to_string(format!("{dir}/{file}")).unwrap();
        assert!(!manifest.contains("git") && !manifest.contains("://"), "{manifest}");
        assert!(fs::exists(format!("{dir}/sdk/{file}")).unwrap());
    }
}

#[test]
fn a_new_plugin_has_a_name_and_an_sdk() {
    let scratch = Scratch::new();
    let dir = format!("{}/new", scratch.path());
    let new = |more: &[&str]| run(&[&["plugin", "new", "--dir", &dir][..], more].concat());
    new(&["--lang", "rust", "zone_pack"]).exits(2).warns(&["zone-pack or ZonePack is one"]);
    new(&["zone-pack"]).exits(2);
    new(&["--lang", "rust", "zone-pack", "--sdk", "plugins/sdk/go"]).exits(1).warns(&["has no Cargo.toml"]);
    new(&["--lang", "rust", "zone-pack", "--sdk", "plugins/sdk/rust"]).exits(0);
    let cargo = fs::read_to_string(format!("{dir}/Cargo.toml")).unwrap();
    assert!(cargo.contains("plugins/sdk/rust\" }") && !fs::exists(format!("{dir}/sdk")).unwrap(), "{cargo}");
}

#[test]
fn a_new_plugin_in_rust_builds_and_decides() {
    let scratch = Scratch::new();
    let dir = format!("{}/zone-pack", scratch.path());
    run(&["plugin", "new", "--lang", "rust", "zone-pack", "--dir", &dir]).exits(0);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-rust");
    let mut test = Command::new("cargo");
    test.args(["test", "--quiet", "--locked"]).current_dir(&dir).env("CARGO_TARGET_DIR", &target);
    passes(test);
    let libraries = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"])
        .output()
        .unwrap();
    if Path::new(String::from_utf8_lossy(&libraries.stdout).trim()).is_dir() {
        let mut build = command(&["plugin", "build"]);
        build.current_dir(&dir).env("CARGO_TARGET_DIR", &target);
        passes(build);
        decides(&dir, "near");
    }
}

#[test]
fn a_new_plugin_in_go_builds_and_decides_without_network() {
    if !there("go") {
        return;
    }
    let scratch = Scratch::new();
    let dir = format!("{}/zone-pack", scratch.path());
    run(&["plugin", "new", "--lang", "go", "zone-pack", "--dir", &dir]).exits(0);
    let apart = |mut command: Command| {
        command
            .current_dir(&dir)
            .env("GOPROXY", "off")
            .env("GOFLAGS", "-mod=readonly")
            .env("GOTOOLCHAIN", "local");
        passes(command)
    };
    let go = |args: &[&str]| {
        let mut go = Command::new("go");
        go.args(args);
        go
    };
    apart(go(&["test", "./..."]));
    apart(command(&["plugin", "build"]));
    decides(&dir, "a");
    let before = fs::read_to_string(format!("{dir}/go.mod")).unwrap();
    apart(go(&["mod", "tidy"]));
    assert_eq!(fs::read_to_string(format!("{dir}/go.mod")).unwrap(), before);
}

/// The golden cases pass, and `simulate` puts the pod where the plugin wants it.
#[track_caller]
fn decides(dir: &str, node: &str) {
    let mut cases = command(&["plugin", "test", "--no-build"]);
    cases.current_dir(dir);
    passes(cases);
    let mut simulate = command(&[
        "simulate",
        "-f",
        "cluster.yaml",
        "-f",
        "pod.yaml",
        "--config",
        "profile.yaml",
        "-o",
        "json",
    ]);
    simulate.current_dir(dir);
    let document: serde_json::Value = serde_json::from_str(&passes(simulate)).unwrap();
    assert_eq!(document["placements"][0]["node"], node, "{document}");
}

#[test]
fn an_sdk_is_replaced_and_a_persons_changes_are_not() {
    let scratch = Scratch::new();
    let dir = format!("{}/zone-pack", scratch.path());
    run(&["plugin", "new", "--lang", "go", "zone-pack", "--dir", &dir]).exits(0);
    let update = |more: &[&str]| run(&[&["plugin", "update-sdk", &dir][..], more].concat());
    update(&[]).exits(0).says(&["0 written, 0 removed"]);
    let file = format!("{dir}/sdk/pod.go");
    let original = fs::read_to_string(&file).unwrap();
    fs::write(&file, "package sdk // mine\n").unwrap();
    update(&[]).exits(1).warns(&[
        "somebody changed files of the SDK, so nothing was written",
        "  pod.go",
        "--force",
    ]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "package sdk // mine\n");
    update(&["--force"]).exits(0).says(&["1 written, 0 removed"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), original);
    // A plugin of before there was an SDK in the folder.
    fs::remove_dir_all(format!("{dir}/sdk")).unwrap();
    fs::write(format!("{dir}/go.mod"), "module zone-pack\n\ngo 1.24\n").unwrap();
    update(&[]).exits(1).warns(&["has no SDK that `longshore plugin new` wrote"]);
    update(&["--force"]).exits(0).warns(&["replace longshore/sdk => ./sdk"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), original);
    run(&["plugin", "update-sdk", &scratch.path()])
        .exits(1)
        .warns(&["has neither a Cargo.toml nor a go.mod"]);
}

#[test]
fn a_machine_without_the_target_is_told_how_to_get_one() {
    let scratch = Scratch::new();
    let dir = format!("{}/zone-pack", scratch.path());
    // A compiler that answers as one of a distribution does.
    let rustc = scratch.file(
        "rustc",
        "#!/bin/sh\ncase \"$*\" in *sysroot*) echo /usr ;; *) echo /usr/lib/rustlib/none ;; esac\n",
    );
    fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).unwrap();
    let said = |args: &[&str]| {
        let output = command(args).env("RUSTC", &rustc).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let want = [
        "wasm32-unknown-unknown",
        "the Rust in /usr lacks the target",
        "rustup target add wasm32-unknown-unknown",
    ];
    for (args, code) in [
        (&["plugin", "new", "--lang", "rust", "zone-pack", "--dir", &dir][..], 0),
        (&["plugin", "build", &dir], 1),
    ] {
        let (exit, text) = said(args);
        assert!(exit == Some(code) && want.iter().all(|part| text.contains(part)), "{exit:?} {text}");
    }
    assert!(run_in(&dir, &["plugin", "update-sdk"]).status.success());
}
