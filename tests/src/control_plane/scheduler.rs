//! A scheduler on the cluster: the real one or ours, started the same way.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    ADMIN, Api, ControlPlane, Metrics, Process, SCHEDULER, binaries, free_port, kubeconfig, objects,
};

/// Which scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The reference.
    KubeScheduler,
    /// `longshore run`.
    Longshore,
}

/// How to start one.
#[derive(Clone, Debug)]
pub struct SchedulerOptions {
    /// Which.
    pub kind: Kind,
    /// Laid over a configuration with leader election off and QPS and burst of 5,000 (RFC 7396).
    pub config: Value,
    /// Its kubeconfig; that of [`SCHEDULER`] when there is none.
    pub kubeconfig: Option<PathBuf>,
    /// Further flags.
    pub flags: Vec<String>,
    /// Whether to return only when it is ready.
    pub wait: bool,
}

impl SchedulerOptions {
    /// The default profile.
    pub fn new(kind: Kind) -> Self {
        Self { kind, config: json!({}), kubeconfig: None, flags: Vec::new(), wait: true }
    }

    /// With `config` laid over what was there.
    #[must_use]
    pub fn config(mut self, config: &Value) -> Self {
        self.config = objects::with(self.config, config);
        self
    }

    /// With another kubeconfig.
    #[must_use]
    pub fn kubeconfig(mut self, path: impl Into<PathBuf>) -> Self {
        self.kubeconfig = Some(path.into());
        self
    }

    /// With one more flag.
    #[must_use]
    pub fn flag(mut self, flag: impl Into<String>) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// Does not wait until it is ready.
    #[must_use]
    pub fn without_waiting(mut self) -> Self {
        self.wait = false;
        self
    }
}

/// A running scheduler. Stopped when dropped; a panicking test prints the end of its log.
pub struct Scheduler {
    /// Its process.
    pub process: Process,
    /// Which it is.
    pub kind: Kind,
    /// The file its configuration was written to.
    pub config: PathBuf,
    port: u16,
    api: Api,
}

/// Tells the files of several schedulers in one cluster apart.
static STARTED: AtomicU32 = AtomicU32::new(0);

impl Scheduler {
    /// Starts one on `plane`.
    pub fn start(plane: &ControlPlane, options: &SchedulerOptions) -> Self {
        let name = format!("scheduler-{}", STARTED.fetch_add(1, Ordering::Relaxed));
        let kubeconfig = options.kubeconfig.clone().unwrap_or_else(|| plane.kubeconfig_file(SCHEDULER));
        let base = json!({
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "leaderElection": { "leaderElect": false },
            "clientConnection": { "kubeconfig": kubeconfig, "qps": 5000, "burst": 5000 },
        });
        let config = plane.file(&format!("{name}.yaml"));
        kubeconfig::write(&config, &objects::with(base, &options.config));
        let port = free_port();
        let mut command = command(options.kind, &config, port);
        // Nothing of this machine may stand in for what the test gives it.
        command.env_remove("KUBECONFIG").env("HOME", plane.folder()).args(&options.flags);
        let process = Process::spawn(&name, &mut command, &plane.file(&format!("{name}.log")));
        let mut scheduler = Self::attach(plane, process, config, port);
        scheduler.kind = options.kind;
        if options.wait {
            scheduler.wait_until_ready();
        }
        scheduler
    }

    /// A longshore that somebody else started, with the configuration `config` and its server on `port`.
    pub fn attach(plane: &ControlPlane, process: Process, config: PathBuf, port: u16) -> Self {
        let api = Api::insecure(port, plane.token(ADMIN));
        Self { process, kind: Kind::Longshore, config, port, api }
    }

    /// Waits until `/readyz` says yes.
    pub fn wait_until_ready(&mut self) {
        let api = self.api.clone();
        let ask = || api.text("/readyz").map(drop).map_err(|error| error.to_string());
        self.process.wait_until_ready(Duration::from_secs(60), ask);
    }

    /// What `path` of its HTTP server says, asked as an administrator.
    pub fn http(&self, path: &str) -> Result<String, kube::Error> {
        self.api.text(path)
    }

    /// Where it serves.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything it measures.
    #[track_caller]
    pub fn metrics(&self) -> Metrics {
        Metrics::parse(&self.http("/metrics").unwrap())
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the end of the log of {:?}:\n{}", self.kind, self.process.last_lines(40));
        }
    }
}

fn command(kind: Kind, config: &Path, port: u16) -> Command {
    let mut command = match kind {
        Kind::KubeScheduler => {
            let mut command = Command::new(binaries::need("kube-scheduler"));
            let open = "--authorization-always-allow-paths=/healthz,/readyz,/livez,/metrics,/configz";
            command.args(["--authentication-skip-lookup", open]);
            command.arg(format!("--cert-dir={}", config.with_extension("certs").display()));
            command
        }
        Kind::Longshore => {
            let mut command = Command::new(binaries::longshore());
            command.arg("run");
            command
        }
    };
    command.arg(format!("--config={}", config.display()));
    command.args(["--bind-address=127.0.0.1", &format!("--secure-port={port}")]);
    command
}
