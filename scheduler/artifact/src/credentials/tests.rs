use super::*;

fn say(credential: &Credential) -> String {
    match credential {
        Credential::Anonymous => "anonymous".into(),
        Credential::Basic { user, password } => format!("{user}:{password}"),
        Credential::Identity(token) => format!("identity {token}"),
        Credential::Registry(token) => format!("registry {token}"),
    }
}

/// What the files, in their order, say about `image`; or a piece of the error.
#[track_caller]
fn check(files: &[&str], image: &str, expected: Result<&str, &str>) {
    let folder = tempfile::tempdir().unwrap();
    let paths = files.iter().enumerate().map(|(at, text)| {
        let path = folder.path().join(format!("{at}.json"));
        fs::write(&path, text).unwrap();
        path
    });
    let missing = folder.path().join("missing/config.json");
    let files = CredentialFiles::of([missing].into_iter().chain(paths));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(files.find(&image.parse().unwrap()));
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(say(&found), expected, "{image}"),
        (Err(problem), Err(piece)) => assert!(problem.to_string().contains(piece), "{problem}"),
        (found, expected) => panic!("{image}: {:?}, expected {expected:?}", found.map(|found| say(&found))),
    }
}

#[test]
fn credentials_are_found_as_docker_and_podman_write_them() {
    // "me:secret" and "you:pass:word".
    let file = r#"{"auths": {
        "ghcr.io": {"auth": "bWU6c2VjcmV0"},
        "https://index.docker.io/v1/": {"auth": "eW91OnBhc3M6d29yZA=="},
        "quay.io/acme": {"username": "acme", "password": "a"},
        "quay.io": {"username": "other", "password": "o"},
        "azure.example": {"auth": "bWU6c2VjcmV0", "identitytoken": "it"},
        "token.example": {"registrytoken": "rt"},
        "empty.example": {}
    }}"#;
    check(&[file], "ghcr.io/acme/z:1", Ok("me:secret"));
    check(&[file], "docker.io/acme/z:1", Ok("you:pass:word"));
    check(&[file], "quay.io/acme/z:1", Ok("acme:a"));
    check(&[file], "quay.io/acmenot/z:1", Ok("other:o"));
    check(&[file], "azure.example/z:1", Ok("identity it"));
    check(&[file], "token.example/z:1", Ok("registry rt"));
    check(&[file], "empty.example/z:1", Ok("anonymous"));
    check(&[file], "gcr.io/z:1", Ok("anonymous"));
    check(&[], "ghcr.io/acme/z:1", Ok("anonymous"));
}

#[test]
fn the_first_file_that_knows_the_registry_is_used() {
    let first = r#"{"auths": {"a.example": {"username": "first", "password": ""}}}"#;
    let second = r#"{"auths": {"a.example": {"username": "second", "password": ""}, "b.example": {"username": "second", "password": ""}}}"#;
    check(&[first, second], "a.example/z:1", Ok("first:"));
    check(&[first, second], "b.example/z:1", Ok("second:"));
}

#[test]
fn files_that_make_no_sense_are_named() {
    check(&["{"], "ghcr.io/z:1", Err(".json: EOF"));
    check(
        &[r#"{"auths": {"ghcr.io": {"auth": "!"}}}"#],
        "ghcr.io/z:1",
        Err("is not the base64 of NAME:PASSWORD"),
    );
    check(&[r#"{"credsStore": "../x"}"#], "ghcr.io/z:1", Err("is not the name of a credential helper"));
    check(
        &[r#"{"credsStore": "longshore-test-absent"}"#],
        "ghcr.io/z:1",
        Err("docker-credential-longshore-test-absent get"),
    );
}
