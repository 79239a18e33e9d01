//! One direction of one connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::{Delay, Direction, Faults};

/// Pieces that may be on their way: a slow network holds no more of a fast server's bytes.
const UNDER_WAY: usize = 1024;

/// Passes bytes on until one side ends. What is late does not hold up the reading of what comes behind it.
pub(super) async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    direction: Direction,
    faults: watch::Receiver<Faults>,
) {
    let (queue, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let reading = async {
        let mut due = Instant::now();
        let mut buffer = vec![0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            // In order: nothing overtakes.
            due = due.max(Instant::now() + delay(&faults, direction).draw());
            if queue.send((due, buffer[..length].to_vec())).await.is_err() {
                return;
            }
        }
        drop(queue);
    };
    let writing = async {
        while let Some((due, piece)) = arriving.recv().await {
            tokio::time::sleep_until(due).await;
            if !faults.borrow().is_hole && to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::pin!(reading, writing);
    tokio::select! {
        // What was read before the end still arrives.
        () = &mut reading => writing.await,
        () = &mut writing => {}
    }
}

fn delay(faults: &watch::Receiver<Faults>, direction: Direction) -> Delay {
    let faults = faults.borrow();
    match direction {
        Direction::ToServer => faults.to_server,
        Direction::ToClient => faults.to_client,
    }
}
