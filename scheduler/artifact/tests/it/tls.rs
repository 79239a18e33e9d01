//! Encryption: whom a fetcher trusts, and that it stays encrypted.

use std::path::Path;
use std::sync::Arc;

use longshore_artifact::Fetcher;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::{FILE, fetch, options, refused};

/// A server of `answer` for `localhost` that signed its own certificate, which is written to `certificate`.
async fn start(answer: &'static str, certificate: &Path) -> u16 {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(certificate, signed.cert.pem()).unwrap();
    let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let body = if answer.starts_with("200") { FILE } else { b"" };
            let head =
                format!("HTTP/1.1 {answer}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

#[tokio::test]
async fn only_known_authorities_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let port = start("200 OK", &ca).await;
    let url = format!("https://localhost:{port}/a.wasm");
    refused(fetch(&Fetcher::new(options(None)), &url, Some(FILE)).await, &[&url, "certificate"]);
    let mut trusting = options(None);
    trusting.ca_file = Some(ca.clone());
    assert_eq!(fetch(&Fetcher::new(trusting.clone()), &url, Some(FILE)).await.unwrap().bytes, FILE);
    let by_address = format!("https://127.0.0.1:{port}/a.wasm");
    refused(fetch(&Fetcher::new(trusting.clone()), &by_address, Some(FILE)).await, &["certificate"]);
    std::fs::write(&ca, "none").unwrap();
    refused(fetch(&Fetcher::new(trusting), &url, Some(FILE)).await, &["ca.pem", "holds no certificate"]);
}

#[tokio::test]
async fn what_began_encrypted_stays_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let port = start("302 Found\r\nLocation: http://127.0.0.1:9/a.wasm", &ca).await;
    let mut trusting = options(None);
    trusting.ca_file = Some(ca);
    let fetched =
        fetch(&Fetcher::new(trusting), &format!("https://localhost:{port}/a.wasm"), Some(FILE)).await;
    refused(fetched, &["redirects to http://127.0.0.1:9/a.wasm, which is not encrypted"]);
}
