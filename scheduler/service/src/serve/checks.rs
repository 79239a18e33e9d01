//! Named health checks, and the text that Kubernetes writes about them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The three health paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// `/livez`: a restart would help.
    Live,
    /// `/readyz`: it can do its work, or could at once.
    Ready,
    /// `/healthz`: the older path.
    Health,
}

impl Probe {
    /// Every path.
    pub const ALL: [Self; 3] = [Self::Live, Self::Ready, Self::Health];

    /// The path without its slash.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "livez",
            Self::Ready => "readyz",
            Self::Health => "healthz",
        }
    }
}

type Test = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

#[derive(Clone)]
struct Check {
    name: String,
    probes: Vec<Probe>,
    test: Test,
}

/// Something that is told beside the checks of `/readyz` and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is about, such as `plugin/ZonePack`.
    pub about: String,
    /// How it is: good with a remark, or bad with the reason.
    pub state: Result<String, String>,
}

type Notes = Arc<dyn Fn() -> Vec<Note> + Send + Sync>;

/// All checks, in the order in which they were added. A path without checks answers `ping`.
#[derive(Default)]
pub struct Checks {
    checks: RwLock<Vec<Check>>,
    notes: RwLock<Option<Notes>>,
}

impl std::fmt::Debug for Checks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checks").finish_non_exhaustive()
    }
}

/// A check that is good or bad because somebody said so.
#[derive(Clone, Debug)]
pub struct Flag(Arc<Mutex<Result<(), String>>>);

impl Flag {
    /// All is well.
    pub fn pass(&self) {
        self.set(Ok(()));
    }

    /// It is not: what is waited for, or what is wrong.
    pub fn fail(&self, reason: impl Into<String>) {
        self.set(Err(reason.into()));
    }

    fn set(&self, state: Result<(), String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn state(&self) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What checks came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) good: bool,
    /// The text for everybody when something is wrong, and for those who ask for it.
    pub(super) verbose: String,
    /// Names of the checks and whether they were good.
    pub(super) results: Vec<(String, bool)>,
    /// The failed checks with their reasons.
    pub(super) failures: Vec<(String, String)>,
}

impl Checks {
    /// Adds a check to some paths; an `Err` says what is waited for or what is wrong.
    pub fn add(
        &self,
        probes: &[Probe],
        name: &str,
        test: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        let check = Check { name: name.to_string(), probes: probes.to_vec(), test: Arc::new(test) };
        self.checks.write().unwrap_or_else(PoisonError::into_inner).push(check);
    }

