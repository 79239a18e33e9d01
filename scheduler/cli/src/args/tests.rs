//! What `--help` shows.

use clap::{Command, CommandFactory};

use super::Cli;

/// Every command that does something, with its name.
fn commands() -> Vec<(String, Command)> {
    fn collect(path: &str, command: &Command, all: &mut Vec<(String, Command)>) {
        for sub in command.get_subcommands() {
            let path = format!("{path} {}", sub.get_name());
            collect(&path, sub, all);
            all.push((path, sub.clone()));
        }
    }
    let mut all = Vec::new();
    collect("longshore", &Cli::command(), &mut all);
    assert!(all.len() > 10);
    all
}

/// clap keeps the heading of a group of flags for everything that is declared after the group.
#[test]
fn flags_that_every_command_has_stand_under_no_heading() {
    for (path, command) in commands() {
        for flag in ["output", "no_headers", "filenames", "config", "namespace", "top"] {
            let found = command.get_arguments().find(|a| a.get_id() == flag);
            let heading = found.and_then(|a| a.get_help_heading());
            // `run` has a heading for everything, and `simulate` one for which pods are shown.
            let has_one = path == "longshore run" || (flag == "namespace" && heading == Some("Shown"));
            assert!(heading.is_none() || has_one, "{path} --{flag} is under {heading:?}");
        }
    }
}

#[test]
fn flags_of_a_group_stand_under_its_heading() {
    for (path, flag, heading) in [
        ("longshore simulate", "kubeconfig", "Cluster"),
        ("longshore explain", "server_ca", "Running scheduler"),
        ("longshore plugin inspect", "plain_http", "Registries and servers"),
    ] {
        let (_, command) = commands().into_iter().find(|(name, _)| name == path).unwrap();
        let argument = command.get_arguments().find(|a| a.get_id() == flag).unwrap();
        assert_eq!(argument.get_help_heading(), Some(heading), "{path} --{flag}");
    }
}

/// clap wraps a footer to the width of the terminal; lines that were wrapped before would be wrapped twice.
#[test]
fn paragraphs_of_footers_are_one_line_each() {
    for (path, command) in commands() {
        let Some(footer) = command.get_after_help() else { continue };
        let footer = footer.to_string();
        let text = footer.split("Examples:").next().unwrap_or_default();
        for paragraph in text.split("\n\n") {
            assert_eq!(paragraph.trim().lines().count().max(1), 1, "{path}: {paragraph}");
        }
    }
}
