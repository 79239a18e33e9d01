//! Any bytes as a KubeSchedulerConfiguration; what loads is shown, and what is shown loads again to the same.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use longshore_framework::registry::Registry;
use longshore_loader as plugins;
use longshore_profile::{Resolved, load, show};

static REGISTRY: LazyLock<Registry> = LazyLock::new(plugins::registry);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match read(text) {
        Ok(resolved) => shows_itself(&resolved),
        Err(message) => assert!(message.starts_with("fuzz"), "a message without the file: {message}"),
    }
});

fn read(text: &str) -> Result<Resolved, String> {
    load("fuzz", text, &REGISTRY, plugins::default_multi_point()).map_err(|error| error.to_string())
}

fn shows_itself(resolved: &Resolved) {
    let shown = show(resolved);
    // Private keys of extenders are not shown, so such a file need not load again.
    if resolved.configuration.extenders.iter().any(|e| e.tls.is_some()) {
        return;
    }
    match read(&shown.to_string()) {
        Ok(again) => assert_eq!(show(&again), shown, "what is shown means something else"),
        Err(message) => panic!("what is shown does not load: {message}\n{shown}"),
    }
}
