//! One extender that is asked over HTTP.

use std::fmt;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::extender::{self, Extender, FilterAnswer, NamedVictims, NodeVictims};
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::port::Binding;
use longshore_framework::raw::RawObjects;
use longshore_framework::verdict::PluginError;
use serde::Serialize;
use tokio::runtime::Handle;

use super::answer::{self, BindingResult, FilterResult, HostPriority, PreemptionResult};
use super::client::Client;
use super::options::{ExtenderOptions, ExtenderSetupError};
use super::raw::{Raw, Wants};
use super::request::{Args, BindingArgs, NodeList, PreemptionArgs};

/// An extender that is asked over HTTP.
///
/// The methods of [`Extender`] wait for the answer, so they must be called from a thread that runs no async task; the
/// runtime behind the handle has to be a multi-threaded one, or be driven by another thread.
pub struct HttpExtender {
    options: ExtenderOptions,
    managed: Vec<Str>,
    client: Client,
    objects: Arc<dyn RawObjects>,
    runtime: Handle,
}

impl fmt::Debug for HttpExtender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpExtender({})", self.options.url_prefix)
    }
}

impl HttpExtender {
    /// An extender as configured. `objects` has the pods and nodes that are sent whole.
    ///
    /// # Errors
    /// A URL or TLS settings that cannot be used.
    pub fn new(
        options: ExtenderOptions,
        objects: Arc<dyn RawObjects>,
        runtime: Handle,
    ) -> Result<Self, ExtenderSetupError> {
        let client = Client::new(&options)?;
        let managed = options.managed_resources.iter().map(|r| r.as_str().into()).collect();
        Ok(Self { options, managed, client, objects, runtime })
    }

    /// Which objects it is sent whole, so that nothing else need be kept.
    pub fn wants(&self) -> Wants {
        let about_nodes = self.is_filter() || self.is_prioritizer();
        let sent_whole = !self.options.node_cache_capable;
        Wants {
            waiting_pods: about_nodes || self.supports_preemption(),
            placed_pods: self.supports_preemption() && sent_whole,
            nodes: about_nodes && sent_whole,
        }
    }

    /// Asks the extender to bind the pod.
    ///
    /// # Errors
    /// The extender could not be asked, or says that it failed.
    pub async fn bind(&self, binding: &Binding) -> Result<(), PluginError> {
        let args = BindingArgs {
            pod_name: &binding.name,
            pod_namespace: &binding.namespace,
            pod_uid: &binding.uid,
            node: &binding.node,
        };
        let (text, url) = (encode(&args)?, self.url(&self.options.bind_verb));
        let answer = self.client.post(&self.options.bind_verb, &url, text).await?;
        answer::read::<BindingResult>(&answer, &url)?.into_result()
    }

    fn url(&self, verb: &str) -> String {
        format!("{}/{verb}", self.options.url_prefix.trim_end_matches('/'))
    }

    fn ask<A: answer::Answer>(&self, verb: &str, args: &impl Serialize) -> Result<A, PluginError> {
        let (text, url) = (encode(args)?, self.url(verb));
        let answer = self.runtime.block_on(self.client.post(verb, &url, text))?;
        answer::read(&answer, &url)
    }

    fn ask_about<A: answer::Answer>(&self, verb: &str, pod: &Pod, nodes: &[&Node]) -> Result<A, PluginError> {
        let pod = self.whole_pod(pod)?;
        if self.options.node_cache_capable {
            let names = nodes.iter().map(|n| &*n.name).collect();
            return self.ask(verb, &Args { pod: &pod, nodes: None, node_names: Some(names) });
        }
        let whole = nodes
            .iter()
            .map(|n| self.objects.node(&n.name).ok_or_else(|| missing(&format!("node {}", n.name))));
        let whole: Vec<_> = whole.collect::<Result<_, _>>()?;
        self.ask(verb, &Args { pod: &pod, nodes: Some(NodeList::of(&whole)), node_names: None })
    }

    fn whole_pod(&self, pod: &Pod) -> Result<Raw, PluginError> {
        self.objects.pod(&pod.meta.uid).ok_or_else(|| missing(&format!("pod {}", pod.key())))
    }
}

impl Extender for HttpExtender {
    fn name(&self) -> &str {
        &self.options.url_prefix
    }

    fn is_ignorable(&self) -> bool {
        self.options.ignorable
    }

    fn is_interested(&self, pod: &Pod) -> bool {
        extender::is_interested(&self.managed, pod)
    }

    fn is_filter(&self) -> bool {
        !self.options.filter_verb.is_empty()
    }

    fn is_prioritizer(&self) -> bool {
        !self.options.prioritize_verb.is_empty()
    }

    fn is_binder(&self) -> bool {
        !self.options.bind_verb.is_empty()
    }

    fn supports_preemption(&self) -> bool {
        !self.options.preempt_verb.is_empty()
    }

    fn weight(&self) -> i64 {
        self.options.weight
    }

    fn filter(&self, pod: &Pod, nodes: &[&Node]) -> Result<FilterAnswer, PluginError> {
        let result: FilterResult = self.ask_about(&self.options.filter_verb, pod, nodes)?;
        result.into_answer(self.options.node_cache_capable)
    }

    fn prioritize(&self, pod: &Pod, nodes: &[&Node]) -> Result<Vec<(Str, i64)>, PluginError> {
        let list: Vec<HostPriority> = self.ask_about(&self.options.prioritize_verb, pod, nodes)?;
        Ok(list.into_iter().map(|p| (p.host.into(), p.score)).collect())
    }

    fn preempt(&self, pod: &Pod, candidates: &[NodeVictims]) -> Result<Vec<NamedVictims>, PluginError> {
        let pod = self.whole_pod(pod)?;
        let verb = &self.options.preempt_verb;
        let result: PreemptionResult = if self.options.node_cache_capable {
            self.ask(verb, &PreemptionArgs::by_uid(&pod, candidates))?
        } else {
            let args = PreemptionArgs::whole(&pod, candidates, |victim| self.whole_pod(victim))?;
            self.ask(verb, &args)?
        };
        Ok(result.into_victims())
    }
}

fn encode(args: &impl Serialize) -> Result<Vec<u8>, PluginError> {
    serde_json::to_vec(args).map_err(|error| PluginError::new(format!("cannot be written as JSON: {error}")))
}

fn missing(what: &str) -> PluginError {
    PluginError::new(format!("{what} is not known as a whole, as the extender wants it"))
}

impl Wants {
    /// What all of them want together.
    pub fn of(extenders: &[Arc<HttpExtender>]) -> Self {
        extenders.iter().map(|e| e.wants()).fold(Self::default(), Self::and)
    }
}
