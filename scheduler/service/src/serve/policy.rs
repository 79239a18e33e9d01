//! What TLS is spoken: versions, cipher suites and key exchanges, under Go's names, as kube-scheduler's flags have them.

use std::sync::Arc;

use anyhow::bail;
use rustls::crypto::ring::{self, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};

/// Versions and suites. With nothing given everything is spoken that rustls holds safe.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// `--tls-min-version`: `VersionTLS12` or `VersionTLS13`; older ones are accepted and not spoken.
    pub min_version: Option<String>,
    /// `--tls-cipher-suites`, for TLS 1.2.
    pub cipher_suites: Vec<String>,
    /// `--tls-curve-preferences`: Go's numbers of key exchanges.
    pub curves: Vec<u32>,
}

/// The same, ready for use.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) versions: &'static [&'static SupportedProtocolVersion],
}

static BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];
static NEWEST: &[&SupportedProtocolVersion] = &[&TLS13];

/// Suites that Go knows and that are not spoken here: without forward secrecy, with CBC, or broken.
const OLD: [&str; 16] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
];

/// Key exchanges by Go's number. The two without one Go knows and ring does not.
const CURVES: [(u32, &str, Option<&'static dyn SupportedKxGroup>); 7] = [
    (29, "X25519", Some(kx_group::X25519)),
    (23, "CurveP256", Some(kx_group::SECP256R1)),
    (24, "CurveP384", Some(kx_group::SECP384R1)),
    (25, "CurveP521", None),
    (4587, "SecP256r1MLKEM768", None),
    (4588, "X25519MLKEM768", None),
    (4589, "SecP384r1MLKEM1024", None),
];

impl Policy {
    /// What the flags ask for. What Go knows and is not spoken here is left out, with a line in the log.
    ///
    /// # Errors
    /// A name or a number that Go does not know either, or nothing that is left to be spoken.
    pub(super) fn of(options: &TlsOptions) -> anyhow::Result<Self> {
        let mut provider = ring::default_provider();
        if !options.cipher_suites.is_empty() {
            provider.cipher_suites = suites(&provider.cipher_suites, &options.cipher_suites)?;
        }
        if !options.curves.is_empty() {
            provider.kx_groups = curves(&options.curves)?;
        }
        let has_tls12 = provider.cipher_suites.iter().any(|s| s.tls13().is_none());
        let versions = match (only_newest(options.min_version.as_deref())?, has_tls12) {
            (false, true) => BOTH,
            (true, _) | (_, false) => NEWEST,
        };
        Ok(Self { provider: Arc::new(provider), versions })
    }
}

/// Whether TLS 1.3 only is asked for.
fn only_newest(version: Option<&str>) -> anyhow::Result<bool> {
    match version {
        None | Some("" | "VersionTLS12") => Ok(false),
        Some("VersionTLS13") => Ok(true),
        Some(old @ ("VersionTLS10" | "VersionTLS11")) => {
            tracing::warn!("--tls-min-version={old}: nothing older than TLS 1.2 is supported");
            Ok(false)
        }
        Some(other) => bail!(
            "--tls-min-version: unknown tls version {other:?}; write one of VersionTLS10, VersionTLS11, VersionTLS12, VersionTLS13"
        ),
    }
}

/// Those that are asked for, and those of TLS 1.3, of which no flag chooses: so it is in Go.
fn suites(known: &[SupportedCipherSuite], asked: &[String]) -> anyhow::Result<Vec<SupportedCipherSuite>> {
    let mut chosen: Vec<_> = known.iter().copied().filter(|s| s.tls13().is_some()).collect();
    for name in asked.iter().map(|name| name.trim()) {
        let full = match name {
            // Names from before the RFC gave them one.
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305" | "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305" => {
                format!("{name}_SHA256")
            }
            // rustls marks those of TLS 1.3.
            _ => name.replacen("TLS_AES", "TLS13_AES", 1).replacen("TLS_CHACHA20", "TLS13_CHACHA20", 1),
        };
        let found = known.iter().find(|suite| format!("{:?}", suite.suite()) == full);
        match found {
            Some(suite) if chosen.contains(suite) => {}
            Some(suite) => chosen.push(*suite),
            None if OLD.contains(&name) => {
                tracing::warn!("--tls-cipher-suites: {name} is not safe and not supported; it is left out");
            }
            None => bail!("--tls-cipher-suites: Cipher suite {name} not supported or doesn't exist"),
        }
    }
    if !chosen.iter().any(|suite| suite.tls13().is_none()) {
        tracing::warn!(
            "--tls-cipher-suites: none of them is supported with TLS 1.2, so TLS 1.3 is the only version"
        );
    }
    Ok(chosen)
}

