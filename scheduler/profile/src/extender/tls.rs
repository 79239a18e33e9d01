//! `tlsConfig` of an extender.

use std::fmt;

use longshore_framework::fields::{Fields, Problems};
use serde_json::{Value, json};

use super::base64;

/// What the effective configuration prints in the place of a private key.
const REDACTED: &str = "<redacted>";

/// `tlsConfig`. Data takes precedence over the file of the same purpose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlsConfig {
    /// `insecure`: the server's certificate is not verified.
    pub insecure: bool,
    /// `serverName`: the name to verify; empty: the host of the URL.
    pub server_name: String,
    /// `certFile`: the client certificate, a path to PEM.
    pub cert_file: String,
    /// `keyFile`: its private key, a path to PEM.
    pub key_file: String,
    /// `caFile`: the authorities to trust, a path to PEM.
    pub ca_file: String,
    /// `certData`: PEM, decoded from base64.
    pub cert_data: Vec<u8>,
    /// `keyData`: PEM, decoded from base64.
    pub key_data: PrivateKey,
    /// `caData`: PEM, decoded from base64.
    pub ca_data: Vec<u8>,
}

/// A private key in PEM, which no message shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PrivateKey(pub Vec<u8>);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { REDACTED })
    }
}

impl TlsConfig {
    /// A root certificate or a client certificate that could not be used is a problem; kube-scheduler's client refuses the
    /// first when it starts and silently leaves out the second.
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        let has_ca = !self.ca_file.is_empty() || !self.ca_data.is_empty();
        if self.insecure && has_ca {
            problems
                .field("insecure")
                .report("must not be true together with caFile or caData; remove one of them");
        }
        let has_cert = !self.cert_file.is_empty() || !self.cert_data.is_empty();
        let has_key = !self.key_file.is_empty() || !self.key_data.0.is_empty();
        if has_cert && !has_key {
            problems.field("keyFile").report("is missing; a client certificate needs keyFile or keyData");
        }
        if has_key && !has_cert {
            problems.field("certFile").report("is missing; a private key needs certFile or certData");
        }
    }

    /// As the effective configuration prints it, without the private key.
    pub(super) fn show(&self) -> Value {
        let key = if self.key_data.0.is_empty() { "" } else { REDACTED };
        json!({
            "insecure": self.insecure,
            "serverName": self.server_name,
            "certFile": self.cert_file,
            "keyFile": self.key_file,
            "caFile": self.ca_file,
            "certData": base64::encode(&self.cert_data),
            "keyData": key,
            "caData": base64::encode(&self.ca_data),
        })
    }
}

/// Reads `tlsConfig`.
pub(super) fn read(parent: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<TlsConfig> {
    let value = parent.value("tlsConfig")?;
    let problems = &mut problems.field("tlsConfig");
    let mut fields = Fields::of(value, problems);
    let mut text = |name| fields.string(name, problems).unwrap_or_default().to_string();
    let server_name = text("serverName");
    let cert_file = text("certFile");
    let key_file = text("keyFile");
    let ca_file = text("caFile");
    let read = TlsConfig {
        insecure: fields.bool("insecure", problems).unwrap_or(false),
        server_name,
        cert_file,
        key_file,
        ca_file,
        cert_data: data(&mut fields, "certData", problems),
        key_data: PrivateKey(private_data(&mut fields, "keyData", problems)),
        ca_data: data(&mut fields, "caData", problems),
    };
    fields.finish(problems);
    Some(read)
}

fn data(fields: &mut Fields<'_>, name: &'static str, problems: &mut Problems<'_>) -> Vec<u8> {
    let text = fields.string(name, problems).unwrap_or_default();
    decoded(text, name, problems)
}

/// Like [`data`], and no problem repeats what is written.
fn private_data(fields: &mut Fields<'_>, name: &'static str, problems: &mut Problems<'_>) -> Vec<u8> {
    match fields.value(name) {
        None => Vec::new(),
        Some(Value::String(text)) => decoded(text, name, problems),
        Some(_) => decoded("-", name, problems),
    }
}

fn decoded(text: &str, name: &'static str, problems: &mut Problems<'_>) -> Vec<u8> {
    base64::decode(text).unwrap_or_else(|| {
        problems.field(name).report("must be PEM encoded as base64, as base64 -w0 prints it");
        Vec::new()
    })
}
