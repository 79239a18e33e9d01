//! What a bad network does, between a scheduler and the API server: a proxy on a port of this machine that delays bytes,
//! swallows them, or breaks connections, switched while it runs.
//!
//! [`Proxy`] passes bytes on and knows nothing of what they say: TLS goes through it untouched, and a delay concerns all
//! that shares a connection. [`Gateway`] speaks plain HTTP/1.1 to the scheduler and knows one request from another: it delays
//! the events of watches alone, and answers in place of the API server. [`Tunnels`] are what a kubeconfig calls a proxy.

mod gateway;
mod pipe;
mod tunnels;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use self::gateway::{Gateway, Rule};
pub use self::tunnels::Tunnels;
use super::runtime::{block_on, handle};
use super::{ControlPlane, kubeconfig};

/// How late bytes arrive: `fixed`, and up to `random` more by chance. Their order stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// Always.
    pub fixed: Duration,
    /// At most, each time anew.
    pub random: Duration,
}

impl Delay {
    /// None.
    pub const NONE: Self = Self { fixed: Duration::ZERO, random: Duration::ZERO };

    /// Always this long.
    pub fn fixed(delay: Duration) -> Self {
        Self { fixed: delay, ..Self::NONE }
    }

    /// Anything up to `most`.
    pub fn up_to(most: Duration) -> Self {
        Self { random: most, ..Self::NONE }
    }

    /// One throw of the dice.
    fn draw(self) -> Duration {
        use std::hash::{BuildHasher, RandomState};
        // A new hasher has new keys each time: chance without a generator.
        let chance = RandomState::new().hash_one(0) as u32;
        self.fixed + self.random.mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the scheduler to the API server.
    ToServer,
    /// From the API server to the scheduler.
    ToClient,
}

/// What happens to connections.
#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    to_server: Delay,
    to_client: Delay,
    /// Connections stay open, new ones are accepted, and no byte gets through.
    is_hole: bool,
    /// New connections are closed at once.
    is_closed: bool,
    /// Connections that were made when this was less are broken.
    generation: u64,
}

/// A TCP proxy. Ends, with all its connections, when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    faults: Arc<watch::Sender<Faults>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// In front of the API server of `plane`. Passes everything on until told otherwise.
    pub fn start(plane: &ControlPlane) -> Self {
        Self::before(([127, 0, 0, 1], plane.port).into())
    }

    /// In front of whoever listens on `server`.
    pub fn before(server: SocketAddr) -> Self {
        let listener = block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let faults = Arc::new(watch::Sender::new(Faults::default()));
        let accepting = handle().spawn(accept(listener, server, Arc::clone(&faults)));
        Self { address, faults, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes that go that way are late from now on.
    pub fn delay(&self, direction: Direction, delay: Delay) {
        self.change(|faults| match direction {
            Direction::ToServer => faults.to_server = delay,
            Direction::ToClient => faults.to_client = delay,
        });
    }

    /// Swallows everything in both directions, without closing a connection, until switched off. What was swallowed never
    /// arrives: the connections that were open meanwhile are of no more use.
    pub fn black_hole(&self, on: bool) {
        self.change(|faults| faults.is_hole = on);
    }

    /// Breaks every connection; new ones are served as before.
    pub fn cut(&self) {
        self.change(|faults| faults.generation += 1);
    }

    /// Breaks every connection, and new ones as soon as they come, until switched off.
    pub fn close(&self, on: bool) {
        self.change(|faults| {
            faults.is_closed = on;
            faults.generation += u64::from(on);
        });
    }

    /// A kubeconfig of `user` that goes through the proxy; returns its path.
    #[track_caller]
    pub fn kubeconfig_file(&self, plane: &ControlPlane, user: &str) -> PathBuf {
        let server = format!("https://{}", self.address);
        let document =
            kubeconfig::kubeconfig(&server, plane.authority(), json!({ "token": plane.token(user) }));
        let path = plane.file(&format!("proxy-{}.kubeconfig", self.address.port()));
        kubeconfig::write(&path, &document);
        path
    }

    fn change(&self, change: impl FnOnce(&mut Faults)) {
        self.faults.send_modify(change);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.close(true);
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, faults: Arc<watch::Sender<Faults>>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let faults = faults.subscribe();
        if !faults.borrow().is_closed {
            tokio::spawn(serve(client, server, faults));
        }
    }
}

/// One connection, until one side closes it or it is broken.
async fn serve(client: TcpStream, server: SocketAddr, faults: watch::Receiver<Faults>) {
    let generation = faults.borrow().generation;
    // Who stands before a server that is not there closes, as a load balancer does.
    let Ok(upstream) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = upstream.into_split();
    let mut cut = faults.clone();
    tokio::select! {
        () = pipe::pass(from_client, to_server, Direction::ToServer, faults.clone()) => {}
        () = pipe::pass(from_server, to_client, Direction::ToClient, faults.clone()) => {}
        _ = cut.wait_for(|faults| faults.generation > generation) => {}
    }
}

#[cfg(test)]
mod tests;