fn curves(asked: &[u32]) -> anyhow::Result<Vec<&'static dyn SupportedKxGroup>> {
    let mut chosen: Vec<&'static dyn SupportedKxGroup> = Vec::new();
    for number in asked {
        match CURVES.iter().find(|(known, ..)| known == number) {
            Some((.., Some(group))) if chosen.iter().any(|c| c.name() == group.name()) => {
                bail!("--tls-curve-preferences: duplicate curve preference {number}")
            }
            Some((.., Some(group))) => chosen.push(*group),
            Some((_, name, None)) => {
                tracing::warn!("--tls-curve-preferences: {number} ({name}) is not supported; it is left out");
            }
            None => bail!("--tls-curve-preferences: curve preference {number} is not supported"),
        }
    }
    if chosen.is_empty() {
        bail!(
            "--tls-curve-preferences: none of them is supported; write 29 (X25519), 23 (CurveP256) or 24 (CurveP384)"
        );
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(min_version: &str, suites: &str, curves: &[u32]) -> anyhow::Result<Policy> {
        let suites = suites.split(',').filter(|s| !s.is_empty()).map(String::from).collect();
        let min_version = Some(min_version.to_string());
        Policy::of(&TlsOptions { min_version, cipher_suites: suites, curves: curves.to_vec() })
    }

    /// The suites of TLS 1.2 that are left, and how many versions.
    #[track_caller]
    fn check(min_version: &str, suites: &str, want: &[&str], versions: usize) {
        let policy = of(min_version, suites, &[]).unwrap();
        let old = policy.provider.cipher_suites.iter().filter(|s| s.tls13().is_none());
        assert_eq!(old.map(|s| format!("{:?}", s.suite())).collect::<Vec<_>>(), want);
        assert_eq!(policy.provider.cipher_suites.len() - want.len(), 3, "TLS 1.3 has all of its own");
        assert_eq!(policy.versions.len(), versions);
    }

    #[test]
    fn suites_are_named_as_in_go() {
        let gcm = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        let chacha = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305";
        check("VersionTLS12", gcm, &[gcm], 2);
        check("", &format!("{chacha},{gcm},TLS_AES_128_GCM_SHA256"), &[&format!("{chacha}_SHA256"), gcm], 2);
        check("VersionTLS10", &format!("{gcm},TLS_RSA_WITH_AES_256_GCM_SHA384"), &[gcm], 2);
        check("VersionTLS13", gcm, &[gcm], 1);
        check("", "TLS_RSA_WITH_RC4_128_SHA", &[], 1);
        check("", "TLS_AES_256_GCM_SHA384", &[], 1);
    }

    #[test]
    fn every_old_suite_is_left_out_and_no_other_is() {
        for name in OLD {
            assert_eq!(of("", name, &[]).unwrap().provider.cipher_suites.len(), 3, "{name}");
        }
    }

    #[test]
    fn nonsense_is_refused_in_kubernetes_words() {
        let refused = |result: anyhow::Result<Policy>, want: &str| {
            let error = result.err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains(want), "{error}");
        };
        refused(of("", "TLS_NONE", &[]), "Cipher suite TLS_NONE not supported or doesn't exist");
        refused(of("TLS1.2", "", &[]), "unknown tls version \"TLS1.2\"");
        refused(of("", "", &[7]), "curve preference 7 is not supported");
        refused(of("", "", &[29, 29]), "duplicate curve preference 29");
        refused(of("", "", &[4588]), "none of them");
    }

    #[test]
    fn curves_are_numbered_as_in_go() {
        let names: Vec<_> =
            of("", "", &[24, 4588, 29]).unwrap().provider.kx_groups.iter().map(|g| g.name()).collect();
        assert_eq!(names, [rustls::NamedGroup::secp384r1, rustls::NamedGroup::X25519]);
    }
}
