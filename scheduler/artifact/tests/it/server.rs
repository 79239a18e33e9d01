//! A server that sends whatever bytes a test wants, and counts who comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server says to a request for `path`, the `count`-th of all, counted from 0.
pub(crate) type Answer = Arc<dyn Fn(&str, usize) -> Say + Send + Sync>;

/// What is said.
pub(crate) enum Say {
    /// These bytes, then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, then the same piece for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// These bytes, then nothing, with the connection open.
    Silence(Vec<u8>),
}

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) requests: Arc<AtomicUsize>,
}

impl Server {
    /// Starts one on a free port of this machine.
    pub(crate) async fn start(answer: impl Fn(&str, usize) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let (answer, count): (Answer, _) = (Arc::new(answer), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&count)));
            }
        });
        Self { port, requests }
    }

    /// The address of `path` here.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// How many requests came.
    pub(crate) fn count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, answer: Answer, count: Arc<AtomicUsize>) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        match stream.read(&mut piece).await {
            Ok(length) if length > 0 => request.extend_from_slice(&piece[..length]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let number = count.fetch_add(1, Ordering::SeqCst);
    match answer(path, number) {
        Say::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Say::Silence(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
        Say::Endless(bytes, piece) => {
            let _ = stream.write_all(&bytes).await;
            while stream.write_all(&piece).await.is_ok() {}
        }
    }
    let _ = stream.shutdown().await;
}

/// A whole answer with its true length.
pub(crate) fn whole(status: &str, headers: &str, body: &[u8]) -> Say {
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    Say::Bytes([head.as_bytes(), body].concat())
}

/// The beginning of an answer that announces `length` bytes.
pub(crate) fn announced(length: usize, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes(), body].concat()
}
