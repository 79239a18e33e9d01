//! Client certificates and front proxies, over TLS.

use http::header::HeaderName;
use longshore_cluster::review::RequestHeader;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;

use super::client::{Own, connect, exchange};
use super::*;

/// An authority, and its certificate in PEM.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn sign(&self, name: &str, group: &str) -> Own {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, group);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
    }
}

struct Setting {
    users: Authority,
    proxies: Authority,
    server: Server,
    _files: tempfile::TempDir,
}

async fn setting(stop: &CancellationToken) -> Setting {
    let (users, proxies) = (Authority::new("users"), Authority::new("proxies"));
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, pem).unwrap();
        Some(path)
    };
    let one = |name: HeaderName| vec![name.to_string()];
    let clients = ClientOptions {
        client_ca_file: file("users.pem", &users.pem),
        request_header_ca_file: file("proxies.pem", &proxies.pem),
        request_header: RequestHeader {
            allowed_names: vec!["front".into()],
            username_headers: one(HeaderName::from_static("x-remote-user")),
            group_headers: one(HeaderName::from_static("x-remote-group")),
            ..RequestHeader::default()
        },
        ..ClientOptions::default()
    };
    let bind_address = Ipv4Addr::LOCALHOST.into();
    let options = Options { secure_port: 0, bind_address, clients, ..Options::default() };
    let server = listen::listen(options, context(Standing::Leader), stop.clone()).await.unwrap();
    Setting { users, proxies, server, _files: files }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_certificate_says_who_asks() {
    let stop = CancellationToken::new();
    let at = setting(&stop).await;
    let check = async |own: Option<Own>, headers: &str, want: &str| {
        let stream = connect(at.server.address, own).await.unwrap();
        let request = format!("GET /metrics HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n");
        let answer = exchange(stream, &request).await;
        assert!(answer.contains(want), "{headers}: {answer}");
    };
    let masters = "X-Remote-User: ann\r\nX-Remote-Group: system:masters\r\n";
    check(Some(at.users.sign("ops", "x")), "", "200 OK").await;
    check(Some(at.users.sign("root", "system:masters")), "", "200 OK").await;
    check(Some(at.users.sign("ann", "x")), masters, r#"User \"ann\" cannot get"#).await;
    check(Some(at.proxies.sign("front", "x")), masters, "200 OK").await;
    check(Some(at.proxies.sign("front", "x")), "X-Remote-User: eve\r\n", r#"User \"eve\" cannot get"#).await;
    check(Some(at.proxies.sign("other", "x")), masters, r#"User \"system:anonymous\" cannot get"#).await;
    check(Some(at.proxies.sign("front", "system:masters")), "", r#"User \"system:anonymous\" cannot get"#)
        .await;
    let stranger = || Authority::new("stranger").sign("ops", "system:masters");
    check(Some(stranger()), "", r#"User \"system:anonymous\" cannot get"#).await;
    check(Some(stranger()), "Authorization: Bearer ops\r\n", "200 OK").await;
    check(None, masters, r#"User \"system:anonymous\" cannot get"#).await;
    stop.cancel();
}
