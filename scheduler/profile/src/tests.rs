//! Configuration texts with what comes of them: every rule of the format at least once.

mod fakes;
mod fields;
mod files;
mod hostile;
mod plugins;
mod shipped;
mod shown;

use longshore_framework::features::{Features, Minor};
use longshore_framework::registry::Stage;

use crate::{Resolved, load};
use fakes::{DEFAULT, registry};

/// What comes of a configuration.
enum Expected<'a> {
    /// Exactly these problems, `path: message`.
    Problems(&'a [&'a str]),
    /// At least these stage lists, `<index of profile> <stage>: <plugin> <plugin>=<weight>`.
    Stages(&'a [&'a str]),
}

/// Loads `text`, with apiVersion and kind put before it when it has none, against the fake plugins.
fn loaded(text: &str) -> Result<Resolved, crate::ConfigError> {
    loaded_by(Minor::STABLE, text)
}

/// The same by the rules of a minor.
fn loaded_by(minor: Minor, text: &str) -> Result<Resolved, crate::ConfigError> {
    let header = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
    let text = if text.contains("apiVersion") { text.to_string() } else { format!("{header}{text}") };
    load("profile.yaml", &text, &registry().with_features(Features::of(minor)), DEFAULT)
}

/// Every stage list of a configuration.
fn stages(resolved: &Resolved) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, profile) in resolved.profiles.iter().enumerate() {
        for stage in Stage::ALL {
            let mut line = format!("{at} {}:", stage.field());
            for id in profile.stage(stage) {
                line.push_str(&format!(" {}", profile.name(*id)));
                if stage == Stage::Score {
                    line.push_str(&format!("={}", profile.weight(*id)));
                }
            }
            lines.push(line);
        }
    }
    lines
}

#[track_caller]
fn check(text: &str, expected: Expected<'_>) {
    check_by(Minor::STABLE, text, expected);
}

#[track_caller]
fn check_by(minor: Minor, text: &str, expected: Expected<'_>) {
    let outcome = loaded_by(minor, text);
    match (outcome, expected) {
        (Err(error), Expected::Problems(problems)) => {
            let found: Vec<String> = error.problems.iter().map(ToString::to_string).collect();
            assert_eq!(found, problems, "of\n{text}");
        }
        (Ok(resolved), Expected::Stages(lists)) => {
            let found = stages(&resolved);
            for list in lists {
                assert!(found.iter().any(|f| f == list), "no {list:?} in {found:#?} of\n{text}");
            }
        }
        (Ok(resolved), Expected::Problems(_)) => panic!("accepted, as {:#?}:\n{text}", stages(&resolved)),
        (Err(error), Expected::Stages(_)) => panic!("refused:\n{error}\nof\n{text}"),
    }
}
