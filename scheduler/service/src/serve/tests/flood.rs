//! Probes while others hold hundreds of connections open.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{connect, exchange};
use super::*;
use crate::serve::connection::Shared;
use crate::serve::listen::Server;
use crate::serve::room::{LIMITS, Limits, Room};
use crate::serve::tls::Tls;
use crate::serve::trust::Trust;

/// More than one peer may have.
const CROWD: usize = 480;
/// Nobody waits for a probe for longer; the kubelet gives it a second by default, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that does nothing more: plain TCP, half a handshake, a whole one, or half a head.
async fn idler(address: SocketAddr, kind: usize) -> Box<dyn Send> {
    match kind % 4 {
        0 => Box::new(TcpStream::connect(address).await.unwrap()),
        1 => {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // A record of a handshake that says it has 512 bytes, and four of them.
            stream.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]).await.unwrap();
            Box::new(stream)
        }
        2 => Box::new(connect(address, None).await.unwrap()),
        _ => {
            let mut stream = connect(address, None).await.unwrap();
            stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
            Box::new(stream)
        }
    }
}

async fn server(stop: &CancellationToken) -> Server {
    let options = Options { secure_port: 0, bind_address: Ipv4Addr::LOCALHOST.into(), ..Options::default() };
    listen::listen(options, context(Standing::Leader), stop.clone()).await.unwrap()
}

async fn probe(address: SocketAddr) {
    let probe = async {
        let stream = connect(address, None).await.unwrap();
        exchange(stream, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await
    };
    let answer = timeout(PATIENCE, probe).await.expect("the probe got no answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_are_answered_beside_hundreds_of_idle_connections() {
    let stop = CancellationToken::new();
    let server = server(&stop).await;
    let mut crowd = Vec::new();
    for kind in 0..CROWD {
        crowd.push(idler(server.address, kind).await);
        if kind % 16 == 0 {
            probe(server.address).await;
        }
    }
    for _ in 0..20 {
        probe(server.address).await;
    }
    drop(crowd);
    stop.cancel();
    timeout(PATIENCE, server.stopped()).await.unwrap();
}

/// Whoever connects as fast as he can, from the address that the probes come from, locks nobody out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_are_answered_while_others_keep_connecting() {
    let stop = CancellationToken::new();
    let server = server(&stop).await;
    let address = server.address;
    let flood = tokio::spawn(async move {
        let mut held = std::collections::VecDeque::new();
        loop {
            if let Ok(stream) = TcpStream::connect(address).await {
                held.push_back(stream);
            }
            if held.len() > 300 {
                held.pop_front();
            }
        }
    });
    for _ in 0..20 {
        probe(address).await;
    }
    flood.abort();
    stop.cancel();
    timeout(PATIENCE, server.stopped()).await.unwrap();
}

/// A connection that is sent `bytes` and nothing more is closed by the server.
async fn check_closed(bytes: &[u8]) {
    let tls =
        Tls::new(&Certificate::default(), &TlsOptions::default(), vec!["localhost".into()], Trust::default());
    let shared = Shared::new(Options::default(), context(Standing::Leader), tls.unwrap());
    let (mut client, server) = duplex(1 << 16);
    client.write_all(bytes).await.unwrap();
    let limits = Limits { arriving: Duration::from_millis(50), ..LIMITS };
    let seat = Room::new(limits).enter(Ipv4Addr::LOCALHOST.into());
    let served = connection::serve(server, seat, shared, CancellationToken::new());
    timeout(PATIENCE, served).await.expect("the connection was left open");
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_ended() {
    check_closed(&[]).await;
    check_closed(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]).await;
    check_closed(b"GET /livez HTTP/1.1\r\n\r\n").await;
}
