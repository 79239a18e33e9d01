//! `longshore plugin keygen`, `sign` and `verify`, and configurations that demand signatures.

use std::process::Command;

use crate::plugin_ship::registry;
use crate::support::{Ran, Scratch, run};

/// A folder with NodeNumber's module, two pairs of keys and a configuration that demands the first.
struct Stand {
    scratch: Scratch,
    module: String,
}

impl Stand {
    fn new() -> Self {
        let scratch = Scratch::new();
        let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests/nodenumber.wasm");
        let module = scratch.bytes("nodenumber.wasm", &std::fs::read(module).unwrap());
        let stand = Self { scratch, module };
        run(&["plugin", "keygen", &stand.path("ours")])
            .exits(0)
            .says(&["ours.key", "verification: {keys: ["]);
        run(&["plugin", "keygen", &stand.path("other"), "--type", "ed25519"]).exits(0);
        stand
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.scratch.path())
    }

    fn sign(&self, key: &str, what: &str) -> Ran {
        run(&["plugin", "sign", "--key", &self.path(key), what])
    }

    fn verify(&self, key: &str, what: &str) -> Ran {
        run(&["plugin", "verify", "--key", &self.path(key), what])
    }

    /// What `profile validate` says of a configuration with these lines at the top and these args.
    fn validate(&self, top: &str, args: &str) -> Ran {
        let text = format!(
            "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n{top}\nprofiles:\n\
             - plugins: {{multiPoint: {{enabled: [{{name: NodeNumber}}]}}}}\n  pluginConfig: [{{name: NodeNumber, args: {{{args}}}}}]\n"
        );
        run(&["profile", "validate", &self.scratch.file("profile.yaml", &text), "--plugin-cache-dir", ""])
    }
}

const DEMANDED: &str = "verification: {keys: ['file://ours.pub']}";
const FILE: &str = "source: 'file://nodenumber.wasm'";

#[test]
fn a_configuration_takes_what_is_signed_by_its_key_and_nothing_else() {
    let stand = Stand::new();
    let args = "profiles[0].pluginConfig[0].args.source: ";
    stand.validate(DEMANDED, FILE).exits(1).warns(&[
        args,
        "nodenumber.wasm: is not signed",
        "ours.pub (sha256:",
        "plugin sign --key",
    ]);
    stand.sign("other.key", &stand.module).exits(0).says(&["nodenumber.wasm.sig"]);
    stand.validate(DEMANDED, FILE).exits(1).warns(&[args, "nodenumber.wasm: is not what ours.pub (sha256:"]);
    stand.sign("ours.key", &stand.module).exits(0);
    stand.validate(DEMANDED, FILE).exits(0).says(&["NodeNumber: component"]);
    // The args' own keys take the place of those at the top.
    let own = format!("{FILE}, verification: {{keys: ['file://other.pub']}}");
    stand.validate(DEMANDED, &own).exits(1).warns(&["is not what other.pub (sha256:"]);
    stand.validate("", &own).exits(1).warns(&["is not what other.pub (sha256:"]);
    stand.validate("", FILE).exits(0);

    // A byte more at the end of the module.
    let mut bytes = std::fs::read(&stand.module).unwrap();
    bytes.push(0);
    stand.scratch.bytes("nodenumber.wasm", &bytes);
    stand.validate(DEMANDED, FILE).exits(1).warns(&["was changed after it was signed"]);
}

#[test]
fn keys_stand_in_the_configuration_too() {
    let stand = Stand::new();
    stand.sign("ours.key", &stand.module).exits(0);
    let pem = std::fs::read_to_string(stand.path("ours.pub")).unwrap().replace('\n', "\\n");
    stand.validate(&format!("verification: {{keys: [\"{pem}\"]}}"), FILE).exits(0);
    stand
        .validate("verification: {keys: []}", FILE)
        .exits(1)
        .warns(&["verification.keys: must name at least one key"]);
    stand
        .validate("verification: {keys: ['file://none.pub']}", FILE)
        .exits(1)
        .warns(&["verification.keys[0]: ", "none.pub: cannot be read"]);
    stand
        .validate("verification: {keys: ['file://ours.key']}", FILE)
        .exits(1)
        .warns(&["it is a private key, which signs"]);
    // What is shown demands the same.
    let shown = run(&["profile", "show", &stand.path("profile.yaml")]);
    assert_eq!(shown.code, Some(1), "{shown:?}");
    stand.validate(DEMANDED, FILE).exits(0);
    let shown = run(&["profile", "show", &stand.path("profile.yaml")]).exits(0);
    assert!(shown.out.contains(&format!("file://{}", stand.path("ours.pub"))), "{}", shown.out);
}

