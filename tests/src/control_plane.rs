//! etcd and kube-apiserver, the real ones, for as long as a test needs them.

mod api;
mod arena;
pub mod binaries;
mod certificates;
pub mod groups;
pub mod kubeconfig;
mod kwok;
mod metrics;
pub mod objects;
mod process;
pub mod proxy;
mod reaper;
pub mod runtime;
mod scheduler;
mod wait;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

pub use self::api::{Answer, Api, code};
pub use self::arena::{Arena, alone, condition, shared};
use self::certificates::Certificates;
pub use self::certificates::new_authority_certificate;
pub use self::metrics::{Metrics, Sample};
pub use self::process::{Process, Usage};
pub use self::scheduler::{Kind, Scheduler, SchedulerOptions};
pub use self::wait::{LONG, SHORT, until};

/// Member of system:masters.
pub const ADMIN: &str = "admin";
/// The user that kube-scheduler is in a real cluster, with the rights the API server gives it at its start.
pub const SCHEDULER: &str = "system:kube-scheduler";
/// A user without any rights.
pub const NOBODY: &str = "nobody";

/// What to start beside etcd and kube-apiserver.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// kwok, which lets bound pods run and deleted pods go.
    pub kwok: bool,
    /// Controllers of kube-controller-manager; it is not started when there are none.
    pub controllers: Vec<&'static str>,
    /// Users beyond [`ADMIN`], [`SCHEDULER`] and [`NOBODY`], with their groups.
    pub users: Vec<(&'static str, &'static str)>,
    /// More flags of kube-apiserver.
    pub api_server_flags: Vec<String>,
    /// Groups of pods of `scheduling.k8s.io`, where this minor has them.
    pub groups: bool,
}

/// A cluster without a scheduler. Stops everything and removes its folder when dropped; when it never is, as a static, the
/// same happens at the end of the test program.
#[derive(Debug)]
pub struct ControlPlane {
    // In the order in which they have to stop.
    manager: Option<Process>,
    kwok: Option<Process>,
    api_server: Option<Process>,
    etcd: Option<Process>,
    certificates: Certificates,
    flags: Vec<String>,
    groups: bool,
    port: u16,
    tokens: BTreeMap<String, String>,
    folder: TempDir,
}