    /// Who is asked for what stands beside the checks of `/readyz`.
    pub fn set_notes(&self, notes: impl Fn() -> Vec<Note> + Send + Sync + 'static) {
        *self.notes.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(notes));
    }

    /// Adds a check that fails with `reason` until its flag is told otherwise.
    pub fn flag(&self, probes: &[Probe], name: &str, reason: impl Into<String>) -> Flag {
        let flag = Flag(Arc::new(Mutex::new(Err(reason.into()))));
        let told = flag.clone();
        self.add(probes, name, move || told.state());
        flag
    }

    /// The checks of a path, outside the lock: a check may take its time.
    fn checks_for(&self, probe: Probe) -> Vec<Check> {
        let all = self.checks.read().unwrap_or_else(PoisonError::into_inner);
        let mut checks: Vec<Check> = all.iter().filter(|c| c.probes.contains(&probe)).cloned().collect();
        if checks.is_empty() {
            checks.push(Check { name: "ping".to_string(), probes: vec![probe], test: Arc::new(|| Ok(())) });
        }
        checks
    }

    /// One check; `None` when the path has none of this name.
    pub(super) fn one(&self, probe: Probe, name: &str) -> Option<Result<(), String>> {
        self.checks_for(probe).iter().find(|c| c.name == name).map(|c| (c.test)())
    }

    /// All checks of a path but the excluded ones. Reasons and remarks stand in the text for those
    /// who may know all.
    pub(super) fn all(&self, probe: Probe, exclude: &[String], knows_all: bool) -> Report {
        let mut text = String::new();
        let mut unknown: BTreeSet<&str> = exclude.iter().map(String::as_str).collect();
        let mut report =
            Report { good: true, verbose: String::new(), results: Vec::new(), failures: Vec::new() };
        for check in self.checks_for(probe) {
            let name = check.name;
            if unknown.remove(name.as_str()) || exclude.contains(&name) {
                // Writing to a string does not fail; here and below.
                let _ = writeln!(text, "[+]{name} excluded: ok");
                continue;
            }
            let result = (check.test)();
            report.results.push((name.clone(), result.is_ok()));
            match result {
                Ok(()) => {
                    let _ = writeln!(text, "[+]{name} ok");
                }
                Err(reason) => {
                    let shown = if knows_all { reason.as_str() } else { "reason withheld" };
                    let _ = writeln!(text, "[-]{name} failed: {shown}");
                    report.failures.push((name, reason));
                }
            }
        }
        if probe == Probe::Ready {
            self.write_notes(&mut text, knows_all);
        }
        if !unknown.is_empty() {
            let names: Vec<String> = unknown.into_iter().map(|name| format!("{name:?}")).collect();
            let names = names.join(",");
            let _ = writeln!(text, "warn: some health checks cannot be excluded: no matches for {names}");
        }
        report.good = report.failures.is_empty();
        let end = if report.good { "passed" } else { "failed" };
        let _ = writeln!(text, "{} check {end}", probe.name());
        report.verbose = text;
        report
    }

    fn write_notes(&self, text: &mut String, knows_all: bool) {
        let notes = self.notes.read().unwrap_or_else(PoisonError::into_inner).clone();
        for Note { about, state } in notes.iter().flat_map(|notes| notes()) {
            let _ = match state {
                Ok(remark) if knows_all => writeln!(text, "[+]{about} ok ({remark})"),
                Ok(_) => writeln!(text, "[+]{about} ok"),
                Err(reason) if knows_all => writeln!(text, "[-]{about} {reason}"),
                Err(_) => writeln!(text, "[-]{about} reason withheld"),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(checks: &Checks, exclude: &[&str], reasons: bool, want: &str) {
        let exclude: Vec<String> = exclude.iter().map(ToString::to_string).collect();
        let report = checks.all(Probe::Ready, &exclude, reasons);
        assert_eq!(report.verbose, want);
        assert_eq!(report.good, want.ends_with("passed\n"));
    }

    #[test]
    fn checks_are_listed_as_kubernetes_lists_them() {
        let checks = Checks::default();
        check(&checks, &[], false, "[+]ping ok\nreadyz check passed\n");
        checks.add(&[Probe::Ready, Probe::Health], "leaderElection", || Ok(()));
        let sync = checks.flag(&[Probe::Ready], "sched-handler-sync", "waits for pods");
        let head = "[+]leaderElection ok\n";
        check(
            &checks,
            &[],
            false,
            &format!("{head}[-]sched-handler-sync failed: reason withheld\nreadyz check failed\n"),
        );
        check(
            &checks,
            &[],
            true,
            &format!("{head}[-]sched-handler-sync failed: waits for pods\nreadyz check failed\n"),
        );
        check(
            &checks,
            &["sched-handler-sync", "nothing"],
            false,
            &format!(
                "{head}[+]sched-handler-sync excluded: ok\n\
                 warn: some health checks cannot be excluded: no matches for \"nothing\"\nreadyz check passed\n"
            ),
        );
        sync.pass();
        check(&checks, &[], false, &format!("{head}[+]sched-handler-sync ok\nreadyz check passed\n"));
        sync.fail("again");
        assert_eq!(checks.one(Probe::Ready, "sched-handler-sync"), Some(Err("again".to_string())));
        assert_eq!(checks.one(Probe::Health, "sched-handler-sync"), None);
        assert_eq!(checks.one(Probe::Live, "ping"), Some(Ok(())));
    }

    #[test]
    fn notes_stand_beside_the_checks_and_decide_nothing() {
        let checks = Checks::default();
        checks.set_notes(|| {
            let note = |about: &str, state| Note { about: about.to_string(), state };
            vec![
                note("plugin/ZonePack", Ok("sha256:ab12".to_string())),
                note("plugin/Gang", Err("switched off: it failed too often".to_string())),
            ]
        });
        let good = "[+]ping ok\n[+]plugin/ZonePack ok (sha256:ab12)\n";
        check(
            &checks,
            &[],
            true,
            &format!("{good}[-]plugin/Gang switched off: it failed too often\nreadyz check passed\n"),
        );
        let little =
            "[+]ping ok\n[+]plugin/ZonePack ok\n[-]plugin/Gang reason withheld\nreadyz check passed\n";
        check(&checks, &[], false, little);
        assert_eq!(checks.all(Probe::Live, &[], true).verbose, "[+]ping ok\nlivez check passed\n");
    }
}
