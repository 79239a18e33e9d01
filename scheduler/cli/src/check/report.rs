//! Tells checks as they are made: for people at once, for machines in the end.

use std::io::{self, Write};
use std::time::Duration;

use longshore_cluster::check::{Check, Status};

use super::document::{CheckGroup, CheckReport};
use crate::args::DataFormat;
use crate::args::check::CheckFormat;
use crate::console::{Style, printable};
use crate::render::data;

/// Collects checks and writes them.
pub(super) struct Reporter<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    style: Style,
    format: CheckFormat,
    /// A group's title waits for the first check that is shown.
    title: Option<String>,
    document: CheckReport,
    /// What could not be written; told in the end, so that a probe pod is deleted first.
    broken: Option<io::Error>,
}

impl<'a> Reporter<'a> {
    /// Symbols where the output may be coloured, words elsewhere.
    pub(super) fn new(
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
        style: Style,
        format: CheckFormat,
    ) -> Self {
        Self { out, err, style, format, title: None, document: CheckReport::new(), broken: None }
    }

    /// Where everything happens: told before anything is written to it.
    pub(super) fn place(&mut self, server: String, context: Option<String>, origin: &str) {
        let shown = context.as_deref().map_or(String::new(), |c| format!("context {c}, "));
        let line = printable(&format!("{shown}server {server} ({origin})"));
        (self.document.server, self.document.context) = (Some(server), context);
        let written = match self.format {
            CheckFormat::Table => writeln!(self.out, "{line}"),
            CheckFormat::Json | CheckFormat::Short => writeln!(self.err, "{line}"),
        };
        self.note(written);
        let flushed = self.out.flush();
        self.note(flushed);
    }

    /// Begins a group.
    pub(super) fn group(&mut self, title: &str) {
        self.title = Some(title.to_string());
        self.document.groups.push(CheckGroup { name: title.to_string(), checks: Vec::new() });
    }

    /// Adds a check to the group.
    pub(super) fn add(&mut self, check: &Check) {
        self.document.add(check);
        let wanted = match self.format {
            CheckFormat::Table => true,
            CheckFormat::Short => matches!(check.status, Status::Warning | Status::Failed),
            CheckFormat::Json => false,
        };
        if !wanted {
            return;
        }
        if let Some(title) = self.title.take() {
            let heading = self.style.heading(&title);
            self.line(&format!("\n{heading}\n{}", "-".repeat(title.chars().count())));
        }
        self.line(&shown(check, self.style));
        // Somebody is watching while the next one waits.
        let flushed = self.out.flush();
        self.note(flushed);
    }

    /// Writes what is left; whether no check failed.
    ///
    /// # Errors
    /// When anything could not be written.
    pub(super) fn finish(mut self) -> anyhow::Result<bool> {
        let good = self.document.success;
        if self.format == CheckFormat::Json {
            data::write(self.out, DataFormat::Json, &self.document)?;
        } else {
            let result = if good { Status::Ok } else { Status::Failed };
            self.line(&format!("\nStatus check results are {}", sign(result, self.style).trim_end()));
        }
        self.broken.map_or(Ok(good), |error| Err(error.into()))
    }

    fn line(&mut self, line: &str) {
        let written = writeln!(self.out, "{line}");
        self.note(written);
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.broken.get_or_insert(error);
        }
    }
}

fn shown(check: &Check, style: Style) -> String {
    let mut text = format!("{} {}", sign(check.status, style), printable(&check.name));
    let beside = matches!(check.status, Status::Ok);
    if let Some(message) = check.message.as_deref().filter(|_| beside) {
        text.push_str(&format!(": {}", printable(message)));
    }
    if let Some(took) = check.took {
        text.push_str(&format!(" ({})", time(took)));
    }
    let indent = if style.colour { 4 } else { 7 };
    let below = check.message.as_deref().filter(|_| !beside);
    let remedy = check.remedy.as_deref().map(|r| format!("-> {r}"));
    for said in below.map(str::to_string).into_iter().chain(remedy) {
        for line in said.lines() {
            text.push_str(&format!("\n{}{}", " ".repeat(indent), printable(line)));
        }
    }
    text
}

fn time(took: Duration) -> String {
    match took.as_millis() {
        ms @ 0..10_000 => format!("after {ms} ms"),
        ms => format!("after {} s", ms / 1000),
    }
}

fn sign(status: Status, style: Style) -> String {
    match (style.colour, status) {
        (true, Status::Ok) => style.good("√"),
        (true, Status::Warning) => style.bad("‼"),
        (true, Status::Failed) => style.bad("×"),
        (true, Status::Skipped) => "-".to_string(),
        (false, Status::Ok) => "ok  ".to_string(),
        (false, Status::Warning) => "warn".to_string(),
        (false, Status::Failed) => "FAIL".to_string(),
        (false, Status::Skipped) => "skip".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(format: CheckFormat, colour: bool, checks: &[Check]) -> (String, bool) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut reporter = Reporter::new(&mut out, &mut err, Style { colour }, format);
        reporter.place("https://api/".to_string(), Some("kind".to_string()), "kubeconfig /k");
        reporter.group("Cluster");
        checks.iter().for_each(|c| reporter.add(c));
        let good = reporter.finish().unwrap();
        assert_eq!(
            err.is_empty(),
            format == CheckFormat::Table,
            "the place is told once, before anything else"
        );
        (String::from_utf8(out).unwrap(), good)
    }

    fn checks() -> [Check; 4] {
        [
            Check::ok("it answers").saying("v1").after(Duration::from_millis(12)),
            Check::warning("it is new", "it is not", "buy one"),
            Check::failed("it is ours", "it is not\nat all", "move in"),
            Check::skipped("it is clean", "no permission to look"),
        ]
    }

    #[test]
    fn every_check_has_its_line_and_every_fault_its_remedy() {
        let want = "context kind, server https://api/ (kubeconfig /k)\n\nCluster\n-------\n\
            ok   it answers: v1 (after 12 ms)\nwarn it is new\n       it is not\n       -> buy one\n\
            FAIL it is ours\n       it is not\n       at all\n       -> move in\nskip it is clean\n       no permission to look\n\n\
            Status check results are FAIL\n";
        assert_eq!(told(CheckFormat::Table, false, &checks()), (want.to_string(), false));
        let (text, good) = told(CheckFormat::Table, true, &checks()[..2]);
        assert!(text.contains('√') && text.contains('‼') && !text.contains("ok "), "{text}");
        assert!(good, "a warning is no failure");
    }

    #[test]
    fn short_shows_only_what_needs_a_look() {
        let (text, _) = told(CheckFormat::Short, false, &checks()[..1]);
        assert_eq!(text, "\nStatus check results are ok\n");
        let (text, _) = told(CheckFormat::Short, false, &checks());
        assert!(text.contains("FAIL it is ours") && !text.contains("it answers") && !text.contains("skip"));
    }

    #[test]
    fn json_is_one_document() {
        let (text, _) = told(CheckFormat::Json, false, &checks());
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&document["success"], &document["context"]), (&false.into(), &"kind".into()));
        assert_eq!(document["groups"][0]["checks"][0]["seconds"], 0.012);
        assert_eq!(document["groups"][0]["checks"][2]["remedy"], "move in");
    }

    #[test]
    fn what_the_server_says_cannot_drive_the_terminal() {
        let (text, _) = told(CheckFormat::Table, false, &[Check::ok("a").saying("\u{1b}[2J")]);
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