#[test]
fn the_index_of_a_catalogue_is_signed_as_well() {
    let stand = Stand::new();
    let shown = stand.validate("", FILE).exits(0).out;
    let digest = &shown.split_once("sha256:").unwrap().1[..64];
    let index = format!(
        r#"{{"plugins": [{{"name": "NodeNumber", "module": "nodenumber.wasm", "sha256": "{digest}"}}]}}"#
    );
    let index = stand.scratch.file("catalogue.json", &index);
    let top = format!("catalogue: file://.\n{DEMANDED}");
    stand.sign("ours.key", &stand.module).exits(0);
    stand.validate(&top, "").exits(1).warns(&["catalogue: ", "catalogue.json: is not signed"]);
    run(&["plugin", "sign", "--key", &stand.path("ours.key"), &stand.module, &index]).exits(0);
    stand.validate(&top, "").exits(0);
    stand.sign("other.key", &stand.module).exits(0);
    stand.validate(&top, "").exits(1).warns(&["nodenumber.wasm: is not what ours.pub"]);
}

#[test]
fn images_are_signed_in_their_registry() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stand = Stand::new();
    let image = format!("oci://{}/acme/nodenumber", registry(&runtime));
    let (tag, key) = (format!("{image}:1"), stand.path("ours.key"));
    let pushed = run(&["plugin", "push", &stand.module, &tag, "--sign-key", &key]).exits(0);
    let pushed = pushed.says(&[&format!("signed {image}:sha256-"), ".sig"]);
    let pinned = pushed.out.lines().next().unwrap().strip_prefix("pushed ").unwrap().to_string();
    stand.verify("ours.pub", &pinned).exits(0).says(&[&format!("{pinned}: signed by "), "ours.pub (sha256:"]);
    stand
        .verify("other.pub", &tag)
        .exits(1)
        .warns(&["has 1 signature(s), none of them by that key", "other.pub"]);
    let source = format!("source: '{pinned}'");
    stand.validate(DEMANDED, &source).exits(0);
    let other = "verification: {keys: ['file://other.pub']}";
    stand.validate(other, &source).exits(1).warns(&["is not signed by other.pub"]);
    stand.sign("other.key", &tag).exits(0).says(&["signed ", "@sha256:"]);
    stand.validate(other, &source).exits(0);
    stand.validate(DEMANDED, &source).exits(0);

    let (file, public) = (stand.path("pulled.wasm"), stand.path("ours.pub"));
    run(&["plugin", "pull", &pinned, "-o", &file, "--key", &public]).exits(0).says(&["signed by"]);
}

#[test]
fn openssl_makes_and_checks_the_same_signatures() {
    let stand = Stand::new();
    let openssl = |args: &[&str]| {
        let made = Command::new("openssl").args(args).current_dir(stand.scratch.path()).output();
        made.ok().map(|output| (output.status.success(), output))
    };
    #[allow(clippy::print_stderr, reason = "a test says that it was skipped")]
    if openssl(&["version"]).is_none() {
        eprintln!("SKIPPED: there is no openssl");
        return;
    }
    let done = |args: &[&str]| {
        let (good, output) = openssl(args).unwrap();
        assert!(good, "{args:?}: {output:?}");
    };
    // Signed here, checked there.
    let raw = |name: &str| {
        let text = std::fs::read_to_string(stand.path("nodenumber.wasm.sig")).unwrap();
        stand.scratch.file("text.sig", &format!("{}\n", text.trim()));
        done(&["base64", "-d", "-A", "-in", "text.sig", "-out", name]);
    };
    stand.sign("ours.key", "nodenumber.wasm").exits(1).warns(&["no such file"]);
    stand.sign("ours.key", &stand.module).exits(0);
    raw("p256.sig");
    done(&["dgst", "-sha256", "-verify", "ours.pub", "-signature", "p256.sig", "nodenumber.wasm"]);
    stand.sign("other.key", &stand.module).exits(0);
    raw("ed25519.sig");
    done(&[
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "other.pub",
        "-rawin",
        "-in",
        "nodenumber.wasm",
        "-sigfile",
        "ed25519.sig",
    ]);
    done(&["pkey", "-in", "ours.key", "-pubout", "-out", "again.pub"]);
    assert_eq!(
        std::fs::read(stand.path("again.pub")).unwrap(),
        std::fs::read(stand.path("ours.pub")).unwrap()
    );

    // Made and signed there, checked here; the signature as it is, without base64.
    done(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "theirs.key"]);
    done(&["pkey", "-in", "theirs.key", "-pubout", "-out", "theirs.pub"]);
    done(&["dgst", "-sha256", "-sign", "theirs.key", "-out", "nodenumber.wasm.sig", "nodenumber.wasm"]);
    stand.verify("theirs.pub", &stand.module).exits(0).says(&["signed by"]);
    stand.verify("ours.pub", &stand.module).exits(1).warns(&["is not what"]);
    stand.sign("theirs.key", &stand.module).exits(0);
    stand.verify("theirs.pub", &stand.module).exits(0);
}

#[test]
fn keys_are_not_overwritten_and_private() {
    let stand = Stand::new();
    run(&["plugin", "keygen", &stand.path("ours")]).exits(1).warns(&["is there already"]);
    std::fs::remove_file(stand.path("ours.pub")).unwrap();
    run(&["plugin", "keygen", &stand.path("ours")]).exits(1).warns(&["ours.key: cannot be written"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(stand.path("ours.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    stand.verify("ours.key", &stand.module).exits(1).warns(&["it is a private key"]);
    stand.sign("other.pub", &stand.module).exits(1).warns(&["it is a public key"]);
}
