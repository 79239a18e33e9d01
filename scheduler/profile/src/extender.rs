//! `extenders`: HTTP services that filter, score, preempt or bind beside the plugins.

mod base64;
mod tls;
mod url;

use std::collections::BTreeMap;
use std::time::Duration;

use longshore_framework::fields::{Fields, Problems};
use longshore_framework::resources::is_extended;
use serde_json::{Value, json};

use crate::duration;
use crate::error::quote;
pub use tls::{PrivateKey, TlsConfig};

/// How long an extender may take when the file does not say.
const HTTP_TIMEOUT: Duration = Duration::from_secs(5);

/// One element of `extenders`. A verb that is empty is not supported by the extender.
#[derive(Clone, Debug, PartialEq)]
pub struct Extender {
    /// `urlPrefix`: where the extender is; the verbs are appended to it after a slash.
    pub url_prefix: String,
    /// `filterVerb`.
    pub filter_verb: String,
    /// `preemptVerb`.
    pub preempt_verb: String,
    /// `prioritizeVerb`.
    pub prioritize_verb: String,
    /// `weight`: multiplies the extender's scores; positive when there is a prioritize verb.
    pub weight: i64,
    /// `bindVerb`: at most one extender has one.
    pub bind_verb: String,
    /// `enableHTTPS`: without a CA in [`tls`](Self::tls) the certificate is not verified.
    pub enable_https: bool,
    /// `tlsConfig`.
    pub tls: Option<TlsConfig>,
    /// `httpTimeout`: per call, default 5 s.
    pub http_timeout: Duration,
    /// `nodeCacheCapable`: the extender knows the nodes, so it is sent their names only.
    pub node_cache_capable: bool,
    /// `managedResources`: it is asked only about pods with one of them; empty: about all pods.
    pub managed_resources: Vec<ManagedResource>,
    /// `ignorable`: scheduling goes on without it when it fails.
    pub ignorable: bool,
}

/// One element of `managedResources`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedResource {
    /// `name` of an extended resource.
    pub name: String,
    /// `ignoredByScheduler`: NodeResourcesFit leaves it to the extender.
    pub ignored_by_scheduler: bool,
}

/// Reads `extenders`.
pub(crate) fn read(parent: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<Extender> {
    let list = parent.list("extenders", problems);
    let problems = &mut problems.field("extenders");
    list.iter().enumerate().map(|(at, value)| extender(value, &mut problems.index(at))).collect()
}

fn extender(value: &Value, problems: &mut Problems<'_>) -> Extender {
    let mut fields = Fields::of(value, problems);
    let mut text = |name| fields.string(name, problems).unwrap_or_default().to_string();
    let url_prefix = text("urlPrefix");
    let filter_verb = text("filterVerb");
    let preempt_verb = text("preemptVerb");
    let prioritize_verb = text("prioritizeVerb");
    let bind_verb = text("bindVerb");
    let read = Extender {
        url_prefix,
        filter_verb,
        preempt_verb,
        prioritize_verb,
        bind_verb,
        weight: fields.int("weight", i64::MIN..=i64::MAX, problems).unwrap_or(0),
        enable_https: fields.bool("enableHTTPS", problems).unwrap_or(false),
        tls: tls::read(&mut fields, problems),
        http_timeout: duration::field(&mut fields, "httpTimeout", problems).unwrap_or(HTTP_TIMEOUT),
        node_cache_capable: fields.bool("nodeCacheCapable", problems).unwrap_or(false),
        managed_resources: managed_resources(&mut fields, problems),
        ignorable: fields.bool("ignorable", problems).unwrap_or(false),
    };
    fields.finish(problems);
    read
}

fn managed_resources(parent: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<ManagedResource> {
    let list = parent.list("managedResources", problems);
    let problems = &mut problems.field("managedResources");
    list.iter()
        .enumerate()
        .map(|(at, value)| {
            let problems = &mut problems.index(at);
            let mut fields = Fields::of(value, problems);
            let name = fields.string("name", problems).unwrap_or_default().to_string();
            let ignored_by_scheduler = fields.bool("ignoredByScheduler", problems).unwrap_or(false);
            fields.finish(problems);
            ManagedResource { name, ignored_by_scheduler }
        })
        .collect()
}

/// Checks all extenders together; `problems` stands at `extenders`.
pub(crate) fn validate(extenders: &[Extender], problems: &mut Problems<'_>) {
    let mut binder: Option<usize> = None;
    let mut resources: BTreeMap<&str, String> = BTreeMap::new();
    for (at, extender) in extenders.iter().enumerate() {
        let problems = &mut problems.index(at);
        if let Err(message) = url::check(&extender.url_prefix) {
            problems.field("urlPrefix").report(message);
        }
        if !extender.prioritize_verb.is_empty() && extender.weight <= 0 {
            problems.field("weight").report(format!(
                "must be positive because there is a prioritizeVerb, not {}; without it the scores count for nothing",
                extender.weight
            ));
        }
        if !extender.bind_verb.is_empty() {
            if let Some(first) = binder {
                problems.field("bindVerb").report(format!(
                    "only one extender may bind, and extenders[{first}] does already; remove one bindVerb"
                ));
            }
            binder = binder.or(Some(at));
        }
        validate_resources(extender, at, &mut resources, problems);
        if let Some(tls) = &extender.tls {
            tls.validate(&mut problems.field("tlsConfig"));
        }
    }
}

fn validate_resources<'a>(
    extender: &'a Extender,
    at: usize,
    seen: &mut BTreeMap<&'a str, String>,
    problems: &mut Problems<'_>,
) {
    let list = &mut problems.field("managedResources");
    for (index, resource) in extender.managed_resources.iter().enumerate() {
        let name = resource.name.as_str();
        if !is_extended(name) {
            list.index(index).field("name").report(format!(
                "must be the name of an extended resource, such as example.com/gpu, not {}",
                quote(name)
            ));
        } else if let Some(first) = seen.get(name) {
            list.index(index)
                .field("name")
                .report(format!("{} is managed by {first} already; name it once", quote(name)));
        } else {
            seen.insert(name, format!("extenders[{at}].managedResources[{index}]"));
        }
    }
}

/// The extender as the effective configuration prints it.
pub(crate) fn show(extender: &Extender) -> Value {
    let resources: Vec<Value> = extender
        .managed_resources
        .iter()
        .map(|r| json!({"name": r.name, "ignoredByScheduler": r.ignored_by_scheduler}))
        .collect();
    json!({
        "urlPrefix": extender.url_prefix,
        "filterVerb": extender.filter_verb,
        "preemptVerb": extender.preempt_verb,
        "prioritizeVerb": extender.prioritize_verb,
        "weight": extender.weight,
        "bindVerb": extender.bind_verb,
        "enableHTTPS": extender.enable_https,
        "tlsConfig": extender.tls.as_ref().map(TlsConfig::show),
        "httpTimeout": duration::show(extender.http_timeout),
        "nodeCacheCapable": extender.node_cache_capable,
        "managedResources": resources,
        "ignorable": extender.ignorable,
    })
}
