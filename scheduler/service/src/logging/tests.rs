//! Lines as they are written, and levels.

use std::sync::{Mutex, PoisonError};

use longshore_framework::fixture::pod;
use serde_json::Value;

use super::*;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written while `work` runs.
fn written(format: Format, level: u8, work: impl FnOnce(&Level)) -> String {
    let paper = Paper::default();
    let (subscriber, level) = subscriber(Lines::to(format, paper.clone()), level);
    tracing::subscriber::with_default(subscriber, || work(&level));
    let bytes = paper.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn text_lines_are_those_of_klog() {
    let text = written(Format::Text, 2, |_| bound(&pod("p").build(), "n", 3, 2));
    let (head, rest) = text.split_once("] ").unwrap();
    assert!(head.starts_with('I') && head.contains(" decision.rs:"), "{head}");
    let want =
        "\"Successfully bound pod to node\" pod=\"default/p\" node=\"n\" evaluatedNodes=3 feasibleNodes=2\n";
    assert_eq!(rest, want);
    let text = written(Format::Text, 0, |_| broken(&pod("p").build(), "two\nlines"));
    assert!(
        text.starts_with('E') && text.ends_with("err=\"two\\nlines\"\n") && text.lines().count() == 1,
        "{text}"
    );
}

#[test]
fn json_lines_have_the_keys_of_kubernetes() {
    let text = written(Format::Json, 2, |_| unschedulable(&pod("p").build(), "0/1 nodes are available"));
    let line: Value = serde_json::from_str(&text).unwrap();
    assert!(line["ts"].as_f64().unwrap() > 1.6e12);
    assert!(line["caller"].as_str().unwrap().starts_with("decision.rs:"));
    assert_eq!(line["msg"], "Unable to schedule pod; no fit; waiting");
    assert_eq!(line["v"], 2);
    assert_eq!(line["err"], "0/1 nodes are available");
    assert_eq!(line["pod"], serde_json::json!({"name": "p", "namespace": "default"}));
    let text = written(Format::Json, 0, |_| {
        let error = io::Error::other("gone");
        tracing::error!(error = &error as &dyn std::error::Error, attempts = 3_u64, "no connection");
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&line["err"], &line["attempts"], line.get("v")), (&"gone".into(), &3.into(), None));
}

#[test]
fn the_level_decides_and_can_be_changed() {
    let p = pod("p").build();
    let text = written(Format::Text, 0, |level| {
        bound(&p, "silent", 1, 1);
        gated(&p, "G", "silent");
        assert!(!tracing::enabled!(tracing::Level::DEBUG));
        level.set(2);
        bound(&p, "loud", 1, 1);
        gated(&p, "G", "silent");
        level.set(4);
        gated(&p, "G", "loud");
        tracing::info!(target: "hyper", "silent");
        tracing::warn!(target: "hyper", "loud");
        level.set(8);
        tracing::debug!(target: "hyper", "loud");
        assert_eq!(level.get(), 8);
    });
    assert!(!text.contains("silent"), "{text}");
    assert_eq!(text.matches("loud").count(), 4, "{text}");
}
