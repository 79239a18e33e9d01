//! Which checks are made, in which order.

use std::sync::Arc;
use std::time::Duration;

use kube::config::Kubeconfig;
use longshore_cluster::call::Caller;
use longshore_cluster::check::access::{Account, access};
use longshore_cluster::check::conflicts::{Scope, conflicts};
use longshore_cluster::check::leader::leader;
use longshore_cluster::check::probe::{Probe, probe};
use longshore_cluster::check::{Check, api, caller};
use longshore_cluster::connect::{self, Found, Liveness};
use longshore_cluster::discover::{Discovered, discover, find as find_declared};
use longshore_cluster::kinds::WatchedKind;
use longshore_cluster::node_metrics::Fetcher;
use longshore_framework::features::Features;
use longshore_framework::node_metrics::{MetricsSource, Provider};
use longshore_framework::objects::declared::Declarations;
use longshore_loader::{Loaded, file as configuration_file, measured, rules};
use longshore_profile::Resolved;
use longshore_service::clock::Clock;
use tokio::time::{Instant, sleep, timeout};

use super::report::Reporter;
use crate::args::check::CheckArgs;
use crate::ask;
use crate::input;

/// The scheduler name that the chart and the examples use.
const SCHEDULER_NAME: &str = "longshore";

/// How long the API server may take for the first answers.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Time between two questions to a scheduler that is not ready.
const INTERVAL: Duration = Duration::from_secs(1);

/// What the checks are about.
struct Subject {
    scheduler_name: String,
    namespace: String,
    lease_namespace: String,
    lease: String,
    /// Whether the scheduler elects a leader.
    elects: bool,
}

/// Makes all checks. One that everything else needs ends them.
pub(crate) async fn check(args: &CheckArgs, reporter: &mut Reporter<'_>) {
    let Some(found) = find(args, reporter).await else { return };
    let connected = connected(&found, reporter).await;
    let version = connected.as_ref().map(|(_, discovered)| discovered.version.as_str());
    let configuration = configuration(args, version, reporter);
    let Some((client, _)) = connected else { return };
    let subject = Subject::new(args, &found, configuration.as_ref().map(|loaded| &loaded.resolved));
    let api = caller(&client);
    let declared = declared(&client, configuration.as_ref(), reporter).await;
    let sources = configuration.as_ref().map(|c| measured::sources(&c.resolved.profiles)).unwrap_or_default();
    if let Some(account) = account(args) {
        reporter.group("Permissions");
        let lease = subject.elects.then_some((subject.lease_namespace.as_str(), subject.lease.as_str()));
        let metered = sources.iter().any(|source| source.provider == Provider::MetricsServer);
        tell(reporter, access(&api, &account, lease, (&declared, metered)).await);
    }
    measure(&api, &sources, reporter).await;
    if args.pre {
        reporter.group("Built-in roles");
        tell(reporter, api::built_in_roles(&api).await);
    }
    reporter.group("Conflicts");
    let scope = Scope {
        scheduler_name: &subject.scheduler_name,
        namespace: &subject.lease_namespace,
        lease: &subject.lease,
        installed: !args.pre,
    };
    tell(reporter, conflicts(&api, scope).await);
    if !args.pre {
        scheduler(args, &api, &found, &subject, reporter).await;
        probed(args, &api, subject, reporter).await;
    }
}

/// Whether the sources answer of what is measured on nodes.
async fn measure(api: &Caller, sources: &[Arc<MetricsSource>], reporter: &mut Reporter<'_>) {
    if sources.is_empty() {
        return;
    }
    reporter.group("What is measured on nodes");
    for source in sources {
        let name = format!("{source} answers");
        let fetched = match Fetcher::new(source, api) {
            Ok(fetcher) => fetcher.fetch(Clock::new().now()).await,
            Err(why) => Err(why),
        };
        reporter.add(&match fetched {
            Ok(sample) if sample.nodes.is_empty() => {
                let remedy = "look at what it asks; with Prometheus also at nodeLabel";
                Check::warning(name, "it says nothing of any node", remedy)
            }
            Ok(sample) => Check::ok(name).saying(format!("values of {} nodes", sample.nodes.len())),
            Err(why) => {
                let remedy = "fix what the message says; plugins that read it go by no values meanwhile";
                Check::warning(name, why, remedy)
            }
        });
    }
}

