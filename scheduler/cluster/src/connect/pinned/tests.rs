//! An API server that forwards one port of one pod, as the real one does: a WebSocket with the subprotocol `v4.channel.k8s.io`, two
//! channels for the port, and in each first the port's number.

use std::sync::Mutex;

use futures::{SinkExt, StreamExt};
use http::Method;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::*;
use crate::call::{Caller, Content};

/// What the kubelet does with the port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kubelet {
    Forwards,
    /// Nothing listens there.
    Refuses,
}

/// A scheduler that says `ok` over TLS. What it is sent goes to `heard`.
async fn scheduler(stream: impl AsyncRead + AsyncWrite + Unpin, tls: TlsAcceptor, heard: Arc<Mutex<String>>) {
    let Ok(mut stream) = tls.accept(stream).await else { return };
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).await.unwrap();
    heard.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

struct World {
    found: Found,
    certificate: CertificateDer<'static>,
    heard: Arc<Mutex<String>>,
    /// Path and query of what the API server was asked.
    asked: Arc<Mutex<Vec<String>>>,
    scheduler: std::net::SocketAddr,
}

fn acceptor() -> (TlsAcceptor, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["some-pod".to_string()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.der().clone())
}

async fn world(kubelet: Kubelet) -> World {
    let (tls, certificate) = acceptor();
    let (heard, asked) = (Arc::<Mutex<String>>::default(), Arc::<Mutex<Vec<String>>>::default());
    let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let direct = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let scheduler_address = direct.local_addr().unwrap();
    let mut config = Config::new(format!("http://{}", api.local_addr().unwrap()).parse().unwrap());
    config.auth_info.token = Some("secret".to_string().into());
    let (to, acceptor, seen) = (heard.clone(), tls.clone(), asked.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = api.accept().await {
            tokio::spawn(forward(stream, kubelet, acceptor.clone(), to.clone(), seen.clone()));
        }
    });
    let to = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = direct.accept().await {
            tokio::spawn(scheduler(stream, tls.clone(), to.clone()));
        }
    });
    let found = Found { config, origin: "test".to_string() };
    World { found, certificate, heard, asked, scheduler: scheduler_address }
}

/// One connection to the API server.
#[expect(clippy::result_large_err, reason = "the library's callback returns this")]
async fn forward(
    stream: TcpStream,
    kubelet: Kubelet,
    tls: TlsAcceptor,
    heard: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let check = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        asked.lock().unwrap().push(request.uri().to_string());
        let header = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap().to_string());
        if header("authorization").as_deref() != Some("Bearer secret")
            || !request.uri().path().contains("/known/")
        {
            let status = r#"{"kind":"Status","code":403,"reason":"Forbidden","message":"pods is forbidden"}"#;
            let mut refused = ErrorResponse::new(Some(status.to_string()));
            *refused.status_mut() = StatusCode::FORBIDDEN;
            return Err(refused);
        }
        let protocols = header("sec-websocket-protocol").unwrap();
        assert!(protocols.contains("v4.channel.k8s.io"), "{protocols}");
        response.headers_mut().insert("sec-websocket-protocol", "v4.channel.k8s.io".parse().unwrap());
        Ok(response)
    };
    let Ok(socket) = tokio_tungstenite::accept_hdr_async(stream, check).await else { return };
    let (mut to_client, mut from_client) = socket.split();
    let frame = |channel: u8, bytes: &[u8]| Message::binary([&[channel], bytes].concat());
    for channel in [0, 1] {
        to_client.send(frame(channel, &10259_u16.to_le_bytes())).await.unwrap();
    }
    if kubelet == Kubelet::Refuses {
        to_client.send(frame(1, b"connection refused\n")).await.unwrap();
        let _ = to_client.close().await;
        return;
    }
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(scheduler(far, tls, heard));
    let (mut read, mut write) = tokio::io::split(near);
    let down = async {
        let mut buffer = [0; 1000];
        while let Ok(count @ 1..) = read.read(&mut buffer).await {
            if to_client.send(frame(0, &buffer[..count])).await.is_err() {
                return;
            }
        }
        let _ = to_client.close().await;
    };
    let up = async {
        while let Some(Ok(message)) = from_client.next().await {
            if let Message::Binary(bytes) = message {
                assert_eq!(bytes[0], 0, "the error channel is the server's");
                if write.write_all(&bytes[1..]).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::join!(down, up);
}

fn forwarded(namespace: &str) -> Way {
    Way::Forwarded { namespace: namespace.into(), pod: "longshore-1".into(), port: 10259 }
}

async fn ask(world: &World, way: &Way, certificate: Fingerprint) -> Result<String, String> {
    let caller = Caller::new(pinned(&world.found, way, certificate).unwrap());
    let caller = caller.within(std::time::Duration::from_secs(10)).impatient();
    let answer = caller.call(Method::GET, "/debug/decisions/a/b", Content::Json, bytes::Bytes::new()).await;
    answer.map(|a| String::from_utf8_lossy(&a).into_owned()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_port_of_a_pod_is_reached_through_the_api_server() {
    let world = world(Kubelet::Forwards).await;
    let right = Fingerprint::of(&world.certificate);
    assert_eq!(ask(&world, &forwarded("known"), right).await.unwrap(), "ok");
    let heard = world.heard.lock().unwrap().to_lowercase();
    assert!(heard.starts_with("get /debug/decisions/a/b ") && heard.contains("bearer secret"), "{heard}");
    let asked = world.asked.lock().unwrap().clone();
    assert_eq!(asked, ["/api/v1/namespaces/known/pods/longshore-1/portforward?&ports=10259"]);
}

#[tokio::test]
async fn nothing_is_sent_to_whoever_shows_another_certificate() {
    let world = world(Kubelet::Forwards).await;
    let wrong = Fingerprint::of(b"another");
    let direct = Way::Direct(format!("https://{}", world.scheduler).parse().unwrap());
    for way in [&direct, &forwarded("known")] {
        let error = ask(&world, way, wrong).await.unwrap_err();
        assert!(error.contains("as the Lease says"), "{error}");
    }
    assert_eq!(*world.heard.lock().unwrap(), "");
    assert_eq!(ask(&world, &direct, Fingerprint::of(&world.certificate)).await.unwrap(), "ok");
}

#[tokio::test]
async fn why_a_port_cannot_be_forwarded_is_told() {
    let refusing = world(Kubelet::Refuses).await;
    let error = ask(&refusing, &forwarded("known"), Fingerprint::of(b"")).await.unwrap_err();
    assert!(error.contains("connection refused"), "{error}");
    let world = world(Kubelet::Forwards).await;
    let error = ask(&world, &forwarded("unknown"), Fingerprint::of(b"")).await.unwrap_err();
    assert!(error.contains("pods is forbidden"), "{error}");
}
