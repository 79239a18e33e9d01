//! Standard streams: colours, readers that go away, control characters, logs.

use std::process::Stdio;

use crate::support::{NODE, command, pod, run, run_with};

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for format in ["table", "json", "yaml", "wide"] {
        let args = ["simulate", "-f", "examples/cluster", "-f", "examples/workload", "-o", format];
        let mut child = command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
        assert_eq!(output.status.code(), Some(0), "{format}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_are_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&["profile", "show"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: "), "{output:?}");
}

#[test]
fn pipes_get_no_colours_and_no_progress() {
    let pods: String = (0..600).map(|i| pod(&format!("p{i}"), "1")).collect();
    let ran = run_with(&["simulate", "-f", "-"], &format!("{NODE}{pods}")).exits(0);
    assert!(!ran.out.contains('\u{1b}'));
    assert_eq!(ran.err, "");
    let output = command(&["simulate", "--help"]).env("NO_COLOR", "1").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn names_of_the_input_cannot_drive_the_terminal() {
    let hostile = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\\u001b[2Jb\"}, \"spec\": {\"nodeName\": \"x\\u001b[31m\", \"containers\": [{\"name\": \"c\"}]}}";
    let kind = "{\"apiVersion\": \"v1\", \"kind\": \"W\\u001b[2J\", \"metadata\": {\"name\": \"x\"}}";
    for format in ["table", "wide", "json", "yaml"] {
        let ran = run_with(&["simulate", "-f", "-", "-o", format], &format!("{hostile}\n---\n{kind}\n"));
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{format}: {ran:?}");
    }
}

#[test]
fn logs_are_silent_until_asked_for() {
    assert_eq!(run(&["simulate", "-f", "examples/cluster"]).exits(0).err, "");
    run(&["simulate", "-v", "-f", "examples/cluster"]).exits(0).warns(&["INFO", "nodes=12"]);
}
