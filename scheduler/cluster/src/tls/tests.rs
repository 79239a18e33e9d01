//! Certificates that are authorities, and those that only are the server's own.

use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::crypto::ring::default_provider;

use super::*;

/// 2026-01-01, in the middle of all that is valid here.
const NOW: u64 = 1_767_225_600;

/// A certificate for `api.example` that is valid from 2020 to 2030.
fn params(is_ca: IsCa) -> CertificateParams {
    let mut params =
        CertificateParams::new(vec!["api.example".to_string(), "127.0.0.1".to_string()]).unwrap();
    params.is_ca = is_ca;
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    params
}

fn self_signed(params: &CertificateParams) -> CertificateDer<'static> {
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().into()
}

fn authority() -> IsCa {
    IsCa::Ca(BasicConstraints::Unconstrained)
}

fn verify(
    trusted: &CertificateDer<'static>,
    shown: &CertificateDer<'_>,
    name: &str,
    now: u64,
) -> Result<(), Error> {
    let verifier = verifier(vec![trusted.clone()], Arc::new(default_provider())).unwrap();
    let name = ServerName::try_from(name.to_string()).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    verifier.verify_server_cert(shown, &[], &name, &[], now).map(drop)
}

/// The server shows the certificate that is trusted.
#[track_caller]
fn check(params: &CertificateParams, name: &str, now: u64, want: Result<(), &str>) {
    let certificate = self_signed(params);
    let got = verify(&certificate, &certificate, name, now).map_err(|error| format!("{error:?}"));
    match want {
        Ok(()) => assert_eq!(got, Ok(())),
        Err(part) => assert!(got.as_ref().is_err_and(|error| error.contains(part)), "{got:?}"),
    }
}

#[test]
fn the_servers_own_certificate_may_stand_in_the_place_of_an_authority() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa, authority()] {
        check(&params(is_ca), "api.example", NOW, Ok(()));
        check(&params(is_ca), "127.0.0.1", NOW, Ok(()));
    }
}

#[test]
fn name_and_time_are_still_checked() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa, authority()] {
        let params = params(is_ca);
        check(&params, "other.example", NOW, Err("NotValidForName"));
        check(&params, "api.example", 1_500_000_000, Err("NotValidYet"));
        check(&params, "api.example", 2_000_000_000, Err("Expired"));
    }
}

#[test]
fn a_certificate_for_clients_is_none_of_a_server() {
    let mut params = params(IsCa::ExplicitNoCa);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    check(&params, "api.example", NOW, Err("Purpose"));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    check(&params, "api.example", NOW, Ok(()));
}

#[test]
fn a_certificate_that_another_signed_may_be_trusted_alone() {
    let (issuer_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let issuer = Issuer::new(params(authority()), issuer_key);
    let leaf: CertificateDer<'static> = params(IsCa::NoCa).signed_by(&key, &issuer).unwrap().into();
    assert_eq!(verify(&leaf, &leaf, "api.example", NOW), Ok(()));
    let sibling_key = KeyPair::generate().unwrap();
    let sibling: CertificateDer<'static> =
        params(IsCa::NoCa).signed_by(&sibling_key, &issuer).unwrap().into();
    assert!(verify(&leaf, &sibling, "api.example", NOW).is_err(), "its issuer is not trusted");
}

#[test]
fn a_certificate_that_only_looks_alike_is_not_trusted() {
    let params = params(authority());
    let (trusted, shown) = (self_signed(&params), self_signed(&params));
    assert!(verify(&trusted, &shown, "api.example", NOW).is_err());
}
