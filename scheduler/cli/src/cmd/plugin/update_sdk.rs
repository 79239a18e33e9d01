//! `longshore plugin update-sdk`: the SDK in a plugin's folder becomes the one of this program.

use std::path::Path;

use anyhow::bail;

use super::build::language;
use super::sdk::{self, FOLDER, Plan, Record};
use crate::args::plugin::{Language, UpdateSdkArgs};
use crate::console::Console;
use crate::exit::Exit;

/// How many changed files are named.
const NAMED: usize = 10;

/// Looks, refuses to overwrite what a person changed, writes.
pub(crate) fn run(args: &UpdateSdkArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let language = language(&args.dir)?;
    let folder = args.dir.join(FOLDER);
    let shown = folder.display();
    let after = Record::of(language);
    let before = match Record::read(&folder, language) {
        Err(_) if args.force => None,
        read => read?,
    };
    if before.is_none() && !args.force {
        bail!(
            "{shown}: has no SDK that `longshore plugin new` wrote; --force writes the one of this longshore ({})",
            after.longshore
        );
    }
    let plan = Plan::of(&folder, before.as_ref(), sdk::sources(language))?;
    if !plan.changed.is_empty() && !args.force {
        bail!(refused(&folder, &plan.changed));
    }
    plan.carry_out(&folder)?;
    after.write(&folder)?;
    let was = before
        .map_or_else(|| "none".to_string(), |record| format!("{}, {}", record.longshore, record.interface));
    writeln!(
        console.out,
        "{shown}: the SDK of longshore {}, {} (was: {was})",
        after.longshore, after.interface
    )?;
    writeln!(console.out, "  {} written, {} removed", plan.write.len(), plan.remove.len())?;
    if !used(&args.dir, language) {
        console.warn(&format!("{}: does not use it yet: {}", args.dir.display(), fix(language)));
    }
    Ok(Exit::Done)
}

/// Which files somebody changed, and what can be done.
fn refused(folder: &Path, changed: &[String]) -> String {
    let mut text =
        format!("{}: somebody changed files of the SDK, so nothing was written:", folder.display());
    for path in changed.iter().take(NAMED) {
        text.push_str(&format!("\n  {path}"));
    }
    if changed.len() > NAMED {
        text.push_str(&format!("\n  and {} more", changed.len() - NAMED));
    }
    text.push_str("\nkeep your changes outside of the folder, and give them up here with --force");
    text
}

/// Whether the plugin's Cargo.toml or go.mod names the folder. Written in another way, it is asked to look.
fn used(dir: &Path, language: Language) -> bool {
    let (file, words) = match language {
        Language::Rust => ("Cargo.toml", &["path = \"sdk\"", "path=\"sdk\"", "path = \"./sdk\""][..]),
        Language::Go => ("go.mod", &["=> ./sdk"][..]),
    };
    std::fs::read_to_string(dir.join(file)).is_ok_and(|text| words.iter().any(|word| text.contains(word)))
}

fn fix(language: Language) -> &'static str {
    match language {
        Language::Rust => {
            "put into its Cargo.toml: longshore-plugin = { path = \"sdk\" }, and exclude = [\"sdk\"] below [workspace]"
        }
        Language::Go => {
            "put into its go.mod: require longshore/sdk v0.0.0, and replace longshore/sdk => ./sdk"
        }
    }
}
