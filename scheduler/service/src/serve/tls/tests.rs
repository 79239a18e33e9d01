use std::fs;
use std::path::Path;

use super::*;

fn names() -> Vec<String> {
    vec!["localhost".to_string()]
}

fn tls(certificate: &Certificate) -> anyhow::Result<Tls> {
    Tls::new(certificate, &TlsOptions::default(), names(), Trust::default())
}

fn files(directory: &Path, name: &str) -> Certificate {
    let pair = Pair::self_signed(names()).unwrap();
    fs::write(directory.join(format!("{name}.crt")), pair.certificate).unwrap();
    fs::write(directory.join(format!("{name}.key")), pair.key).unwrap();
    Certificate { directory: Some(directory.to_path_buf()), ..Certificate::default() }
}

#[test]
fn changed_files_are_taken_in_and_bad_ones_are_not() {
    for name in ["tls", "kube-scheduler"] {
        let directory = tempfile::tempdir().unwrap();
        let tls = tls(&files(directory.path(), name)).unwrap();
        let (first, _) = tls.now();
        assert!(!tls.refresh(Trust::default()).unwrap());
        files(directory.path(), name);
        assert!(tls.refresh(Trust::default()).unwrap());
        let (second, _) = tls.now();
        assert!(!Arc::ptr_eq(&first, &second));
        fs::write(directory.path().join(format!("{name}.key")), "no key").unwrap();
        assert!(tls.refresh(Trust::default()).is_err());
        assert!(Arc::ptr_eq(&second, &tls.now().0));
    }
}

#[test]
fn what_cannot_work_is_said() {
    let check = |certificate: &Certificate, want: &str| {
        let error = tls(certificate).err().map(|e| format!("{e:#}")).unwrap();
        assert!(error.contains(want), "{error}");
    };
    let file = |name: &str| Some(PathBuf::from(name));
    check(&Certificate { cert_file: file("a"), ..Certificate::default() }, "go together");
    let missing = Certificate { cert_file: file("/no/a"), key_file: file("/no/b"), directory: None };
    check(&missing, "/no/a: cannot be read");
}

#[test]
fn a_folder_without_a_certificate_is_no_reason_not_to_start() {
    let directory = Some(tempfile::tempdir().unwrap().path().to_path_buf());
    tls(&Certificate { directory, ..Certificate::default() }).unwrap();
}

#[test]
fn a_bad_authority_changes_nothing() {
    let tls = tls(&Certificate::default()).unwrap();
    let trust = |pem: &str| Trust { client_ca: Some(pem.to_string()), ..Trust::default() };
    let good = String::from_utf8(Pair::self_signed(names()).unwrap().certificate).unwrap();
    assert!(tls.refresh(trust(&good)).unwrap());
    assert!(tls.refresh(trust("nonsense")).is_err());
}
