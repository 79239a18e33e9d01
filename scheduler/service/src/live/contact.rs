//! What our Lease says of how we are reached.

use std::path::Path;

use longshore_cluster::contact::Contact;
use longshore_framework::Str;
use tokio::sync::watch;

use super::leader;
use crate::serve::Server;

/// Where a pod finds the namespace that it runs in.
const NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Says how the server is reached, now and whenever its certificate changes, for as long as somebody wants to know.
pub(super) fn tell(server: &Server, schedulers: Vec<Str>, to: watch::Sender<Option<Contact>>) {
    let mut certificate = server.certificate.clone();
    let mut contact = Contact {
        schedulers,
        pod: pod(),
        host: leader::hostname().into(),
        port: server.address.port(),
        certificate: *certificate.borrow_and_update(),
    };
    to.send_replace(Some(contact.clone()));
    tokio::spawn(async move {
        while certificate.changed().await.is_ok() {
            contact.certificate = *certificate.borrow_and_update();
            to.send_replace(Some(contact.clone()));
        }
    });
}

/// Our pod. Its name is that of the host, unless the pod is told otherwise.
fn pod() -> Option<(Str, Str)> {
    let told = std::env::var("POD_NAMESPACE").ok().filter(|namespace| !namespace.is_empty());
    let mounted = || std::fs::read_to_string(Path::new(NAMESPACE)).ok();
    let namespace = told.or_else(mounted)?;
    let namespace = namespace.trim();
    (!namespace.is_empty()).then(|| (namespace.into(), leader::hostname().into()))
}
