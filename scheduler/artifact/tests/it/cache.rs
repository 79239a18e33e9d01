//! The cache of downloads.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longshore_artifact::{Digest, Fetcher};

use crate::server::{Server, whole};
use crate::{FILE, fetch, options};

fn entry(cache: &Path) -> PathBuf {
    cache.join("sha256").join(Digest::of(FILE).hex())
}

/// Fetches with what `damage` does to the entry of an earlier fetch; `again`: whether the server has to be asked.
async fn check(damage: impl Fn(&Path), again: bool) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| whole("200 OK", "", FILE)).await;
    let first =
        fetch(&Fetcher::new(options(Some(folder.path()))), &server.url("/a"), Some(FILE)).await.unwrap();
    assert!(!first.from_cache);
    damage(&entry(folder.path()));
    let second =
        fetch(&Fetcher::new(options(Some(folder.path()))), &server.url("/a"), Some(FILE)).await.unwrap();
    assert_eq!((second.bytes.as_slice(), second.from_cache), (FILE, !again));
    assert_eq!(server.count(), 1 + usize::from(again));
    assert_eq!(fs::read(entry(folder.path())).unwrap(), FILE);
}

#[tokio::test]
async fn what_was_fetched_once_is_not_fetched_again() {
    check(|_| {}, false).await;
}

#[tokio::test]
async fn damaged_entries_are_fetched_again() {
    check(|path| fs::remove_file(path).unwrap(), true).await;
    check(|path| fs::write(path, b"evil").unwrap(), true).await;
    check(|path| fs::write(path, &FILE[1..]).unwrap(), true).await;
    check(|path| fs::write(path, vec![0; 5000]).unwrap(), true).await;
}

#[tokio::test]
async fn a_known_file_needs_no_server() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("sha256")).unwrap();
    fs::write(entry(folder.path()), FILE).unwrap();
    let fetched =
        fetch(&Fetcher::new(options(Some(folder.path()))), "https://longshore.invalid/a", Some(FILE)).await;
    assert!(fetched.unwrap().from_cache);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_only_the_next_download() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, b"a file").unwrap();
    let server = Server::start(|_, _| whole("200 OK", "", FILE)).await;
    let fetcher = Fetcher::new(options(Some(&taken)));
    for _ in 0..2 {
        assert_eq!(fetch(&fetcher, &server.url("/a"), Some(FILE)).await.unwrap().bytes, FILE);
    }
    assert_eq!(server.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_leave_one_whole_entry() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| whole("200 OK", "", FILE)).await;
    let fetcher = Arc::new(Fetcher::new(options(Some(folder.path()))));
    let url = server.url("/a");
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (fetcher, url) = (Arc::clone(&fetcher), url.clone());
            tokio::spawn(async move { fetch(&fetcher, &url, Some(FILE)).await.unwrap().bytes })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), FILE);
    }
    let names: Vec<_> =
        fs::read_dir(folder.path().join("sha256")).unwrap().map(|at| at.unwrap().path()).collect();
    assert_eq!(names, [entry(folder.path())]);
}
