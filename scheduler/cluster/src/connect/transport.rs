//! The connection: TCP, through a proxy where the kubeconfig names one, then TLS, and HTTP/2 where the server speaks it.

use std::sync::Arc;

use http::header::USER_AGENT;
use http::{HeaderValue, Request, Uri};
use hyper::rt::{Read, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ConfigExt};
use kube::{Client, Config};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::{CertificateDer, ServerName};
use tower::{BoxError, Service, ServiceBuilder};

use super::liveness::LivenessLayer;
use super::proxy::Proxy;
use super::{ConnectError, Found, Liveness, chain};
use crate::requests::{MeasureLayer, RequestMeter};
use crate::tls;

/// What the API server may send on one stream ahead of us: a burst of watch events must not wait for window updates.
const STREAM_WINDOW: u32 = 4 << 20;
/// The same for all streams of a connection.
const CONNECTION_WINDOW: u32 = 16 << 20;
/// Probes of an idle TCP connection that may go unanswered.
const PROBES: u32 = 3;

/// A client with a connection of its own; `meter` is told of every call, and `liveness` says how long silence may last.
/// HTTP/2 where the server speaks it, so that hundreds of requests in flight share one connection.
///
/// # Errors
/// Certificates, keys or tokens that cannot be used, and a proxy of a kind that is not known.
pub fn client(
    found: &Found,
    meter: Option<Arc<dyn RequestMeter>>,
    liveness: Liveness,
) -> Result<Client, ConnectError> {
    connected(found, Speaks::Http2, meter, liveness)
}

/// A client whose connections can become WebSockets.
///
/// # Errors
/// As before.
pub(super) fn upgrading(found: &Found) -> Result<Client, ConnectError> {
    connected(found, Speaks::Http1, None, Liveness::default())
}

/// What is spoken to the API server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    /// HTTP/2, or HTTP/1.1 to a server that does not speak it.
    Http2,
    /// HTTP/1.1.
    Http1,
}

fn connected(
    found: &Found,
    speaks: Speaks,
    meter: Option<Arc<dyn RequestMeter>>,
    liveness: Liveness,
) -> Result<Client, ConnectError> {
    let (proxy, config) = (Proxy::of(found)?, &found.config);
    let connect = || {
        let (tcp, tls) = (tcp(config, liveness), Tls::of(config)?.speaking(speaks));
        match proxy {
            None => stack(config, tls.over(tcp), meter, liveness),
            Some(proxy) if proxy.is_secure() => {
                stack(config, tls.over(proxy.tunnel(tls.to_proxy(tcp))), meter, liveness)
            }
            Some(proxy) => stack(config, tls.over(proxy.tunnel(tcp)), meter, liveness),
        }
    };
    connect()
        .map_err(|error| ConnectError::Credentials { origin: found.origin.clone(), message: chain(&error) })
}

pub(super) fn tcp(config: &Config, liveness: Liveness) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(config.connect_timeout.unwrap_or(liveness.connect)));
    // Where packets are lost the system notices, also on a connection that nobody uses at the moment.
    tcp.set_keepalive(Some(liveness.ping));
    tcp.set_keepalive_interval(Some(liveness.pong / PROBES));
    tcp.set_keepalive_retries(Some(PROBES));
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(liveness.ping + liveness.pong));
    tcp
}

/// Everything above the connection.
pub(super) fn stack<C>(
    config: &Config,
    connector: HttpsConnector<C>,
    meter: Option<Arc<dyn RequestMeter>>,
    liveness: Liveness,
) -> kube::Result<Client>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(liveness.ping)
        .http2_keep_alive_timeout(liveness.pong)
        .build::<_, Body>(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(meter.map(MeasureLayer::new))
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_request(signed)
        .layer(LivenessLayer::new(liveness))
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}

fn signed(mut request: Request<Body>) -> Request<Body> {
    const NAME: &str = concat!("longshore/", env!("CARGO_PKG_VERSION"));
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(NAME));
    request
}

/// Whom a server is believed to be, and who we are.
pub(super) struct Tls {
    config: ClientConfig,
    speaks: Speaks,
    /// The name that the server's certificate has to carry, where it is another than that of its URL.
    name: Option<ServerName<'static>>,
}

impl Tls {
    /// kube's, but that the server's own certificate may be the one that is trusted.
    pub(super) fn of(config: &Config) -> kube::Result<Self> {
        let mut tls = config.rustls_client_config()?;
        if let Some(trusted) = config.root_cert.as_ref().filter(|_| !config.accept_invalid_certs) {
            let trusted = trusted.iter().map(|der| CertificateDer::from(der.clone())).collect();
            let provider = Arc::clone(tls.crypto_provider());
            let verifier = tls::verifier(trusted, provider).map_err(|e| kube::Error::Service(e.into()))?;
            tls.dangerous().set_certificate_verifier(verifier);
        }
        let name = config.tls_server_name.clone().map(ServerName::try_from).transpose();
        let name = name.map_err(|error| kube::Error::Service(error.into()))?;
        Ok(Self { config: tls, speaks: Speaks::Http2, name })
    }

    fn speaking(self, speaks: Speaks) -> Self {
        Self { speaks, ..self }
    }

    /// The same, but that a server is believed to be whom `verifier` takes it for.
    pub(super) fn believing(
        mut self,
        verifier: impl FnOnce(Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier>,
    ) -> Self {
        let verifier = verifier(Arc::clone(self.config.crypto_provider()));
        self.config.dangerous().set_certificate_verifier(verifier);
        self
    }

    /// To the API server, over what `connector` connects.
    pub(super) fn over<C>(&self, connector: C) -> HttpsConnector<C> {
        match self.speaks {
            Speaks::Http2 => self.begin().enable_all_versions().wrap_connector(connector),
            Speaks::Http1 => self.begin().enable_http1().wrap_connector(connector),
        }
    }

    /// To a proxy, which is asked for a tunnel in HTTP/1.1. It is trusted as the API server is, as in client-go.
    fn to_proxy<C>(&self, connector: C) -> HttpsConnector<C> {
        self.begin().enable_http1().wrap_connector(connector)
    }

    fn begin(&self) -> HttpsConnectorBuilder<hyper_rustls::builderstates::WantsProtocols1> {
        let builder = HttpsConnectorBuilder::new().with_tls_config(self.config.clone()).https_or_http();
        match &self.name {
            Some(name) => builder.with_server_name_resolver(FixedServerNameResolver::new(name.clone())),
            None => builder,
        }
    }
}

#[cfg(test)]
mod tests;
