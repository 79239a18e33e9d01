//! Extenders of a configuration, ready to be asked.

use std::fmt;
use std::sync::Arc;

use anyhow::Context;
use longshore_cluster::extender::{
    ExtenderOptions, ExtenderSetupError, HttpExtender, RawObjects, TlsOptions,
};
use longshore_framework::Str;
use longshore_framework::extender::Extender;
use longshore_framework::pod::Pod;
use longshore_manifest::{Manifests, Source, Whole};
use longshore_profile::TlsConfig;
use rustc_hash::FxHashMap;
use serde_json::value::{RawValue, to_raw_value};
use tokio::runtime::{Builder, Handle, Runtime};

/// Extenders for a run without a cluster, with the runtime that their calls need.
#[derive(Debug, Default)]
pub struct Extenders {
    list: Vec<Arc<dyn Extender>>,
    /// Ends with the extenders.
    _runtime: Option<Runtime>,
}

impl Extenders {
    /// The extenders of a configuration, which are asked about objects of manifests.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub fn of_manifests(
        configured: &[longshore_profile::Extender],
        sources: &[Source],
        cluster: &Manifests,
    ) -> anyhow::Result<Self> {
        if configured.is_empty() {
            return Ok(Self::default());
        }
        let built = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = built.context("cannot start a thread for the calls of extenders")?;
        let objects = Arc::new(Written::of(sources, cluster));
        let list = connect(configured, &(objects as Arc<dyn RawObjects>), runtime.handle())?;
        let list = list.into_iter().map(|e| e as Arc<dyn Extender>).collect();
        Ok(Self { list, _runtime: Some(runtime) })
    }

    /// The extenders, as the engine takes them.
    pub fn list(&self) -> Vec<Arc<dyn Extender>> {
        self.list.clone()
    }
}

/// Whole objects of manifests, for plugins.
pub fn written(sources: &[Source], cluster: &Manifests) -> Arc<dyn RawObjects> {
    Arc::new(Written::of(sources, cluster))
}

/// The extenders of a configuration, in its order. `objects` has what is sent whole; calls run on `runtime`.
///
/// # Errors
/// Settings that cannot be used.
pub fn connect(
    configured: &[longshore_profile::Extender],
    objects: &Arc<dyn RawObjects>,
    runtime: &Handle,
) -> Result<Vec<Arc<HttpExtender>>, ExtenderSetupError> {
    let make = |e| HttpExtender::new(options(e), Arc::clone(objects), runtime.clone()).map(Arc::new);
    configured.iter().map(make).collect()
}

fn options(extender: &longshore_profile::Extender) -> ExtenderOptions {
    ExtenderOptions {
        url_prefix: extender.url_prefix.clone(),
        filter_verb: extender.filter_verb.clone(),
        prioritize_verb: extender.prioritize_verb.clone(),
        preempt_verb: extender.preempt_verb.clone(),
        bind_verb: extender.bind_verb.clone(),
        weight: extender.weight,
        enable_https: extender.enable_https,
        tls: extender.tls.as_ref().map(tls).unwrap_or_default(),
        http_timeout: extender.http_timeout,
        node_cache_capable: extender.node_cache_capable,
        managed_resources: extender.managed_resources.iter().map(|r| r.name.clone()).collect(),
        ignorable: extender.ignorable,
    }
}

fn tls(config: &TlsConfig) -> TlsOptions {
    TlsOptions {
        insecure: config.insecure,
        server_name: config.server_name.clone(),
        cert_file: config.cert_file.clone(),
        key_file: config.key_file.clone(),
        ca_file: config.ca_file.clone(),
        cert_data: config.cert_data.clone(),
        key_data: config.key_data.0.clone(),
        ca_data: config.ca_data.clone(),
    }
}

/// Objects of manifests. Pods are put together when asked for: a workload may have very many.
pub struct Written {
    whole: Whole,
    pods: FxHashMap<Str, Arc<Pod>>,
    nodes: FxHashMap<Str, Arc<RawValue>>,
}

impl Written {
    /// What sources and the cluster that was read of them hold.
    pub fn of(sources: &[Source], cluster: &Manifests) -> Self {
        let whole = Whole::of(sources);
        let mut pods = FxHashMap::default();
        pods.extend(cluster.pods.iter().map(|p| (Arc::clone(&p.meta.uid), Arc::clone(p))));
        let mut nodes = FxHashMap::default();
        for node in &cluster.nodes {
            if let Some(raw) = whole.node(&node.name).and_then(|n| to_raw_value(n).ok()) {
                nodes.insert(Arc::clone(&node.name), raw.into());
            }
        }
        Self { whole, pods, nodes }
    }
}

impl RawObjects for Written {
    fn pod(&self, uid: &str) -> Option<Arc<RawValue>> {
        let pod = self.pods.get(uid)?;
        to_raw_value(&self.whole.pod(pod)).ok().map(Into::into)
    }

    fn node(&self, name: &str) -> Option<Arc<RawValue>> {
        self.nodes.get(name).cloned()
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Written({} pods, {} nodes)", self.pods.len(), self.nodes.len())
    }
}
