//! Files and URLs.

use std::time::{Duration, Instant};

use longshore_artifact::{Fetcher, Reference};

use crate::server::{Say, Server, announced, whole};
use crate::{FILE, fetch, options, refused};

/// What a server does, and what comes of fetching from it: how many requests, and success or pieces of the error.
async fn check(
    answer: impl Fn(&str, usize) -> Say + Send + Sync + 'static,
    requests: usize,
    expected: Result<(), &[&str]>,
) {
    let server = Server::start(answer).await;
    let fetched = fetch(&Fetcher::new(options(None)), &server.url("/a.wasm"), Some(FILE)).await;
    match expected {
        Ok(()) => {
            let fetched = fetched.unwrap();
            assert_eq!((fetched.bytes.as_slice(), fetched.from_cache, fetched.resolved), (FILE, false, None));
        }
        Err(pieces) => refused(fetched, &[&[server.url("/a.wasm").as_str()], pieces].concat()),
    }
    assert_eq!(server.count(), requests);
}

#[tokio::test]
async fn a_good_server_gives_the_file() {
    check(|_, _| whole("200 OK", "", FILE), 1, Ok(())).await;
}

#[tokio::test]
async fn failures_of_server_and_network_are_tried_again() {
    let twice = |status: &'static str| {
        move |_: &str, count: usize| whole(if count < 2 { status } else { "200 OK" }, "", FILE)
    };
    check(twice("500 Internal Server Error"), 3, Ok(())).await;
    check(twice("429 Too Many Requests\r\nRetry-After: 0"), 3, Ok(())).await;
    let cut = |_: &str, count: usize| {
        if count < 2 { Say::Bytes(announced(FILE.len(), &FILE[..9])) } else { whole("200 OK", "", FILE) }
    };
    check(cut, 3, Ok(())).await;
    let busy = |_: &str, _: usize| whole("503 Busy", "", b"out of\nlunch");
    check(busy, 3, Err(&["answered 503: out of lunch", "try later"])).await;
    check(|_, _| Say::Bytes(Vec::new()), 3, Err(&["could not be read after 3 attempt(s)"])).await;
}

#[tokio::test]
async fn faults_of_the_caller_are_not_tried_again() {
    check(|_, _| whole("404 Not Found", "", b""), 1, Err(&["answered 404", "check the name"])).await;
    check(|_, _| whole("403 Forbidden", "", b""), 1, Err(&["answered 403", "credentials"])).await;
}

#[tokio::test]
async fn other_bytes_are_never_handed_out() {
    let pieces: &[&str] =
        &["is not what was asked for", "expected sha256:", "got sha256:", "somebody changed it"];
    check(|_, _| whole("200 OK", "", b"evil"), 1, Err(pieces)).await;
    check(|_, _| Say::Bytes(announced(9, FILE)), 1, Err(pieces)).await;
}

#[tokio::test]
async fn size_is_bounded_whatever_is_announced() {
    check(|_, _| Say::Silence(announced(5000, b"")), 1, Err(&["larger than 4096 bytes"])).await;
    check(|_, _| Say::Silence(announced(1 << 60, b"")), 1, Err(&["larger than 4096 bytes"])).await;
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let endless = move |_: &str, _: usize| Say::Endless(chunked.clone(), b"4\r\nevil\r\n".to_vec());
    check(endless, 1, Err(&["larger than 4096 bytes"])).await;
    let until_closed =
        |_: &str, _: usize| Say::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), b"evil".to_vec());
    check(until_closed, 1, Err(&["larger than 4096 bytes"])).await;
    let headers = |_: &str, _: usize| Say::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: evil\r\n".to_vec());
    check(headers, 3, Err(&["could not be read"])).await;
}

#[tokio::test]
async fn a_silent_server_is_left_alone_soon() {
    check(|_, _| Say::Silence(announced(FILE.len(), &FILE[..3])), 3, Err(&["the server is silent"])).await;
    check(|_, _| Say::Silence(Vec::new()), 3, Err(&["the server is silent"])).await;
}

#[tokio::test]
async fn one_fetch_has_a_time_limit_over_all_attempts() {
    let server = Server::start(|_, _| Say::Silence(announced(9, b""))).await;
    let mut limited = options(None);
    (limited.time_limit, limited.attempts) = (Duration::from_millis(500), 1000);
    let started = Instant::now();
    refused(
        fetch(&Fetcher::new(limited), &server.url("/a"), Some(FILE)).await,
        &["did not arrive within 0.5 s", "file://"],
    );
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn redirects_are_followed_a_little() {
    let hops = |from: usize| {
        move |path: &str, _: usize| match path.trim_start_matches("/hop").parse::<usize>() {
            Ok(0) => whole("200 OK", "", FILE),
            Ok(left) => whole("302 Found", &format!("Location: /hop{}\r\n", left - 1), b""),
            Err(_) => whole("302 Found", &format!("Location: /hop{from}\r\n"), b""),
        }
    };
    check(hops(2), 4, Ok(())).await;
    check(hops(4), 6, Ok(())).await;
    check(hops(5), 6, Err(&["redirects more than 5 times"])).await;
    let elsewhere = |_: &str, _: usize| whole("302 Found", "Location: http://example.com/a\r\n", b"");
    check(elsewhere, 1, Err(&["redirects to http://example.com/a, which is not encrypted"])).await;
    let file = |_: &str, _: usize| whole("302 Found", "Location: file:///etc/passwd\r\n", b"");
    check(file, 1, Err(&[])).await;
}

#[tokio::test]
async fn remote_files_have_to_be_pinned() {
    let server = Server::start(|_, _| whole("200 OK", "", FILE)).await;
    let fetcher = Fetcher::new(options(None));
    refused(fetch(&fetcher, &server.url("/a"), None).await, &["is not pinned", "sha256sum FILE"]);
    assert_eq!(server.count(), 0);
    let pulled = fetcher.pull(&Reference::parse(&server.url("/a")).unwrap(), None).await.unwrap();
    assert_eq!(pulled.bytes, FILE);
}

#[tokio::test]
async fn files_are_read_and_checked_if_a_digest_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let (good, large) = (folder.path().join("a.wasm"), folder.path().join("b.wasm"));
    std::fs::write(&good, FILE).unwrap();
    std::fs::write(&large, vec![0; 4097]).unwrap();
    let fetcher = Fetcher::new(options(None));
    let at = |path: &std::path::Path| format!("file://{}", path.display());
    assert_eq!(fetch(&fetcher, &at(&good), None).await.unwrap().bytes, FILE);
    assert_eq!(fetch(&fetcher, &at(&good), Some(FILE)).await.unwrap().bytes, FILE);
    refused(fetch(&fetcher, &at(&good), Some(b"other")).await, &["is not what was asked for"]);
    refused(fetch(&fetcher, &at(&large), None).await, &["larger than 4096 bytes"]);
    refused(fetch(&fetcher, &at(folder.path()), None).await, &["is not a regular file"]);
    refused(fetch(&fetcher, "file:///dev/zero", None).await, &["is not a regular file"]);
    refused(fetch(&fetcher, &at(&folder.path().join("c")), None).await, &["no such file"]);
    refused(fetch(&fetcher, "file://no/such", None).await, &["relative to the folder of the profile"]);
}
