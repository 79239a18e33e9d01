use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A scheduler with a certificate for localhost that it signed itself. What it is sent goes to the channel.
struct Server {
    address: String,
    certificate: String,
    heard: mpsc::UnboundedReceiver<String>,
}

async fn server() -> Server {
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let (said, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap();
            said.send(String::from_utf8_lossy(&buffer[..count]).into_owned()).unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    Server { address, certificate: made.cert.pem(), heard }
}

/// A kubeconfig's user with a token, whose own API server is not verified.
fn found() -> Found {
    let mut config = kube::Config::new("https://api:6443".parse().unwrap());
    config.auth_info.token = Some("secret".to_string().into());
    config.accept_invalid_certs = true;
    Found { config, origin: "test".to_string() }
}

async fn asked(server: &Server, args: &ServerArgs) -> Result<String, String> {
    let scheduler = scheduler(&found(), args, &server.address).map_err(|e| e.to_string())?;
    get(&scheduler, "/livez").await.map_err(|e| remedy(&e).to_string())
}

#[tokio::test]
async fn a_token_goes_only_to_a_scheduler_that_is_verified() {
    let mut server = server().await;
    let unknown = asked(&server, &ServerArgs::default()).await.unwrap_err();
    assert!(unknown.contains("--server-ca"), "{unknown}");
    assert!(server.heard.try_recv().is_err(), "nothing was sent");

    let file = std::env::temp_dir().join(format!("longshore-ask-{}.crt", std::process::id()));
    std::fs::write(&file, &server.certificate).unwrap();
    let args = ServerArgs { server_ca: Some(file.clone()), ..ServerArgs::default() };
    assert_eq!(asked(&server, &args).await.unwrap(), "ok");
    let heard = server.heard.recv().await.unwrap().to_lowercase();
    assert!(heard.starts_with("get /livez") && heard.contains("authorization: bearer secret"), "{heard}");
    std::fs::remove_file(file).unwrap();

    let args = ServerArgs { insecure_skip_tls_verify: true, ..ServerArgs::default() };
    assert_eq!(asked(&server, &args).await.unwrap(), "ok");
}

#[test]
fn addresses_without_tls_and_bad_authorities_are_refused() {
    let refused = |address: &str, args: &ServerArgs| match scheduler(&found(), args, address) {
        Ok(_) => panic!("{address}"),
        Err(error) => error.to_string(),
    };
    let args = ServerArgs::default();
    assert!(refused("http://localhost:1", &args).contains("not sent in the clear"));
    assert!(refused("localhost:1", &args).contains("https"));
    assert!(refused("/livez", &args).contains("not a URL"));
    let args = ServerArgs { server_ca: Some("/nowhere.crt".into()), ..ServerArgs::default() };
    assert!(refused("https://localhost:1", &args).contains("/nowhere.crt: cannot be read"));
}
