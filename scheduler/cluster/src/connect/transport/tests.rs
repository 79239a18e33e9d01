//! Ways to a server that shows a certificate which only its own kubeconfig trusts.

use std::net::SocketAddr;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Method, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use kube::config::KubeConfigOptions;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;

/// Requests as they came: method, target, protocol, credentials.
type Seen = Arc<Mutex<Vec<String>>>;

/// A certificate for this machine that nobody signed, in PEM, and a server's end of TLS with it.
fn own_certificate(alpn: &[&str]) -> (String, TlsAcceptor) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_string()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = key.serialize_der().try_into().unwrap();
    let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    (certificate.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// Serves every connection with `answer`, behind TLS where there is an acceptor.
async fn serve<A, F>(tls: Option<TlsAcceptor>, answer: A) -> SocketAddr
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<Full<Bytes>>, hyper::Error>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, service) = (tls.clone(), service_fn(answer.clone()));
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = match tls {
                    None => builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await,
                    Some(tls) => {
                        let Ok(stream) = tls.accept(stream).await else { return };
                        builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await
                    }
                };
            });
        }
    });
    address
}

fn note(seen: &Seen, request: &Request<Incoming>) {
    let header = |name| request.headers().get(name).map_or("", |v| v.to_str().unwrap());
    let (method, target, version) = (request.method(), request.uri(), request.version());
    let target = if request.method() == Method::CONNECT { "" } else { target.path() };
    let credentials = [header(header::AUTHORIZATION), header(header::PROXY_AUTHORIZATION)].concat();
    seen.lock().unwrap().push(format!("{method} {target} {version:?} {credentials}").trim_end().to_string());
}

/// An API server that knows its version.
async fn api_server(tls: TlsAcceptor, seen: Seen) -> SocketAddr {
    let version = r#"{"major": "1", "minor": "36", "gitVersion": "v1.36.0", "gitCommit": "", "gitTreeState": "",
                      "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}"#;
    let answer = move |request| {
        note(&seen, &request);
        async move { Ok(Response::new(Full::from(version))) }
    };
    serve(Some(tls), answer).await
}

/// A proxy that makes tunnels.
async fn tunnels(tls: Option<TlsAcceptor>, seen: Seen) -> SocketAddr {
    let answer = move |request: Request<Incoming>| {
        note(&seen, &request);
        async move {
            let target = request.uri().authority().unwrap().to_string();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(target).await.unwrap();
                let mut client = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
            Ok(Response::new(Full::default()))
        }
    };
    serve(tls, answer).await
}

/// A kubeconfig's parts beside the server.
#[derive(Clone, Copy)]
struct Way {
    /// The proxy, and whether it is spoken to over TLS.
    proxy: Option<bool>,
    user: fn() -> Value,
    /// Protocols that the server offers.
    alpn: &'static [&'static str],
}

fn token() -> Value {
    json!({ "token": "t" })
}

/// A program that says who we are.
fn plugin() -> Value {
    let version = "client.authentication.k8s.io/v1";
    let said = json!({ "apiVersion": version, "kind": "ExecCredential", "status": { "token": "t" } });
    let exec = json!({
        "apiVersion": version, "command": "sh", "args": ["-c", format!("echo '{said}'")],
        "interactiveMode": "Never",
    });
    json!({ "exec": exec })
}

async fn ask(way: Way, trust: bool) -> (Result<String, String>, Vec<String>) {
    let seen = Seen::default();
    let (certificate, acceptor) = own_certificate(way.alpn);
    let server = api_server(acceptor.clone(), Arc::clone(&seen)).await;
    let (other, _) = own_certificate(&[]);
    let trusted = if trust { certificate } else { other };
    let mut cluster = json!({
        "server": format!("https://{server}"),
        "certificate-authority-data": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, trusted),
    });
    if let Some(is_secure) = way.proxy {
        let proxy = tunnels(is_secure.then_some(acceptor), Arc::clone(&seen)).await;
        let scheme = if is_secure { "https" } else { "http" };
        cluster["proxy-url"] = format!("{scheme}://me:secret@{proxy}").into();
    }
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{ "name": "c", "cluster": cluster }],
        "users": [{ "name": "c", "user": (way.user)() }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "c" } }],
    });
    let read = serde_json::from_value(kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.unwrap();
    let found = Found { config, origin: "a test".to_string() };
    let client = client(&found, None, Liveness::default()).unwrap();
    let version = client.apiserver_version().await.map(|info| info.git_version).map_err(|e| chain(&e));
    let seen = seen.lock().unwrap().clone();
    (version, seen)
}

async fn check(way: Way, want: &[&str]) {
    assert_eq!(
        ask(way, true).await,
        (Ok("v1.36.0".to_string()), want.iter().map(ToString::to_string).collect())
    );
    let (refused, seen) = ask(way, false).await;
    assert!(refused.unwrap_err().contains("invalid peer certificate"));
    assert!(seen.iter().all(|line| line.starts_with("CONNECT")), "{seen:?}");
}

const H2: &[&str] = &["h2", "http/1.1"];
/// `me:secret`.
const CONNECT: &str = "CONNECT  HTTP/1.1 Basic bWU6c2VjcmV0";
const OVER_2: &str = "GET /version HTTP/2.0 Bearer t";

#[tokio::test]
async fn the_servers_own_certificate_is_trusted_on_every_way_to_it() {
    for user in [token, plugin] {
        check(Way { proxy: None, user, alpn: H2 }, &[OVER_2]).await;
        check(Way { proxy: Some(false), user, alpn: H2 }, &[CONNECT, OVER_2]).await;
    }
    let old = Way { proxy: Some(false), user: token, alpn: &[] };
    check(old, &[CONNECT, "GET /version HTTP/1.1 Bearer t"]).await;
}

#[tokio::test]
async fn a_proxy_may_be_spoken_to_over_tls() {
    check(Way { proxy: Some(true), user: token, alpn: H2 }, &[CONNECT, OVER_2]).await;
}
