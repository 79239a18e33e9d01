//! Clients of a server whose certificate is known: directly, or through the API server to a port of its pod.
//!
//! The port is forwarded as kubectl does it, by a WebSocket to the pod's `portforward`. TLS runs inside, so neither the API server
//! nor the kubelet reads what is said.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, Config};
use longshore_framework::Str;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tower::{BoxError, Service};

use super::transport::{self, Tls};
use super::{ConnectError, Found, Liveness, chain, in_words};
use crate::contact::Fingerprint;
use crate::tls;

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// At this URL, with https.
    Direct(Uri),
    /// Through the API server.
    Forwarded {
        /// Namespace of the server's pod.
        namespace: Str,
        /// The pod.
        pod: Str,
        /// Its port.
        port: u16,
    },
}

/// A client of the server with this certificate, and of no other, with the credentials of `found`. Nothing is sent before the server
/// has shown the certificate and that it has its key.
///
/// # Errors
/// Certificates, keys or tokens that cannot be used, and a proxy of a kind that is not known.
pub fn pinned(found: &Found, way: &Way, certificate: Fingerprint) -> Result<Client, ConnectError> {
    let credentials = |error: kube::Error| ConnectError::Credentials {
        origin: found.origin.clone(),
        message: chain(&error),
    };
    let mut config = found.config.clone();
    // The certificate says it all: no authority is asked, and no name compared.
    (config.accept_invalid_certs, config.tls_server_name) = (true, None);
    (config.root_cert, config.root_cert_file, config.proxy_url) = (None, None, None);
    match way {
        Way::Direct(url) => {
            config.cluster_url = url.clone();
            let tcp = transport::tcp(&config, Liveness::default());
            over(&config, tcp, certificate).map_err(credentials)
        }
        Way::Forwarded { namespace, pod, port } => {
            config.cluster_url = format!("https://localhost:{port}").parse().unwrap_or_default();
            let api = transport::upgrading(found)?;
            let (namespace, pod, port) = (Arc::clone(namespace), Arc::clone(pod), *port);
            over(&config, Forward { api, namespace, pod, port }, certificate).map_err(credentials)
        }
    }
}

fn over<C>(config: &Config, connector: C, certificate: Fingerprint) -> kube::Result<Client>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let tls = Tls::of(config)?.believing(|provider| tls::pinned(certificate, provider));
    transport::stack(config, tls.over(connector), None, Liveness::default())
}

/// Connects to a port of a pod.
#[derive(Clone)]
struct Forward {
    api: Client,
    namespace: Str,
    pod: Str,
    port: u16,
}

impl Service<Uri> for Forward {
    type Response = TokioIo<Forwarded>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { api, namespace, pod, port } = self.clone();
        async move {
            let pods: Api<Pod> = Api::namespaced(api, &namespace);
            let asked = pods.portforward(&pod, &[port]).await;
            let mut forwarder = asked.map_err(|error| in_words(&error))?;
            let stream = forwarder.take_stream(port).ok_or("the port was not forwarded")?;
            let failure: Failure = match forwarder.take_error(port) {
                Some(failure) => failure.boxed(),
                None => std::future::ready(None).boxed(),
            };
            Ok(TokioIo::new(Forwarded { stream, failure: Some(failure) }))
        }
        .boxed()
    }
}

/// Resolves to why the port cannot be used, or to nothing when it was closed.
type Failure = BoxFuture<'static, Option<String>>;

/// A connection to a port of a pod. When it ends, the kubelet may have said why.
struct Forwarded {
    stream: DuplexStream,
    failure: Option<Failure>,
}

impl Connection for Forwarded {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Forwarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            return Poll::Ready(Ok(()));
        }
        let Some(failure) = &mut self.failure else { return Poll::Ready(Ok(())) };
        let why = ready!(failure.as_mut().poll(cx));
        self.failure = None;
        Poll::Ready(match why {
            Some(why) => Err(io::Error::other(format!("the port cannot be forwarded: {}", why.trim()))),
            None => Ok(()),
        })
    }
}

impl AsyncWrite for Forwarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
