//! From files to a cluster and profiles; what is wrong with them goes to the console.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use kube::Client;
use longshore_cluster::call::Caller;
use longshore_cluster::connect::{self, Liveness};
use longshore_cluster::discover::discover;
use longshore_cluster::extender::Wants;
use longshore_cluster::node_metrics::Fetcher;
use longshore_framework::features::Features;
use longshore_framework::node_metrics::{MetricsSource, Sample};
use longshore_framework::objects::Object;
use longshore_framework::objects::declared::Declarations;
use longshore_framework::port::Requests;
use longshore_loader::extenders::{self, Extenders};
use longshore_loader::{Guests, Loaded, Loader, LoaderOptions, Tally, file, rules};
use longshore_manifest::{Manifests, Source};
use longshore_profile::Resolved;
use longshore_service::clock::Clock;
use longshore_wasm::Patience;

use crate::args::gates::RuleArgs;
use crate::args::{InputArgs, PluginArgs};
use crate::choice;
use crate::console::Console;
use crate::exit::UsageError;
use crate::measured;
use crate::sources;

/// Most pods or nodes that a warning names.
const NAMED: usize = 3;

/// Most objects that are named each in a warning of its own.
const LISTED: usize = 50;

/// A cluster and the profiles to decide it with.
pub(crate) struct Input {
    /// The cluster.
    pub(crate) cluster: Manifests,
    /// The profiles.
    pub(crate) resolved: Resolved,
    /// Whether pods whose scheduler name no profile has are the first profile's.
    pub(crate) adopt_all: bool,
    /// The configuration's extenders.
    pub(crate) extenders: Extenders,
    /// What its plugins in WebAssembly ask of the engine.
    pub(crate) requests: Requests,
    /// What they did wrong.
    pub(crate) failures: Arc<Tally>,
    /// The rules that decisions follow.
    pub(crate) features: Features,
}

/// Reads everything. What cannot be read of the cluster is reported on the console and left out.
///
/// # Errors
/// A path that is not there, and a configuration that is not valid.
pub(crate) fn load(args: &InputArgs, console: &mut Console<'_>) -> anyhow::Result<Input> {
    let sources = sources::gather(&args.filenames, &args.kustomizations)?;
    load_from(args, sources, args.config.as_deref(), console)
}

/// The same with files that are read already, and another configuration.
///
/// # Errors
/// As before.
pub(crate) fn load_from(
    args: &InputArgs,
    mut sources: Vec<Source>,
    config: Option<&Path>,
    console: &mut Console<'_>,
) -> anyhow::Result<Input> {
    let what_if = args.what_if.changes();
    let what_if =
        what_if.ok_or_else(|| UsageError("each --add-nodes N needs a --like NODE of its own".to_string()))?;
    let (loader, failures) = loader_that(&args.plugins, args.ignore_unknown_plugins);
    let server = if args.from_cluster { Some(Server::find(args)?) } else { None };
    let version = server.as_ref().map(|server| server.version.as_str());
    let features = rules(&args.rules, version, console)?;
    loader.follow(features);
    let Loaded { mut resolved, guests, .. } = match &args.served {
        Some(text) => loader.load("/configz", text, Path::new(""), &Guests::default())?,
        None => file::profiles(config, &loader)?,
    };
    let configured = config.is_some() || args.served.is_some();
    let adopt_all = choice::choose(&args.choice, configured, &mut resolved.profiles)?;
    let reads = longshore_loader::measured::sources(&resolved.profiles);
    let mut said = Vec::new();
    if let Some(server) = server {
        sources.insert(0, server.list(&guests.declarations(), console)?);
        if args.measured.metrics.is_none() {
            said = server.measure(&reads, console);
        }
    }
    let declared = guests.declarations();
    let options =
        longshore_manifest::Options { expand_cron_jobs: args.expand_cron_jobs, features, declared, what_if };
    let mut cluster = longshore_manifest::read_with(&sources, options);
    if !cluster.misfits.is_empty() {
        return Err(UsageError(cluster.misfits.join("\n")).into());
    }
    cluster.measured = said;
    measure(args, &reads, &mut cluster, console)?;
    tracing::info!(nodes = cluster.nodes.len(), pods = cluster.pods.len(), "read the cluster");
    if let Some(file) = config {
        warn_of_profile(file, &resolved, console);
    }
    if !args.from_cluster {
        warn_of_version(&cluster, features, console);
    }
    warn_of_cluster(&cluster, console);
    let extenders = Extenders::of_manifests(&resolved.configuration.extenders, &sources, &cluster)?;
    failures.ignore(guests.ignored());
    if guests.wants() != Wants::default() {
        loader.objects().set(extenders::written(&sources, &cluster));
    }
    let requests = loader.requests();
    Ok(Input { cluster, resolved, adopt_all, extenders, requests, failures, features })
}

