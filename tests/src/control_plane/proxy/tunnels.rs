//! A proxy that makes tunnels, as `proxy-url` of a kubeconfig names one. Who asks has to say `CONNECT`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::super::runtime::{block_on, handle};

/// An HTTP proxy. Takes no new connections when dropped.
#[derive(Debug)]
pub struct Tunnels {
    address: SocketAddr,
    made: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Tunnels {
    /// To whatever is asked for.
    pub fn start() -> Self {
        let listener = block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let made = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&made);
        let accepting = handle().spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                tokio::spawn(serve(client, Arc::clone(&counted)));
            }
        });
        Self { address, made, accepting }
    }

    /// What stands under `proxy-url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many were made.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }
}

impl Drop for Tunnels {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection, until one side closes it or it asks for something else.
async fn serve(client: TcpStream, made: Arc<AtomicUsize>) {
    let mut client = BufReader::new(client);
    let Some(target) = asked(&mut client).await else { return };
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    made.fetch_add(1, Ordering::Relaxed);
    if client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_ok() {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

/// The `HOST:PORT` of a `CONNECT`, of which everything is read.
async fn asked(client: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = String::new();
    client.read_line(&mut first).await.ok()?;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if client.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
    }
    Some(first.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned())
}
