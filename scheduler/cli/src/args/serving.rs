//! The flags of the HTTPS server: those of kube-scheduler's secure serving, authentication and authorization.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use longshore_cluster::review::{RequestHeader, Ttl};
use longshore_service::options::ReviewOptions;
use longshore_service::serve;

use super::values::{duration, go_bool};

/// The HTTPS server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "HTTPS server")]
pub struct ServingArgs {
    /// Address to listen on
    #[arg(long, value_name = "IP", default_value = "0.0.0.0")]
    pub bind_address: IpAddr,
    /// Port to listen on; 0: no server
    #[arg(long, value_name = "PORT", default_value_t = serve::PORT)]
    pub secure_port: u16,
    /// Other processes may listen on the port too (SO_REUSEPORT)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set, value_parser = go_bool)]
    pub permit_port_sharing: bool,
    /// Certificate, with its chain, in PEM; a self-signed one is made when none is given
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// Private key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    pub tls_private_key_file: Option<PathBuf>,
    /// Directory with tls.crt and tls.key, as a TLS Secret has them, or kube-scheduler.crt and kube-scheduler.key, for when
    /// the two flags above are not given
    #[arg(long, value_name = "DIR")]
    pub cert_dir: Option<PathBuf>,
    /// Oldest version of TLS that is spoken: VersionTLS12 or VersionTLS13
    #[arg(long, value_name = "VERSION")]
    pub tls_min_version: Option<String>,
    /// Cipher suites for TLS 1.2, by Go's names
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub tls_cipher_suites: Vec<String>,
    /// Key exchanges, by Go's numbers: 29 (X25519), 23 (CurveP256), 24 (CurveP384)
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    pub tls_curve_preferences: Vec<u32>,
    /// Who asks.
    #[command(flatten)]
    pub authentication: AuthenticationArgs,
    /// Whether he may.
    #[command(flatten)]
    pub authorization: AuthorizationArgs,
}

/// How it is found out who asks the HTTPS server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "HTTPS server: who asks")]
pub struct AuthenticationArgs {
    /// Kubeconfig for asking the API server whose a token is; without it the connection that scheduling uses
    #[arg(long, value_name = "FILE")]
    pub authentication_kubeconfig: Option<PathBuf>,
    /// How long it is remembered whose a token is
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub authentication_token_webhook_cache_ttl: Duration,
    /// Do not look up client CAs and front proxies in the cluster
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set, value_parser = go_bool)]
    pub authentication_skip_lookup: bool,
    /// Start although they cannot be looked up
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", action = ArgAction::Set, value_parser = go_bool)]
    pub authentication_tolerate_lookup_failure: bool,
    /// Who signs client certificates, in PEM: common name = user, organisations = groups. Without it the cluster's
    #[arg(long, value_name = "FILE")]
    pub client_ca_file: Option<PathBuf>,
    /// Who signs certificates of front proxies, in PEM. Without it the cluster's, with what the cluster says of headers
    #[arg(long, value_name = "FILE")]
    pub requestheader_client_ca_file: Option<PathBuf>,
    /// Common names of front proxies; any when not given
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub requestheader_allowed_names: Vec<String>,
    /// Headers with the user's name
    #[arg(long, value_name = "HEADERS", value_delimiter = ',', default_value = "x-remote-user")]
    pub requestheader_username_headers: Vec<String>,
    /// Headers with his UID
    #[arg(long, value_name = "HEADERS", value_delimiter = ',')]
    pub requestheader_uid_headers: Vec<String>,
    /// Headers with his groups
    #[arg(long, value_name = "HEADERS", value_delimiter = ',', default_value = "x-remote-group")]
    pub requestheader_group_headers: Vec<String>,
    /// What headers with more about him begin with
    #[arg(long, value_name = "PREFIXES", value_delimiter = ',', default_value = "x-remote-extra-")]
    pub requestheader_extra_headers_prefix: Vec<String>,
}

/// How it is found out whether somebody may read a page.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "HTTPS server: who may")]
pub struct AuthorizationArgs {
    /// Kubeconfig for asking the API server who may read what; without it the connection that scheduling uses
    #[arg(long, value_name = "FILE")]
    pub authorization_kubeconfig: Option<PathBuf>,
    /// Paths that need no authorization; a trailing * stands for everything below
    #[arg(long, value_name = "PATHS", value_delimiter = ',', default_value = "/healthz,/readyz,/livez")]
    pub authorization_always_allow_paths: Vec<String>,
    /// How long a yes is remembered
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub authorization_webhook_cache_authorized_ttl: Duration,
    /// How long a no is remembered
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub authorization_webhook_cache_unauthorized_ttl: Duration,
}

impl From<&ServingArgs> for serve::Options {
    fn from(args: &ServingArgs) -> Self {
        Self {
            bind_address: args.bind_address,
            secure_port: args.secure_port,
            permit_port_sharing: args.permit_port_sharing,
            certificate: serve::Certificate {
                cert_file: args.tls_cert_file.clone(),
                key_file: args.tls_private_key_file.clone(),
                directory: args.cert_dir.clone(),
            },
            tls: serve::TlsOptions {
                min_version: args.tls_min_version.clone(),
                cipher_suites: args.tls_cipher_suites.clone(),
                curves: args.tls_curve_preferences.clone(),
            },
            clients: (&args.authentication).into(),
            always_allow_paths: args.authorization.authorization_always_allow_paths.clone(),
        }
    }
}

impl From<&AuthenticationArgs> for serve::ClientOptions {
    fn from(args: &AuthenticationArgs) -> Self {
        Self {
            client_ca_file: args.client_ca_file.clone(),
            request_header_ca_file: args.requestheader_client_ca_file.clone(),
            request_header: RequestHeader {
                client_ca: String::new(),
                allowed_names: args.requestheader_allowed_names.clone(),
                username_headers: args.requestheader_username_headers.clone(),
                uid_headers: args.requestheader_uid_headers.clone(),
                group_headers: args.requestheader_group_headers.clone(),
                extra_headers_prefix: args.requestheader_extra_headers_prefix.clone(),
            },
            skip_lookup: args.authentication_skip_lookup,
            tolerate_lookup_failure: args.authentication_tolerate_lookup_failure,
        }
    }
}

impl From<&ServingArgs> for ReviewOptions {
    fn from(args: &ServingArgs) -> Self {
        Self {
            authentication_kubeconfig: args.authentication.authentication_kubeconfig.clone(),
            authorization_kubeconfig: args.authorization.authorization_kubeconfig.clone(),
            ttl: Ttl {
                token: args.authentication.authentication_token_webhook_cache_ttl,
                allowed: args.authorization.authorization_webhook_cache_authorized_ttl,
                denied: args.authorization.authorization_webhook_cache_unauthorized_ttl,
            },
        }
    }
}