/// Takes what the file says of what is measured on nodes.
///
/// # Errors
/// The file cannot be taken.
fn measure(
    args: &InputArgs,
    reads: &[Arc<MetricsSource>],
    cluster: &mut Manifests,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match measured::file(&args.measured, cluster.nodes.iter())? {
        Some(_) if reads.is_empty() => {
            console.warn("--metrics: no plugin of the profiles reads what is measured on nodes");
        }
        Some(sample) => cluster.measured.push((None, Arc::new(sample))),
        None if !reads.is_empty() && !args.from_cluster => console.warn(&format!(
            "plugins read what is measured on nodes, from {}, and nothing says it here: give --metrics FILE",
            reads[0]
        )),
        None => {}
    }
    Ok(())
}

/// A loader for a command that ends. Plugins that may ask for the time are told when it began, however long it takes, and no
/// answer depends on how busy the machine is.
pub(crate) fn loader(args: &PluginArgs) -> (Loader, Arc<Tally>) {
    loader_that(args, false)
}

/// The same, which may leave out plugins that nobody has.
pub(crate) fn loader_that(args: &PluginArgs, ignore_unknown: bool) -> (Loader, Arc<Tally>) {
    let (failures, began) = (Arc::<Tally>::default(), Clock::new().now());
    let clock = Arc::new(move || u64::try_from(began.0).unwrap_or(0));
    let observer = Arc::clone(&failures) as Arc<dyn longshore_wasm::Observe>;
    let (patience, catalogue) = (Patience::Endless, args.catalogue.clone());
    (
        Loader::new(LoaderOptions {
            cache_dir: args.cache_dir(),
            catalogue,
            ignore_unknown,
            clock,
            observer,
            patience,
        }),
        failures,
    )
}

/// The rules to follow, from flags and the version of the server, if there is one.
///
/// # Errors
/// Gates that are refused.
pub(crate) fn rules(
    args: &RuleArgs,
    server: Option<&str>,
    console: &mut Console<'_>,
) -> anyhow::Result<Features> {
    let (minor, remark) = rules::minor(args.kubernetes_version, server);
    if let Some(remark) = remark {
        console.warn(&remark);
    }
    let resolved = args.gates.resolve(minor)?;
    for remark in &resolved.remarks {
        console.warn(&remark.to_string());
    }
    Ok(resolved.features)
}

/// What sources say.
type Measured = Vec<(Option<Arc<MetricsSource>>, Arc<Sample>)>;

/// A cluster that is read once. Nothing is written.
struct Server {
    runtime: tokio::runtime::Runtime,
    client: Client,
    /// Where it is, for messages.
    place: String,
    version: String,
}

impl Server {
    /// Finds it, and which version it is.
    fn find(args: &InputArgs) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (client, place, version) = runtime.block_on(async {
            let found = connect::find(&(&args.cluster).into()).await?;
            let client = connect::client(&found, None, Liveness::default())?;
            let place = format!("{} ({})", found.config.cluster_url, found.origin);
            let version = client.apiserver_version().await;
            let version = version.map_err(|e| anyhow!("{place}: {}", connect::explained(&e)))?;
            Ok::<_, anyhow::Error>((client, place, version.git_version))
        })?;
        Ok(Self { runtime, client, place, version })
    }

    /// What it has of what scheduling reads and of what plugins declare.
    fn list(&self, declared: &Declarations, console: &mut Console<'_>) -> anyhow::Result<Source> {
        let Self { runtime, client, place, .. } = self;
        let listed = runtime.block_on(async {
            let explained = |e: kube::Error| anyhow!("{place}: {}", connect::explained(&e));
            let discovered = discover(client, declared).await.map_err(explained)?;
            let listed = longshore_cluster::list::list(client, &discovered).await?;
            Ok::<_, anyhow::Error>((discovered, listed))
        })?;
        let (discovered, listed) = listed;
        for kind in &discovered.unknown {
            console.warn(&format!("the API server does not serve {kind}, which a plugin reads"));
        }
        for lost in &listed.forbidden {
            console.warn(lost);
        }
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": listed.objects});
        Ok(Source { name: "the cluster".to_string(), text: serde_json::to_vec(&list)? })
    }

    /// What sources say of what is measured on nodes, as long before time 0 as it was measured before now.
    fn measure(&self, sources: &[Arc<MetricsSource>], console: &mut Console<'_>) -> Measured {
        let mut said = Measured::new();
        let (api, now) = (Caller::new(self.client.clone()), Clock::new().now());
        for source in sources {
            let fetched = Fetcher::new(source, &api).and_then(|f| self.runtime.block_on(f.fetch(now)));
            match fetched {
                Ok(sample) => said.push((Some(Arc::clone(source)), Arc::new(sample.later_by(-now.0)))),
                Err(why) => console.warn(&format!("{source} does not say what is measured on nodes: {why}")),
            }
        }
        said
    }
}

