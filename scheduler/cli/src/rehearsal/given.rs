//! What a plugin is given: flags to the settings that a profile would say.

use std::path::Path;

use anyhow::{Context, anyhow};
use longshore_framework::fields::Problems;
use longshore_wasm::{Capabilities, Capability, Settings, Syntax};
use serde_json::{Value, json};

use crate::args::plugin::{GivenArgs, Grant};

/// The settings for a module.
///
/// # Errors
/// A config that cannot be read, limits that make no sense.
pub(crate) fn settings(args: &GivenArgs, module: &[u8]) -> anyhow::Result<Settings> {
    let config = args.config.as_deref().map(config).transpose()?.unwrap_or_default();
    let given = [("memory", &args.memory), ("time", &args.time)];
    let limits =
        given.into_iter().filter_map(|(name, limit)| Some((name.to_string(), json!(limit.as_ref()?))));
    let limits = Value::Object(limits.collect());
    of(module, config, granted(&args.grant), &limits)
}

/// The settings for a module that is given all there is.
///
/// # Errors
/// A config that cannot be read.
pub(crate) fn everything(given: Option<&str>, module: &[u8]) -> anyhow::Result<Settings> {
    let config = given.map(config).transpose()?.unwrap_or_default();
    of(module, config, granted(&[Grant::All]), &json!({}))
}

/// The settings for a module, by what a profile would have.
///
/// # Errors
/// Limits that make no sense.
pub(crate) fn of(
    module: &[u8],
    config: Value,
    capabilities: Capabilities,
    limits: &Value,
) -> anyhow::Result<Settings> {
    let mut found = Vec::new();
    // By the name of the field the defaults of the limits are told apart, as in a profile.
    let field = if is_core_module(module) { "guestURL" } else { "source" };
    let args = json!({field: "file://plugin.wasm", "limits": limits});
    let settings = Settings::read(&args, &mut Problems::new(&mut found));
    if !found.is_empty() {
        let words: Vec<String> = found.iter().map(ToString::to_string).collect();
        return Err(anyhow!("{}", words.join("\n")));
    }
    if is_core_module(module) {
        let guest_config = match &config {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let syntax = Syntax::Extension { guest_config, log_severity: 0, args: Vec::new() };
        return Ok(Settings { capabilities, syntax, ..settings });
    }
    Ok(Settings { capabilities, config, ..settings })
}

fn granted(grants: &[Grant]) -> Capabilities {
    let all = Capability::ALL.into_iter().map(|(_, capability)| capability);
    grants
        .iter()
        .flat_map(|grant| match grant {
            Grant::All => all.clone().collect::<Vec<_>>(),
            Grant::One(capability) => vec![*capability],
        })
        .collect()
}

/// Whether it is a core module and not a component: one built for kube-scheduler-wasm-extension.
pub(crate) fn is_core_module(module: &[u8]) -> bool {
    module.starts_with(b"\0asm\x01\0\0\0")
}

/// The config of a flag: JSON as it stands, or a file of JSON or YAML.
///
/// # Errors
/// It cannot be read.
pub(crate) fn config(text: &str) -> anyhow::Result<Value> {
    if text.trim_start().starts_with(['{', '[', '"']) {
        return serde_json::from_str(text).map_err(|e| anyhow!("--config is not JSON: {e}"));
    }
    let read = std::fs::read_to_string(Path::new(text));
    let read = read.with_context(|| {
        format!("--config {text}: cannot be read; name a file, or write the JSON itself: '{{\"key\": 1}}'")
    })?;
    serde_saphyr::from_str(&read).map_err(|e| anyhow!("{text}: is neither JSON nor YAML: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
    const MODULE: &[u8] = b"\0asm\x01\0\0\0";

    fn args(config: &str) -> GivenArgs {
        GivenArgs {
            config: Some(config.to_string()),
            grant: vec![Grant::One(Capability::Pods)],
            memory: Some("1Mi".to_string()),
            time: Some("2s".to_string()),
        }
    }

    #[test]
    fn flags_say_what_a_profile_would() {
        let settings = settings(&args("{\"weight\": 2}"), COMPONENT).unwrap();
        assert_eq!((settings.memory, settings.time.as_secs()), (1 << 20, 2));
        assert_eq!(settings.config, json!({"weight": 2}));
        assert_eq!(settings.capabilities, Capabilities::from([Capability::Pods]));
    }

    #[test]
    fn an_older_module_gets_its_config_as_text() {
        let settings = settings(&args("{\"weight\": 2}"), MODULE).unwrap();
        let Syntax::Extension { guest_config, .. } = settings.syntax else { panic!("{settings:?}") };
        assert_eq!(guest_config, "{\"weight\":2}");
    }

    #[test]
    fn limits_that_are_not_given_are_those_of_a_profile() {
        let check = |module: &[u8], field: &str| {
            let of_profile =
                Settings::read(&json!({field: "file://a.wasm"}), &mut Problems::new(&mut Vec::new()));
            let settings = settings(&GivenArgs::default(), module).unwrap();
            assert_eq!((settings.memory, settings.time), (of_profile.memory, of_profile.time));
            settings.memory
        };
        assert!(check(COMPONENT, "source") < check(MODULE, "guestURL"));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let says = |args: GivenArgs, part: &str| {
            let error = settings(&args, COMPONENT).unwrap_err();
            assert!(format!("{error:#}").contains(part), "{error:#}");
        };
        says(args("{weight}"), "--config is not JSON");
        says(args("no-such-file"), "no-such-file: cannot be read");
        says(GivenArgs { memory: Some("much".to_string()), ..args("{}") }, "limits.memory");
        says(GivenArgs { time: Some("soon".to_string()), ..args("{}") }, "limits.time");
    }
}
