//! What is declared of the catalogue's plugins, for those who have no modules, against what the modules are.

use std::path::Path;

use longshore_framework::registry::Stage;
use longshore_loader::Guests;
use serde_json::{Map, Value, json};

use crate::replay::loader;

/// Args that a plugin does not start without.
const NEEDED: [(&str, &str); 1] = [("Peaks", "{nodePowerModel: {a: {k0: 1, k1: 1, k2: 1}}}")];

/// Compares the stages of every plugin: how many are as declared, and how many are not.
pub(crate) fn run(root: &Path, catalogue: &Path) -> Result<(usize, usize), String> {
    let read = |file: &str| {
        let path = root.join("plugins/catalogue").join(file);
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let declared: Map<String, Value> =
        serde_json::from_str(&read("declared.json")?).map_err(|error| error.to_string())?;
    let listed = read("plugins.txt")?;
    let names =
        listed.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').nth(1));
    let mut failed: Vec<String> = Vec::new();
    let mut passed = 0;
    for name in names {
        let said = &declared.get(name).map_or(Value::Null, |declared| declared["stages"].clone());
        match stages(name, said, catalogue) {
            Ok(found) if found == *said => passed += 1,
            Ok(found) => {
                failed.push(format!("  {name}: its module has {found}, and declared.json says {said}"))
            }
            Err(error) => failed.push(format!("  {name}: {error}")),
        }
    }
    failed.iter().for_each(|line| println!("{line}"));
    println!("{:28} {passed:5} passed {:5} failed", "declared stages", failed.len());
    Ok((passed, failed.len()))
}

/// The stages of a plugin's module.
fn stages(name: &str, declared: &Value, catalogue: &Path) -> Result<Value, String> {
    let sorts = declared.as_array().is_some_and(|list| list.iter().any(|stage| stage == "queueSort"));
    let disabled = if sorts { ", disabled: [{name: PrioritySort}]" } else { "" };
    let args = NEEDED.iter().find(|(plugin, _)| *plugin == name).map_or("{}", |(_, args)| *args);
    let text = format!(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n- plugins: {{multiPoint: {{enabled: \
         [{{name: {name}}}]{disabled}}}}}\n  pluginConfig: [{{name: {name}, args: {args}}}]\n"
    );
    let loaded =
        loader(catalogue).load(name, &text, Path::new(""), &Guests::default()).map_err(|e| e.to_string())?;
    let profile = &loaded.resolved.profiles[0];
    let plugin =
        profile.plugins().iter().find(|plugin| plugin.name() == name).ok_or("it is not in the profile")?;
    Ok(Stage::ALL.iter().filter(|stage| plugin.has(**stage)).map(|stage| json!(stage.field())).collect())
}
