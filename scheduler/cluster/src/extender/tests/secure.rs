//! TLS: whom an extender is believed to be, and who asks it.

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::*;

/// An authority, and what it issued to `localhost`.
struct Issued {
    authority: String,
    certificate: String,
    key: String,
    acceptor: TlsAcceptor,
}

fn issue(client_auth: bool) -> Issued {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["extender.example".to_string()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = if client_auth {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let der: CertificateDer<'static> = certificate.der().clone();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = builder.with_single_cert(vec![der], private).unwrap();
    Issued {
        authority: authority.pem(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
        acceptor: TlsAcceptor::from(Arc::new(config)),
    }
}

/// Asks a server that has a certificate for `extender.example`.
fn ask(
    client_auth: bool,
    change: impl FnOnce(&mut ExtenderOptions, &Issued),
) -> Result<FilterAnswer, String> {
    let runtime = Runtime::new().unwrap();
    let issued = issue(client_auth);
    let reply = json_reply(json!({"NodeNames": ["a"]}));
    let server = Server::start_with(&runtime, reply, Some(issued.acceptor.clone()));
    let mut options = options(&format!("https://{}", server.address));
    options.node_cache_capable = true;
    change(&mut options, &issued);
    let extender =
        HttpExtender::new(options, store(), runtime.handle().clone()).map_err(|e| e.to_string())?;
    let a = node("a").build();
    extender.filter(&pod("p").build(), &[&a]).map_err(|e| e.to_string())
}

fn trust(options: &mut ExtenderOptions, issued: &Issued) {
    options.enable_https = true;
    options.tls.ca_data = issued.authority.clone().into_bytes();
    options.tls.server_name = "extender.example".to_string();
}

#[track_caller]
fn check(client_auth: bool, change: impl FnOnce(&mut ExtenderOptions, &Issued), want: Result<(), &str>) {
    match (ask(client_auth, change), want) {
        (Ok(answer), Ok(())) => assert_eq!(answer.kept, ["a".into()]),
        (Err(error), Err(want)) => assert!(error.contains(want), "{error}"),
        (got, want) => panic!("{got:?}, not {want:?}"),
    }
}

#[test]
fn the_server_is_verified_against_the_authority_and_the_name() {
    check(false, trust, Ok(()));
    let other_name = |o: &mut ExtenderOptions, i: &Issued| {
        trust(o, i);
        o.tls.server_name = "other.example".to_string();
    };
    check(false, other_name, Err("certificate not valid for name"));
    let other_authority = |o: &mut ExtenderOptions, i: &Issued| {
        trust(o, i);
        o.tls.ca_data = issue(false).authority.into_bytes();
    };
    check(false, other_authority, Err("invalid peer certificate"));
}

#[test]
fn the_servers_own_certificate_may_stand_in_the_place_of_an_authority() {
    let own = |o: &mut ExtenderOptions, i: &Issued| {
        trust(o, i);
        o.tls.ca_data = i.certificate.clone().into_bytes();
    };
    check(false, own, Ok(()));
    let other_name = |o: &mut ExtenderOptions, i: &Issued| {
        own(o, i);
        o.tls.server_name = "other.example".to_string();
    };
    check(false, other_name, Err("certificate not valid for name"));
}

#[test]
fn nothing_is_verified_when_asked_for_or_when_https_has_no_authority() {
    check(false, |o, _| o.enable_https = true, Ok(()));
    check(false, |o, _| o.tls.insecure = true, Ok(()));
    check(false, |_, _| {}, Err("certificate"));
}

#[test]
fn a_client_certificate_is_shown_when_there_is_one() {
    check(true, trust, Err("Post"));
    let with_certificate = |o: &mut ExtenderOptions, i: &Issued| {
        trust(o, i);
        o.tls.cert_data = i.certificate.clone().into_bytes();
        o.tls.key_data = i.key.clone().into_bytes();
    };
    check(true, with_certificate, Ok(()));
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let ca = |text: &'static str| {
        move |o: &mut ExtenderOptions, _: &Issued| o.tls.ca_data = text.as_bytes().to_vec()
    };
    check(false, ca("nonsense"), Err("tlsConfig.caFile or caData holds no certificate in PEM"));
    let file = |o: &mut ExtenderOptions, _: &Issued| o.tls.ca_file = "/none".to_string();
    check(false, file, Err("tlsConfig.caFile \"/none\" cannot be read: No such file"));
    let name = |o: &mut ExtenderOptions, i: &Issued| {
        trust(o, i);
        o.tls.server_name = "no name".to_string();
    };
    check(false, name, Err("tlsConfig.serverName \"no name\" is neither"));
    let key = |o: &mut ExtenderOptions, i: &Issued| {
        trust(o, i);
        o.tls.cert_data = i.certificate.clone().into_bytes();
        o.tls.key_data = b"no key".to_vec();
    };
    check(false, key, Err("holds no private key in PEM"));
    check(false, |o, _| o.url_prefix = "ftp://e".to_string(), Err("not an http or https URL"));
}
