//! Who is connected, and who has to leave when it gets too full.
//!
//! Everybody who connects is let in, so that a probe always is. What is limited is how many stay: when a peer, or all
//! together, have too many connections, the one is closed on which nothing has happened for the longest. A newcomer is
//! never the one. Whoever floods the port therefore closes connections of his own, and a probe from the same address
//! only has to be done before so many others have come as far as it has.
//!
//! Connections that have not even said hello are counted apart: to open them costs next to nothing, so there may be many,
//! and they push out nobody but each other.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What may be there at one time. One that has not said hello makes us hold a record of 64 KiB at the most, any other a head
/// and an answer of 48 KiB each and two TLS records, less than 160 KiB: 64 MiB in all. An idle connection takes some
/// 20 KiB. The pages that are being read come on top, each by somebody who may read it.
pub(super) const LIMITS: Limits = Limits {
    silent: Most { all: 384, per_peer: 256 },
    speaking: Most { all: 256, per_peer: 192 },
    arriving: Duration::from_secs(10),
    answering: Duration::from_secs(60),
    resting: Duration::from_secs(90),
};

/// How often a connection looks at its clock.
const LOOK: Duration = Duration::from_secs(1);

/// How many connections there may be, and how long each phase may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Those that have not said hello.
    pub(super) silent: Most,
    /// All others.
    pub(super) speaking: Most,
    pub(super) arriving: Duration,
    pub(super) answering: Duration,
    pub(super) resting: Duration,
}

/// A number of connections: of all peers, and of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    pub(super) all: usize,
    pub(super) per_peer: usize,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It is there, and says nothing.
    Silent,
    /// It has said hello; the rest of the handshake and the first request are awaited.
    Arriving,
    /// A request is being answered.
    Answering,
    /// Answered; perhaps there will be another request.
    Resting,
}

impl Limits {
    fn patience(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Silent | Phase::Arriving => self.arriving,
            Phase::Answering => self.answering,
            Phase::Resting => self.resting,
        }
    }
}

/// All connections.
#[derive(Debug)]
pub(super) struct Room {
    limits: Limits,
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    next: u64,
    taken: HashMap<u64, Taken>,
}

#[derive(Debug)]
struct Taken {
    peer: IpAddr,
    phase: Phase,
    since: Instant,
    leave: CancellationToken,
}

/// The place of one connection; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    room: Arc<Room>,
    number: u64,
    leave: CancellationToken,
}

impl Room {
    /// Empty.
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, seats: Mutex::default() })
    }

    /// Lets a connection from `address` in. Another one that is silent may have to leave for it.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Seat {
        let (peer, leave) = (peer(address), CancellationToken::new());
        let mut seats = self.seats();
        seats.make_way(peer, self.limits.silent, is_silent);
        let number = seats.next;
        seats.next += 1;
        let taken = Taken { peer, phase: Phase::Silent, since: Instant::now(), leave: leave.clone() };
        seats.taken.insert(number, taken);
        drop(seats);
        Seat { room: Arc::clone(self), number, leave }
    }

    /// Closes a connection, so that there is a file for the next one.
    pub(super) fn make_way(&self) {
        self.seats().turn_out_of_the_largest(|_| true);
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    /// Makes way for one more connection of `peer` among those of a kind.
    fn make_way(&mut self, peer: IpAddr, most: Most, of_kind: fn(&Taken) -> bool) {
        let alike = || self.taken.values().filter(|taken| of_kind(taken));
        if alike().filter(|taken| taken.peer == peer).count() >= most.per_peer {
            self.turn_out(|taken| of_kind(taken) && taken.peer == peer);
        } else if alike().count() >= most.all {
            self.turn_out_of_the_largest(of_kind);
        }
    }

    /// Of the peers with the most connections of a kind.
    fn turn_out_of_the_largest(&mut self, of_kind: fn(&Taken) -> bool) {
        let mut held: HashMap<IpAddr, usize> = HashMap::new();
        for taken in self.taken.values().filter(|taken| of_kind(taken)) {
            *held.entry(taken.peer).or_default() += 1;
        }
        let most = held.values().copied().max().unwrap_or_default();
        self.turn_out(|taken| of_kind(taken) && held.get(&taken.peer) == Some(&most));
    }

    /// The connection on which nothing has happened for the longest. Which phase it is in does not matter beyond its kind:
    /// whoever could keep all others in one that is spared would have the newcomer turned out.
    fn turn_out(&mut self, among: impl Fn(&Taken) -> bool) {
        let waiting = self.taken.iter().filter(|(_, taken)| among(taken));
        let oldest = waiting.min_by_key(|(number, taken)| (taken.since, **number)).map(|(number, _)| *number);
        if let Some(taken) = oldest.and_then(|number| self.taken.remove(&number)) {
            taken.leave.cancel();
        }
    }
}

impl Seat {
    /// The connection has come so far. Another one that speaks may have to leave for it when it was silent before.
    pub(super) fn reached(&self, phase: Phase) {
        let mut seats = self.room.seats();
        let Some(taken) = seats.taken.get_mut(&self.number) else { return };
        let (peer, was_silent) = (taken.peer, is_silent(taken));
        if was_silent && phase != Phase::Silent {
            seats.make_way(peer, self.room.limits.speaking, |taken| !is_silent(taken));
        }
        if let Some(taken) = seats.taken.get_mut(&self.number) {
            (taken.phase, taken.since) = (phase, Instant::now());
        }
    }

    /// Waits until the connection has to be closed: it takes too long, or another one needs its place.
    pub(super) async fn lost(&self) {
        while let Some(left) = self.left() {
            tokio::select! {
                () = self.leave.cancelled() => return,
                () = sleep(left.min(LOOK)) => {}
            }
        }
    }

    /// The time it still has; `None` when there is none.
    fn left(&self) -> Option<Duration> {
        let seats = self.room.seats();
        let taken = seats.taken.get(&self.number)?;
        self.room
            .limits
            .patience(taken.phase)
            .checked_sub(taken.since.elapsed())
            .filter(|left| !left.is_zero())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.seats().taken.remove(&self.number);
    }
}

fn is_silent(taken: &Taken) -> bool {
    taken.phase == Phase::Silent
}

/// Who counts as one: an IPv4 address, or an IPv6 network of 64 bits, of which one machine may have all addresses.
fn peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