/// The kinds that plugins of the configuration read, of those that are served.
async fn declared(
    client: &kube::Client,
    configuration: Option<&Loaded>,
    reporter: &mut Reporter<'_>,
) -> Vec<&'static WatchedKind> {
    let declared = configuration.map(|loaded| loaded.guests.declarations()).unwrap_or_default();
    if declared.is_empty() {
        return Vec::new();
    }
    reporter.group("Objects of plugins");
    match timeout(TIMEOUT, find_declared(client, &declared)).await {
        Ok(Ok((served, unknown))) => {
            tell(reporter, api::declared(&served, &unknown));
            served
        }
        Ok(Err(error)) => {
            let remedy = connect::fix(&error).unwrap_or("fix what the message says");
            reporter.add(&Check::failed("their kinds can be asked for", connect::chain(&error), remedy));
            Vec::new()
        }
        Err(_) => {
            let message = format!("not within {TIMEOUT:?}");
            let remedy = "is the network slow, or blocked?";
            reporter.add(&Check::failed("their kinds can be asked for", message, remedy));
            Vec::new()
        }
    }
}

fn tell(reporter: &mut Reporter<'_>, checks: Vec<Check>) {
    checks.iter().for_each(|check| reporter.add(check));
}

async fn find(args: &CheckArgs, reporter: &mut Reporter<'_>) -> Option<Found> {
    match connect::find(&(&args.cluster).into()).await {
        Ok(found) => {
            reporter.place(found.config.cluster_url.to_string(), context(args, &found), &found.origin);
            Some(found)
        }
        Err(error) => {
            reporter.group("Kubernetes API");
            let remedy = "give --kubeconfig FILE, or set KUBECONFIG";
            reporter.add(&Check::failed("a cluster is configured", error.to_string(), remedy));
            None
        }
    }
}

/// The context that is used, when it is a kubeconfig's.
fn context(args: &CheckArgs, found: &Found) -> Option<String> {
    if args.cluster.context.is_some() || found.origin.contains("service account") {
        return args.cluster.context.clone();
    }
    let read = match &args.cluster.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    read.ok()?.current_context
}

/// The configuration by the rules of a server of this version, or of the newest stable minor when none has answered.
fn configuration(args: &CheckArgs, server: Option<&str>, reporter: &mut Reporter<'_>) -> Option<Loaded> {
    let file = args.config.as_deref()?;
    let name = format!("{} is valid", file.display());
    reporter.group("Configuration");
    let (loader, _) = input::loader(&args.plugins);
    let (minor, _) = rules::minor_of(server);
    loader.follow(Features::of(minor));
    let loaded = match configuration_file::profiles(Some(file), &loader) {
        Ok(loaded) => loaded,
        Err(error) => {
            let remedy = "fix the file; longshore profile validate --kubernetes-version says the same";
            reporter.add(&Check::failed(name, format!("{error:#}"), remedy));
            return None;
        }
    };
    let resolved = &loaded.resolved;
    let names: Vec<&str> = resolved.profiles.iter().map(|p| &*p.scheduler_name).collect();
    reporter.add(&Check::ok(name).saying(format!("for Kubernetes {minor}, profiles {}", names.join(", "))));
    for warning in &resolved.warnings {
        let remedy = "change the file, unless this is what you want";
        reporter.add(&Check::warning("nothing in it is in doubt", warning.to_string(), remedy));
    }
    if let Some(wanted) = args.scheduler_name.as_deref().filter(|n| !names.contains(n)) {
        let message = format!("its profiles are {}", names.join(", "));
        let remedy =
            format!("add a profile with schedulerName: {wanted}, or give --scheduler-name another name");
        reporter.add(&Check::failed(format!("it has a profile called {wanted}"), message, remedy));
    }
    Some(loaded)
}

/// A client and what the API server serves, once it has answered.
async fn connected(found: &Found, reporter: &mut Reporter<'_>) -> Option<(kube::Client, Discovered)> {
    const NAME: &str = "the API server answers";
    reporter.group("Kubernetes API");
    let client = match connect::client(found, None, Liveness::default()) {
        Ok(client) => client,
        Err(error) => {
            reporter.add(&Check::failed(NAME, error.to_string(), "fix the kubeconfig"));
            return None;
        }
    };
    let (user, identity) = api::identity(&caller(&client)).await;
    let discovered = timeout(TIMEOUT, discover(&client, &Declarations::default())).await;
    let failed = match discovered {
        Ok(Ok(discovered)) => {
            reporter.add(&Check::ok(NAME).saying(found.config.cluster_url.to_string()));
            reporter.add(&identity);
            reporter.add(&api::version(&discovered.version));
            tell(reporter, api::kinds(&discovered));
            return Some((client, discovered));
        }
        // It answers, though not to somebody whom it does not know.
        Ok(Err(kube::Error::Api(_))) if user.is_none() => identity,
        Ok(Err(error)) => {
            let remedy = connect::fix(&error).unwrap_or("fix what the message says");
            Check::failed(NAME, connect::chain(&error), remedy)
        }
        Err(_) => Check::failed(NAME, format!("not within {TIMEOUT:?}"), "is the network slow, or blocked?"),
    };
    reporter.add(&failed);
    None
}

