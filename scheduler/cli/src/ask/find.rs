//! Which running scheduler decides about a pod: the holder of the Lease that names the pod's `schedulerName`.
//!
//! A Lease says to whom the credentials of the kubeconfig are shown. So it is looked for only where nobody but administrators and
//! schedulers may write Leases: in the namespace that the user names, or else in those of the chart and of kube-scheduler.

use anyhow::bail;
use longshore_cluster::call::path::{escape, leases};
use longshore_cluster::call::{ApiError, Caller};
use longshore_cluster::connect::Way;
use longshore_cluster::contact::Contact;
use serde_json::Value;

/// Namespaces in which schedulers have their Leases, unless the user names one.
const NAMESPACES: [&str; 2] = ["longshore-system", "kube-system"];

/// kube-scheduler's name for itself, when nobody gave it another.
pub(crate) const DEFAULT_SCHEDULER: &str = "default-scheduler";

/// A scheduler that runs.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    /// `namespace/name` of the Lease.
    pub(crate) lease: String,
    /// How it is reached.
    pub(crate) contact: Contact,
}

impl Running {
    /// The way to it: through the API server to its pod, or to its machine where it runs in none.
    pub(crate) fn way(&self, own_host: &str) -> anyhow::Result<Way> {
        let Contact { pod, host, port, .. } = &self.contact;
        if let Some((namespace, pod)) = pod.clone() {
            return Ok(Way::Forwarded { namespace, pod, port: *port });
        }
        let host = if **host == *own_host { "localhost" } else { host };
        match format!("https://{host}:{port}").parse() {
            Ok(url) => Ok(Way::Direct(url)),
            Err(_) => bail!("the Lease {} says that its holder is on {host:?}, which is no host", self.lease),
        }
    }

    /// As messages name it.
    pub(crate) fn shown(&self) -> String {
        let Contact { pod, host, port, .. } = &self.contact;
        match pod {
            Some((namespace, pod)) => format!("pod {namespace}/{pod}, which holds the Lease {}", self.lease),
            None => format!("{host}:{port}, which holds the Lease {}", self.lease),
        }
    }
}

/// The scheduler that has a profile of this name; any at all when no name is known.
///
/// # Errors
/// Why there is none, in one line.
pub(crate) async fn running(
    api: &Caller,
    namespace: Option<&str>,
    scheduler: Option<&str>,
) -> anyhow::Result<Running> {
    let named = namespace.map(|name| vec![name]);
    let namespaces = named.unwrap_or_else(|| NAMESPACES.to_vec());
    let (mut unread, mut mute) = (Vec::new(), Vec::new());
    for namespace in &namespaces {
        match leases_of(api, namespace, scheduler).await {
            Ok(found) => {
                for lease in &found {
                    let name = lease.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
                    let shown = format!("{namespace}/{name}");
                    match Contact::read(lease) {
                        Some(contact) if serves(&contact, scheduler) => {
                            return Ok(Running { lease: shown, contact });
                        }
                        None if Some(name) == scheduler => mute.push(shown),
                        _ => {}
                    }
                }
            }
            Err(error) => unread.push(format!("{namespace}: {error}")),
        }
    }
    if let Some(lease) = mute.first() {
        bail!("the Lease {lease} does not say how its holder is reached; name the scheduler by --server");
    }
    let name = scheduler.unwrap_or("any");
    if !unread.is_empty() {
        bail!("no scheduler called {name} was found: the Leases cannot be read ({})", unread.join("; "));
    }
    if scheduler == Some(DEFAULT_SCHEDULER) {
        bail!("{DEFAULT_SCHEDULER} decides about it, which is not Longshore and says nothing");
    }
    let places = namespaces.join(" and ");
    bail!(
        "no Lease in {places} names a running scheduler called {name}; name its namespace by --scheduler-namespace, or its \
         address by --server"
    )
}

fn serves(contact: &Contact, scheduler: Option<&str>) -> bool {
    scheduler.is_none_or(|wanted| contact.schedulers.iter().any(|name| **name == *wanted))
}

/// The Leases of a namespace; when only single ones may be read, that with the scheduler's name.
async fn leases_of(api: &Caller, namespace: &str, scheduler: Option<&str>) -> Result<Vec<Value>, ApiError> {
    let path = leases(&escape(namespace));
    let refused = match api.get::<Value>(&path).await {
        Ok(mut list) => {
            let items = list.get_mut("items").and_then(Value::as_array_mut);
            return Ok(items.map(std::mem::take).unwrap_or_default());
        }
        Err(error) => error,
    };
    let (403, Some(name)) = (refused.code, scheduler) else { return Err(refused) };
    match api.get::<Value>(&format!("{path}/{}", escape(name))).await {
        Ok(lease) => Ok(vec![lease]),
        Err(error) if error.code == 404 => Ok(Vec::new()),
        Err(_) => Err(refused),
    }
}

#[cfg(test)]
mod tests;