/// A TCP port of this machine that was free a moment ago.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let first = PORTS.start + std::process::id().wrapping_mul(97) % (PORTS.end - PORTS.start);
    loop {
        let offset =
            (first - PORTS.start + TAKEN.fetch_add(1, Ordering::Relaxed)) % (PORTS.end - PORTS.start);
        let port = u16::try_from(PORTS.start + offset).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Ports of servers of tests: below those that the system gives to outgoing connections, of which one could take the port of a
/// server while it is restarted.
const PORTS: std::ops::Range<u32> = 12_000..32_000;

impl ControlPlane {
    /// Starts it and waits until it answers. Panics with the log of what went wrong.
    pub fn start(options: &Options) -> Self {
        let folder = tempfile::Builder::new().prefix("longshore-test-").tempdir().unwrap();
        reaper::add_folder(folder.path());
        let certificates = Certificates::create(folder.path());
        let mut plane = Self {
            manager: None,
            kwok: None,
            api_server: None,
            etcd: None,
            certificates,
            flags: options.api_server_flags.clone(),
            groups: options.groups,
            port: free_port(),
            tokens: BTreeMap::new(),
            folder,
        };
        plane.write_tokens(&options.users);
        plane.start_etcd();
        plane.start_api_server();
        if options.kwok {
            plane.kwok = Some(kwok::start(&plane));
        }
        if !options.controllers.is_empty() {
            plane.start_manager(&options.controllers);
        }
        plane
    }

    /// The folder of everything it writes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The server's address.
    pub fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The certificate that signed the server's.
    pub fn authority(&self) -> &Path {
        &self.certificates.authority
    }

    /// The certificate that the server shows.
    pub fn serving_certificate(&self) -> &Path {
        &self.certificates.serving
    }

    /// The key that service-account tokens are signed with, in PEM.
    pub fn accounts_key(&self) -> &Path {
        &self.certificates.accounts_key
    }

    /// The token of `user`.
    #[track_caller]
    pub fn token(&self, user: &str) -> &str {
        self.tokens.get(user).unwrap_or_else(|| panic!("no user {user}"))
    }

    /// A client with the rights of `user`.
    #[track_caller]
    pub fn api(&self, user: &str) -> Api {
        Api::new(self.kubeconfig_with_token(self.token(user)))
    }

    /// A kubeconfig with `token`, whoever that is.
    pub fn kubeconfig_with_token(&self, token: &str) -> Value {
        kubeconfig::kubeconfig(&self.server(), self.authority(), json!({ "token": token }))
    }

    /// Writes a kubeconfig for `user` and returns its path.
    #[track_caller]
    pub fn kubeconfig_file(&self, user: &str) -> PathBuf {
        let path = self.file(&format!("{}.kubeconfig", user.replace(':', "-")));
        kubeconfig::write(&path, &self.kubeconfig_with_token(self.token(user)));
        path
    }

    /// A token of a service account, as a pod of it would get.
    #[track_caller]
    pub fn service_account_token(&self, namespace: &str, name: &str) -> String {
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": { "expirationSeconds": 3600 },
        });
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let answer = self.api(ADMIN).post(&path, &request).unwrap();
        answer["status"]["token"].as_str().unwrap().to_owned()
    }

    /// kube-apiserver's process.
    #[track_caller]
    pub fn api_server(&self) -> &Process {
        self.api_server.as_ref().unwrap()
    }

    /// etcd's process.
    #[track_caller]
    pub fn etcd(&self) -> &Process {
        self.etcd.as_ref().unwrap()
    }

    /// Stops kube-apiserver only; etcd keeps what it had.
    pub fn stop_api_server(&mut self) {
        if let Some(mut server) = self.api_server.take() {
            server.stop();
        }
    }

    /// kube-apiserver ends without a word; etcd keeps what it had.
    pub fn kill_api_server(&mut self) {
        if let Some(mut server) = self.api_server.take() {
            server.kill();
        }
    }

    /// Starts kube-apiserver where it was before.
    pub fn start_api_server(&mut self) {
        let mut command = Command::new(binaries::need("kube-apiserver"));
        command
            .arg(format!("--etcd-servers=unix://{}", self.file("etcd.sock").display()))
            .args(["--bind-address=127.0.0.1", "--authorization-mode=RBAC", "--endpoint-reconciler-type=none"])
            .arg(format!("--secure-port={}", self.port))
            .arg(format!("--cert-dir={}", self.folder().display()))
            .arg(format!("--tls-cert-file={}", self.certificates.serving.display()))
            .arg(format!("--tls-private-key-file={}", self.certificates.serving_key.display()))
            .arg(format!("--client-ca-file={}", self.certificates.authority.display()))
            .arg("--service-account-issuer=https://kubernetes.default.svc")
            .arg(format!("--service-account-signing-key-file={}", self.certificates.accounts_key.display()))
            .arg(format!("--service-account-key-file={}", self.certificates.accounts_public.display()))
            .arg(format!("--token-auth-file={}", self.file("tokens.csv").display()))
            // No controllers that would make accounts, take away taints and finalizers.
            .arg("--disable-admission-plugins=ServiceAccount,TaintNodesByCondition,StorageObjectInUseProtection")
            .args(&self.flags);
        if let Some(groups) = groups::api().filter(|_| self.groups) {
            command.args(groups.api_server_flags());
        }
        let mut server = Process::spawn("kube-apiserver", &mut command, &self.file("kube-apiserver.log"));
        let api = self.api(ADMIN);
        server.wait_until_ready(Duration::from_secs(60), || {
            api.text("/readyz").map_err(|error| error.to_string())?;
            api.get("/api/v1/namespaces/default").map(drop).map_err(|error| error.to_string())
        });
        self.api_server = Some(server);
    }

    fn start_etcd(&mut self) {
        let socket = self.file("etcd.sock");
        let mut command = Command::new(binaries::need("etcd"));
        command
            .arg(format!("--data-dir={}", self.file("etcd").display()))
            .args(["--unsafe-no-fsync", "--log-level=error", "--quota-backend-bytes=8589934592"])
            .arg(format!("--listen-client-urls=unix://{}", socket.display()))
            .args(["--advertise-client-urls=http://127.0.0.111:0", "--listen-peer-urls=http://127.0.0.1:0"]);
        let mut etcd = Process::spawn("etcd", &mut command, &self.file("etcd.log"));
        etcd.wait_until_ready(Duration::from_secs(30), || {
            if socket.exists() { Ok(()) } else { Err("no socket".into()) }
        });
        self.etcd = Some(etcd);
    }

    fn start_manager(&mut self, controllers: &[&str]) {
        let mut command = Command::new(binaries::need("kube-controller-manager"));
        command
            .arg(format!("--kubeconfig={}", self.kubeconfig_file(ADMIN).display()))
            .arg(format!("--controllers={}", controllers.join(",")))
            .args(["--leader-elect=false", "--secure-port=0", "--pvclaimbinder-sync-period=1s"]);
        let log = self.file("kube-controller-manager.log");
        self.manager = Some(Process::spawn("kube-controller-manager", &mut command, &log));
    }

    fn write_tokens(&mut self, users: &[(&str, &str)]) {
        let ours = [(ADMIN, "system:masters"), (SCHEDULER, ""), (NOBODY, "")];
        let mut csv = String::new();
        for (user, groups) in ours.iter().chain(users) {
            let token = format!("token-of-{}", user.replace(':', "-"));
            writeln!(csv, "{token},{user},{user},\"{groups}\"").unwrap();
            self.tokens.insert((*user).to_owned(), token);
        }
        fs::write(self.file("tokens.csv"), csv).unwrap();
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        // Clients first, etcd last: kube-apiserver does not stop while it looks for its etcd.
        drop(self.manager.take());
        drop(self.kwok.take());
        drop(self.api_server.take());
        drop(self.etcd.take());
    }
}
