use super::*;

const FEW: Most = Most { all: 6, per_peer: 4 };
const SMALL: Limits = Limits { silent: FEW, speaking: FEW, ..LIMITS };

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Which of the connections are still there.
fn present(seats: &[Seat]) -> Vec<usize> {
    (0..seats.len()).filter(|i| !seats[*i].leave.is_cancelled()).collect()
}

/// Connections come from these addresses, one after the other, and come so far; `want` are those that are there at the end.
#[track_caller]
fn check(addresses: &[&str], want: &[usize]) {
    for phase in [Phase::Silent, Phase::Arriving, Phase::Answering] {
        let room = Room::new(SMALL);
        let mut seats = Vec::new();
        for from in addresses {
            seats.push(room.enter(address(from)));
            seats[seats.len() - 1].reached(phase);
            assert!(room.seats().taken.len() <= FEW.all);
            assert!(present(&seats).contains(&(seats.len() - 1)), "the newcomer was turned out");
        }
        assert_eq!(present(&seats), want, "{phase:?}");
    }
}

#[test]
fn the_oldest_of_a_peer_with_too_many_leaves() {
    check(&["10.0.0.1"; 4], &[0, 1, 2, 3]);
    check(&["10.0.0.1"; 9], &[5, 6, 7, 8]);
    check(&["10.0.0.2", "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"], &[0, 2, 3, 4, 5]);
}

#[test]
fn when_all_is_full_the_largest_peer_gives_way() {
    let crowd = ["10.0.0.9", "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2"];
    check(&[&crowd[..], &["10.0.0.3"]].concat(), &[0, 2, 3, 4, 5, 6]);
    check(&[&crowd[..], &["10.0.0.3", "10.0.0.4"]].concat(), &[0, 3, 4, 5, 6, 7]);
    let each = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7"];
    check(&each, &[1, 2, 3, 4, 5, 6]);
}

#[test]
fn whoever_has_a_whole_ipv6_network_is_one_peer() {
    let from: Vec<String> = (1..=9).map(|n| format!("2001:db8::{n}")).collect();
    check(&from.iter().map(String::as_str).collect::<Vec<_>>(), &[5, 6, 7, 8]);
    check(&["::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"], &[1, 2, 3, 4]);
}

#[test]
fn no_phase_is_spared() {
    let room = Room::new(SMALL);
    let old: Vec<Seat> = (0..4).map(|_| room.enter(address("10.0.0.1"))).collect();
    old.iter().for_each(|seat| seat.reached(Phase::Answering));
    let come = |phase| {
        let seat = room.enter(address("10.0.0.1"));
        seat.reached(phase);
        seat
    };
    let probe = come(Phase::Arriving);
    let flood: Vec<Seat> = (0..3).map(|_| come(Phase::Answering)).collect();
    assert!(!probe.leave.is_cancelled() && present(&old).is_empty() && present(&flood).len() == 3);
    probe.reached(Phase::Resting);
    drop(come(Phase::Arriving));
    assert!(!probe.leave.is_cancelled(), "it has just done something");
}

#[test]
fn those_who_say_nothing_push_out_nobody_who_speaks() {
    let room = Room::new(SMALL);
    let probe = room.enter(address("10.0.0.1"));
    probe.reached(Phase::Arriving);
    let silent: Vec<Seat> = (0..50).map(|_| room.enter(address("10.0.0.1"))).collect();
    assert!(!probe.leave.is_cancelled());
    assert_eq!(present(&silent), [46, 47, 48, 49]);
}

#[tokio::test]
async fn a_place_is_free_when_its_connection_ends() {
    let room = Room::new(SMALL);
    for _ in 0..100 {
        drop(room.enter(address("10.0.0.1")));
    }
    assert!(room.seats().taken.is_empty());
    room.make_way();
    let seat = room.enter(address("10.0.0.1"));
    room.make_way();
    assert!(seat.leave.is_cancelled());
    seat.lost().await;
}

#[tokio::test]
async fn every_phase_has_its_time() {
    let short = Limits { answering: Duration::ZERO, ..LIMITS };
    let room = Room::new(short);
    let seat = room.enter(address("10.0.0.1"));
    assert!(seat.left().is_some_and(|left| left <= LIMITS.arriving));
    seat.reached(Phase::Arriving);
    assert!(seat.left().is_some_and(|left| left <= LIMITS.arriving));
    seat.reached(Phase::Resting);
    assert!(seat.left().is_some_and(|left| left > LIMITS.arriving && left <= LIMITS.resting));
    seat.reached(Phase::Answering);
    assert_eq!(seat.left(), None);
    seat.lost().await;
}
