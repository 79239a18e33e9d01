use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use longshore_cluster::review::{ReviewError, User};

use super::*;

/// A cluster that trusts `CA`, when it can be asked.
#[derive(Default)]
struct Cluster(AtomicBool);

impl Reviewer for Cluster {
    fn authenticate<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<User>, ReviewError>> {
        Box::pin(async { Ok(None) })
    }

    fn authorize<'a>(
        &'a self,
        _: &'a User,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<bool, ReviewError>> {
        Box::pin(async { Ok(false) })
    }

    fn cluster_trust(&self) -> BoxFuture<'_, Result<ClusterTrust, ReviewError>> {
        Box::pin(async {
            match self.0.load(Ordering::Relaxed) {
                true => Ok(ClusterTrust { client_ca: Some("CA".into()), request_header: None }),
                false => Err(ReviewError::new("reading it", "no connection")),
            }
        })
    }
}

fn lookup(options: &ClientOptions) -> (Lookup, Arc<Cluster>) {
    let cluster = Arc::new(Cluster::default());
    (Lookup::new(options, Some(Arc::clone(&cluster) as Arc<dyn Reviewer>)), cluster)
}

fn client_ca(trust: &Trust) -> Option<&str> {
    trust.client_ca.as_deref()
}

#[tokio::test]
async fn one_failure_takes_nobodys_credentials_away() {
    let (lookup, cluster) = lookup(&ClientOptions::default());
    assert_eq!(lookup.first().await.unwrap(), Trust::default());
    assert_eq!(lookup.newest().await, Trust::default());
    cluster.0.store(true, Ordering::Relaxed);
    assert_eq!(client_ca(&lookup.newest().await), Some("CA"));
    cluster.0.store(false, Ordering::Relaxed);
    assert_eq!(client_ca(&lookup.newest().await), Some("CA"));
}

#[tokio::test]
async fn a_lookup_that_must_not_fail_keeps_the_server_down() {
    let (strict, cluster) =
        lookup(&ClientOptions { tolerate_lookup_failure: false, ..ClientOptions::default() });
    let error = format!("{:#}", strict.first().await.unwrap_err());
    assert!(error.contains("--authentication-tolerate-lookup-failure"), "{error}");
    cluster.0.store(true, Ordering::Relaxed);
    assert_eq!(client_ca(&strict.first().await.unwrap()), Some("CA"));
}

#[tokio::test]
async fn a_file_goes_before_the_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let given = ClientOptions { client_ca_file: Some(file.clone()), ..ClientOptions::default() };
    let (lookup, cluster) = lookup(&given);
    cluster.0.store(true, Ordering::Relaxed);
    let error = format!("{:#}", lookup.first().await.unwrap_err());
    assert!(error.contains("--client-ca-file") && error.contains("ca.pem"), "{error}");
    std::fs::write(&file, "MINE").unwrap();
    assert_eq!(client_ca(&lookup.first().await.unwrap()), Some("MINE"));
    std::fs::write(&file, "OTHER").unwrap();
    assert_eq!(client_ca(&lookup.newest().await), Some("OTHER"));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(client_ca(&lookup.newest().await), Some("OTHER"));
}

#[tokio::test]
async fn without_a_lookup_nobody_is_asked() {
    let (lookup, cluster) = lookup(&ClientOptions { skip_lookup: true, ..ClientOptions::default() });
    cluster.0.store(true, Ordering::Relaxed);
    assert_eq!(lookup.newest().await, Trust::default());
}
