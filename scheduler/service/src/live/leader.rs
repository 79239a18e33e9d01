//! Which of several schedulers of one name schedules.

use std::time::Duration;

use anyhow::Context;
use longshore_cluster::call::Caller;
use longshore_cluster::contact::Contact;
use longshore_cluster::hold::Hold;
use longshore_cluster::lease::{
    Elector, Leadership, LeaseEvent, LeaseOptions, LossReason, Watchdog, identity,
};
use longshore_cluster::told::Told;
use longshore_framework::Str;
use longshore_profile::Configuration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Inbox, Message};
use crate::options::LeaderOptions;

/// The name that a configuration which names none has; it is kube-scheduler's own.
const KUBE_SCHEDULER: &str = "kube-scheduler";

/// Our part in the election.
pub(crate) struct Candidacy {
    /// Where we stand.
    pub(crate) leadership: watch::Receiver<Leadership>,
    /// Whether the elector does its work.
    pub(crate) watchdog: Watchdog,
    stop: CancellationToken,
    running: Option<JoinHandle<()>>,
}

impl Candidacy {
    /// Nobody is asked: we lead.
    fn unopposed() -> Self {
        Self {
            leadership: watch::Sender::new(Leadership::Leading).subscribe(),
            watchdog: Watchdog::default(),
            stop: CancellationToken::new(),
            running: None,
        }
    }

    /// Gives the Lease back, so that the next one need not wait for its end. Nothing may be decided any more.
    pub(crate) async fn withdraw(self, patience: Duration) {
        self.stop.cancel();
        if let Some(running) = self.running {
            // The Lease runs out by itself.
            let _ = tokio::time::timeout(patience, running).await;
        }
    }
}

/// The election's settings: the configuration's, with the flags before it. `None` when there is no election.
pub(crate) fn settings(asked: &LeaderOptions, configuration: &Configuration) -> Option<LeaseOptions> {
    let written = &configuration.leader_election;
    if !asked.leader_elect.unwrap_or(written.leader_elect) {
        return None;
    }
    let (namespace, name) = lease(asked, configuration);
    let mut options = LeaseOptions::new(namespace, name, identity(&hostname()));
    options.lease_duration = asked.leader_elect_lease_duration.unwrap_or(written.lease_duration);
    options.renew_deadline = asked.leader_elect_renew_deadline.unwrap_or(written.renew_deadline);
    options.retry_period = asked.leader_elect_retry_period.unwrap_or(written.retry_period);
    Some(options)
}

/// Namespace and name of the Lease, also where there is no election.
pub(crate) fn lease(asked: &LeaderOptions, configuration: &Configuration) -> (Str, Str) {
    let name = asked.leader_elect_resource_name.clone().unwrap_or_else(|| lease_name(configuration));
    let written = &configuration.leader_election.resource_namespace;
    let namespace = asked.leader_elect_resource_namespace.as_ref().unwrap_or(written);
    (namespace.as_str().into(), name.into())
}

/// The pod's name, where it is told, else the host's.
pub fn hostname() -> String {
    let pod = std::env::var("POD_NAME").ok().filter(|name| !name.is_empty());
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    pod.unwrap_or_else(host).trim().to_string()
}

/// Waits until we lead.
pub(crate) async fn until_leading(candidacy: &Candidacy) {
    let mut leadership = candidacy.leadership.clone();
    // An elector that has ended tells the thread why.
    let _ = leadership.wait_for(|l| *l == Leadership::Leading).await;
}

/// A scheduler that does not stand in for kube-scheduler must not contend for its Lease: unless a name is given, the
/// Lease is called after the first profile.
fn lease_name(configuration: &Configuration) -> String {
    let written = &configuration.leader_election.resource_name;
    let names: Vec<&str> = configuration.profiles.iter().map(|p| p.scheduler_name.as_str()).collect();
    match names.first() {
        Some(first) if written == KUBE_SCHEDULER && !names.contains(&"default-scheduler") => {
            (*first).to_string()
        }
        _ => written.clone(),
    }
}

/// Takes part in the election and tells the thread how it goes, and `hold` at any moment whether anything may be written.
/// `lost` is called as soon as another one may lead. While we lead, the Lease says how we are reached, as far as `contact` knows.
///
/// # Errors
/// Settings that cannot work.
pub(crate) fn stand(
    options: Option<LeaseOptions>,
    api: Caller,
    hold: Hold,
    contact: watch::Receiver<Option<Contact>>,
    inbox: &Inbox,
    announce: impl Fn(LeaseEvent) + Send + Sync + 'static,
    lost: impl Fn(&LossReason) + Send + 'static,
) -> anyhow::Result<Candidacy> {
    let Some(options) = options else {
        hold.stand_alone();
        let _ = inbox.send(Message::Leading(true));
        return Ok(Candidacy::unopposed());
    };
    let elector = Elector::new(api, options).context("leader election cannot work")?;
    let elector = elector.announcing(announce).holding(hold).showing(contact);
    let (watchdog, stop) = (elector.watchdog(), CancellationToken::new());
    let (state, leadership) = watch::channel(Leadership::default());
    let running = tokio::spawn(elector.run(stop.clone(), state));
    tokio::spawn(tell(leadership.clone(), inbox.clone(), lost));
    Ok(Candidacy { leadership, watchdog, stop, running: Some(running) })
}

async fn tell(mut leadership: watch::Receiver<Leadership>, inbox: Inbox, lost: impl Fn(&LossReason) + Send) {
    while leadership.changed().await.is_ok() {
        let message = match &*leadership.borrow_and_update() {
            Leadership::Standby { trouble, .. } => {
                if let Some(trouble) = trouble {
                    tracing::error!("leader election: {trouble}");
                }
                Message::Leading(false)
            }
            Leadership::Leading => Message::Leading(true),
            Leadership::Lost(LossReason::Stopped { .. }) => return,
            Leadership::Lost(reason) => {
                lost(reason);
                Message::Told(Told::Fatal(format!("leaderelection lost: {reason}")))
            }
        };
        if inbox.send(message).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: &LeaderOptions, config: &str, lease: Option<&str>) {
        let head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
        let written = longshore_profile::parse("-", &format!("{head}{config}")).unwrap();
        let options = settings(asked, &written);
        assert_eq!(options.map(|o| format!("{}/{}", o.namespace, o.name)).as_deref(), lease);
    }

    #[test]
    fn a_second_scheduler_has_a_lease_of_its_own() {
        let asked = LeaderOptions::default;
        let elect = |elect| LeaderOptions { leader_elect: Some(elect), ..asked() };
        check(&asked(), "", Some("kube-system/kube-scheduler"));
        check(&asked(), "profiles: [{schedulerName: longshore}]", Some("kube-system/longshore"));
        check(
            &asked(),
            "profiles: [{schedulerName: longshore}]\nleaderElection: {resourceName: x}",
            Some("kube-system/x"),
        );
        let named = LeaderOptions {
            leader_elect_resource_name: Some("y".to_string()),
            leader_elect_resource_namespace: Some("z".to_string()),
            ..asked()
        };
        check(&named, "", Some("z/y"));
        check(&elect(false), "", None);
        check(&asked(), "leaderElection: {leaderElect: false}", None);
        check(&elect(true), "leaderElection: {leaderElect: false}", Some("kube-system/kube-scheduler"));
    }
}
