//! The proxy does what it promises, before a server that repeats what it hears.

use std::io::{Read, Write};
use std::net::TcpStream as Connection;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn echo() -> SocketAddr {
    let listener = block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
    let address = listener.local_addr().unwrap();
    handle().spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut byte = [0];
                while stream.read_exact(&mut byte).await.is_ok() {
                    let _ = stream.write_all(&byte).await;
                }
            });
        }
    });
    address
}

fn connect(proxy: &Proxy) -> Connection {
    let stream = Connection::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    stream
}

/// Says `text` and tells what is heard back.
fn say(stream: &mut Connection, text: &str) -> Option<String> {
    stream.write_all(text.as_bytes()).ok()?;
    let mut heard = vec![0; text.len()];
    stream.read_exact(&mut heard).ok()?;
    String::from_utf8(heard).ok()
}

#[test]
fn bytes_come_late_and_in_order() {
    let proxy = Proxy::before(echo());
    let mut stream = connect(&proxy);
    assert_eq!(say(&mut stream, "at once").unwrap(), "at once");
    let late = Delay { fixed: Duration::from_millis(50), random: Duration::from_millis(20) };
    proxy.delay(Direction::ToClient, late);
    proxy.delay(Direction::ToServer, Delay::up_to(Duration::from_millis(20)));
    let start = Instant::now();
    for letter in ["a", "b", "c", "d"] {
        stream.write_all(letter.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut heard = [0; 4];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"abcd");
    assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
}

#[test]
fn a_tunnel_goes_where_it_was_asked_to_go() {
    let (tunnels, server) = (Tunnels::start(), echo());
    let address = tunnels.url().strip_prefix("http://").unwrap().to_owned();
    let connect = || {
        let stream = Connection::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        stream
    };
    let mut stream = connect();
    stream.write_all(format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = [0; 19];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(say(&mut stream, "through").unwrap(), "through");
    assert_eq!(say(&mut connect(), "GET / HTTP/1.1\r\n\r\n"), None);
    assert_eq!(tunnels.made(), 1);
}

#[test]
fn a_black_hole_takes_everything_and_closes_nothing() {
    let proxy = Proxy::before(echo());
    let mut old = connect(&proxy);
    say(&mut old, "x").unwrap();
    proxy.black_hole(true);
    let mut new = connect(&proxy);
    for stream in [&mut old, &mut new] {
        assert_eq!(say(stream, "lost"), None);
        assert!(stream.write_all(b"still open").is_ok());
    }
    proxy.black_hole(false);
    assert_eq!(say(&mut connect(&proxy), "back").unwrap(), "back");
}

#[test]
fn a_cut_breaks_what_is_open_and_a_closed_proxy_what_comes() {
    let proxy = Proxy::before(echo());
    let mut old = connect(&proxy);
    say(&mut old, "x").unwrap();
    proxy.cut();
    let mut byte = [0];
    assert!(matches!(old.read(&mut byte), Ok(0) | Err(_)));
    assert_eq!(say(&mut connect(&proxy), "back").unwrap(), "back");
    proxy.close(true);
    assert_eq!(say(&mut connect(&proxy), "no"), None);
    proxy.close(false);
    assert_eq!(say(&mut connect(&proxy), "yes").unwrap(), "yes");
}