impl Subject {
    fn new(args: &CheckArgs, found: &Found, configuration: Option<&Resolved>) -> Self {
        let first = || configuration?.profiles.first().map(|p| p.scheduler_name.to_string());
        let scheduler_name =
            args.scheduler_name.clone().or_else(first).unwrap_or_else(|| SCHEDULER_NAME.to_string());
        let accounts = || args.as_service_account.as_ref().map(|(namespace, _)| namespace.clone());
        let namespace = args.namespace.clone().or_else(accounts);
        let namespace = namespace.unwrap_or_else(|| found.config.default_namespace.clone());
        let configured = configuration.map(|c| &c.configuration.leader_election);
        let (lease_namespace, lease) = match (&args.lease, configured) {
            (Some((namespace, name)), _) => (namespace.clone(), name.clone()),
            (None, Some(lease)) => (lease.resource_namespace.clone(), lease.resource_name.clone()),
            (None, None) => (namespace.clone(), scheduler_name.clone()),
        };
        let elects = args.lease.is_some() || configured.is_none_or(|c| c.leader_elect);
        Self { scheduler_name, namespace, lease_namespace, lease, elects }
    }
}

fn account(args: &CheckArgs) -> Option<Account> {
    match &args.as_service_account {
        Some((namespace, name)) => {
            Some(Account::Service { namespace: namespace.clone(), name: name.clone() })
        }
        None => args.pre.then_some(Account::Own),
    }
}

/// Whether the scheduler leads and answers.
async fn scheduler(
    args: &CheckArgs,
    api: &Caller,
    found: &Found,
    subject: &Subject,
    reporter: &mut Reporter<'_>,
) {
    reporter.group("Scheduler");
    if subject.elects {
        reporter.add(&leader(api, &subject.lease_namespace, &subject.lease, args.wait).await);
    }
    let Some(address) = ask::address(&args.server) else { return };
    let scheduler = match ask::scheduler(found, &args.server, &address) {
        Ok(scheduler) => scheduler,
        Err(error) => {
            reporter.add(&Check::failed("the scheduler answers", format!("{error:#}"), "fix the flags"));
            return;
        }
    };
    for path in ["/livez", "/readyz?verbose"] {
        let check = healthy(&scheduler, &address, path, args.wait).await;
        reporter.add(&check);
    }
}

async fn healthy(scheduler: &Caller, address: &str, path: &str, wait: Duration) -> Check {
    let name = format!("{}{path} is ok", address.trim_end_matches('/'));
    let began = Instant::now();
    loop {
        let error = match ask::get(scheduler, path).await {
            Ok(_) => return Check::ok(name),
            Err(error) => error,
        };
        // Whoever cannot be reached will not be reached by waiting; whoever is not ready may become so.
        if error.code != 500 || began.elapsed() >= wait {
            let bad: Vec<&str> = error.message.lines().filter(|l| l.starts_with("[-]")).collect();
            let message = if bad.is_empty() { error.to_string() } else { bad.join("; ") };
            return Check::failed(name, message, ask::remedy(&error));
        }
        sleep(INTERVAL.min(wait.saturating_sub(began.elapsed()))).await;
    }
}

async fn probed(args: &CheckArgs, api: &Caller, subject: Subject, reporter: &mut Reporter<'_>) {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let pod = Probe {
        namespace: subject.namespace,
        name: format!("longshore-check-{}", &id[..8]),
        scheduler_name: subject.scheduler_name,
        image: args.image.clone(),
        wait: args.wait,
    };
    reporter.group("Probe pod");
    probe(api, &pod, stopped(), &mut |check| reporter.add(&check)).await;
}

/// Ends with Ctrl-C or SIGTERM.
async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // A signal that cannot be waited for never comes.
    if interrupted.await.is_err() {
        std::future::pending::<()>().await;
    }
}
