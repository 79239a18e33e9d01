//! The port: connections in, one task each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use longshore_cluster::contact::Fingerprint;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::connection::{self, Shared};
use super::options::{Context, Options};
use super::room::{LIMITS, Room};
use super::tls::Tls;
use super::trust::Lookup;

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 1024;
/// Pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(20);
/// How often changed certificates are looked for.
const REFRESH: Duration = Duration::from_secs(30);
/// Time for answers under way when the server stops.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The SHA-256 of the certificate that it shows.
    pub certificate: watch::Receiver<Fingerprint>,
    task: JoinHandle<()>,
}

impl Server {
    /// Waits until the server has stopped, which the token given to [`start`] makes it do.
    pub async fn stopped(self) {
        // It ends in a panic or not at all; neither is news to whoever stops.
        let _ = self.task.await;
    }
}

/// Starts the server; `None` when `--secure-port` is 0. It stops when `stop` is cancelled.
///
/// # Errors
/// When the port is taken or the certificate cannot be used.
pub async fn start(
    options: Options,
    context: Context,
    stop: CancellationToken,
) -> anyhow::Result<Option<Server>> {
    if options.secure_port == 0 {
        return Ok(None);
    }
    listen(options, context, stop).await.map(Some)
}

/// The same where port 0 is any port that is free.
pub(super) async fn listen(
    options: Options,
    context: Context,
    stop: CancellationToken,
) -> anyhow::Result<Server> {
    let address = SocketAddr::new(options.bind_address, options.secure_port);
    let listener = open(address, options.permit_port_sharing).with_context(|| {
        format!("cannot listen on {address}: choose another --secure-port or --bind-address")
    })?;
    let address = listener.local_addr()?;
    let lookup = Lookup::new(&options.clients, context.reviewer.clone());
    let trust = lookup.first().await?;
    let tls = Tls::new(&options.certificate, &options.tls, names(&options), trust)?;
    let certificate = tls.fingerprint();
    let shared = Shared::new(options, context, tls);
    tracing::info!(%address, "Serving securely");
    let task = tokio::spawn(run(listener, shared, lookup, stop));
    Ok(Server { address, certificate, task })
}

fn open(address: SocketAddr, shared: bool) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // The port of a process that has just ended may be taken at once.
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(shared)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The names that a certificate of our own is valid for.
fn names(options: &Options) -> Vec<String> {
    let mut names = vec!["localhost".to_string(), "127.0.0.1".to_string()];
    if !options.bind_address.is_unspecified() && !options.bind_address.is_loopback() {
        names.push(options.bind_address.to_string());
    }
    names.extend(std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty() && name.is_ascii()));
    names
}

async fn run(listener: TcpListener, shared: Shared, lookup: Lookup, stop: CancellationToken) {
    let (mut tasks, room) = (JoinSet::new(), Room::new(LIMITS));
    tasks.spawn(refresh(Arc::clone(&shared.tls), lookup, stop.clone()));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
            // Whoever is done is forgotten.
            Some(_) = tasks.join_next() => continue,
        };
        match accepted {
            Ok((stream, from)) => {
                let seat = room.enter(from.ip());
                tasks.spawn(connection::serve(stream, seat, shared.clone(), stop.clone()));
            }
            Err(error) => {
                // Out of files, most likely.
                tracing::warn!(err = %error, "A connection cannot be accepted; an older one is closed");
                room.make_way();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    // Whoever is not done by then is cut off.
    let _ = tokio::time::timeout(SHUTDOWN, async { while tasks.join_next().await.is_some() {} }).await;
}

/// Looks for changed certificates now and then.
async fn refresh(tls: Arc<Tls>, lookup: Lookup, stop: CancellationToken) {
    let mut said = String::new();
    loop {
        let trust = tokio::select! {
            () = stop.cancelled() => return,
            trust = lookup.newest() => trust,
        };
        let held = Arc::clone(&tls);
        match tokio::task::spawn_blocking(move || held.refresh(trust)).await {
            Ok(Ok(true)) => tracing::info!("Took in changed certificates"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => {
                let error = format!("{error:#}");
                if error != said {
                    tracing::error!(err = error, "Changed certificates cannot be used; the old ones stay");
                }
                said = error;
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REFRESH) => {}
        }
    }
}