/// A dump knows of which version its cluster was.
fn warn_of_version(cluster: &Manifests, features: Features, console: &mut Console<'_>) {
    let Some(version) = cluster.coverage.kubernetes_version.as_deref() else { return };
    let (own, followed) = (rules::minor_of(Some(version)).0, features.minor());
    if own != followed {
        console.warn(&format!(
            "the dump is of a cluster of {version}, and is decided as Kubernetes {followed}; add --kubernetes-version {own}"
        ));
    }
}

fn warn_of_profile(file: &Path, resolved: &Resolved, console: &mut Console<'_>) {
    let name = file.display();
    for warning in &resolved.warnings {
        console.warn(&format!("{name}: {warning}"));
    }
    for extender in resolved.configuration.extenders.iter().filter(|e| !e.bind_verb.is_empty()) {
        let url = &extender.url_prefix;
        console
            .warn(&format!("{name}: the extender {url} is not asked to bind: simulate never binds anything"));
    }
}

/// Says what could not be read, and what else is odd.
pub(crate) fn warn_of_cluster(cluster: &Manifests, console: &mut Console<'_>) {
    for problem in &cluster.problems {
        console.error(&problem.to_string());
    }
    for field in &cluster.unknown_fields {
        console.warn(&field.to_string());
    }
    warn_of_rooms(cluster, console);
    for warning in &cluster.warnings {
        console.warn(warning);
    }
    for refusal in cluster.refused.iter().take(LISTED) {
        console.warn(&refusal.to_string());
    }
    if cluster.refused.len() > LISTED {
        console.warn(&format!("pods of {} more objects are not created", cluster.refused.len() - LISTED));
    }
    for unexpanded in cluster.unexpanded.iter().take(LISTED) {
        console.warn(&unexpanded.to_string());
    }
    if cluster.unexpanded.len() > LISTED {
        console.warn(&format!("{} more objects are not expanded", cluster.unexpanded.len() - LISTED));
    }
    if !cluster.unknown_kinds.is_empty() {
        let kinds: Vec<String> = cluster.unknown_kinds.iter().map(|(k, n)| format!("{k} ({n})")).collect();
        console.warn(&format!("left out kinds that scheduling does not read: {}", kinds.join(", ")));
    }
    let nodes: std::collections::BTreeSet<&str> = cluster.nodes.iter().map(|n| &*n.name).collect();
    let homes = cluster.pods.iter().filter_map(|p| p.meta.node_name.as_deref());
    let lost: Vec<&str> = homes.filter(|n| !nodes.contains(n)).collect();
    if !lost.is_empty() {
        let names: std::collections::BTreeSet<&str> = lost.iter().copied().collect();
        console.warn(&format!(
            "{} running pod(s) are on nodes that are not in the input ({}) and use no room",
            lost.len(),
            some(&names.into_iter().collect::<Vec<_>>())
        ));
    }
}

/// Nodes that are fuller than the engine knows.
fn warn_of_rooms(cluster: &Manifests, console: &mut Console<'_>) {
    let uncounted = cluster.problems.iter().filter(|p| !p.counted).filter_map(|p| p.node.as_deref());
    let (pods, nodes): (Vec<&str>, std::collections::BTreeSet<&str>) = uncounted.map(|n| (n, n)).unzip();
    if !nodes.is_empty() {
        console.warn(&format!(
            "{} pod(s) that could not be read run on {}: there is less room there than is counted on, so pods that are \
             placed there may not fit",
            pods.len(),
            some(&nodes.into_iter().collect::<Vec<_>>())
        ));
    }
}

/// What to say of evictions in a cluster that was read without its PodDisruptionBudgets.
pub(crate) fn without_budgets(cluster: &Manifests, evicted: usize) -> Option<String> {
    let known = cluster.coverage.has("PodDisruptionBudget");
    let has_budgets = known || cluster.objects.iter().any(|o| matches!(o, Object::DisruptionBudget(_)));
    (evicted > 0 && !has_budgets).then(|| {
        format!("{evicted} pod(s) were evicted, and no PodDisruptionBudget is in the input; add those of the cluster, if it has any")
    })
}

/// The first few names, and how many more there are.
pub(crate) fn some(names: &[&str]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
