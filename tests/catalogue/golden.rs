//! The golden cases of the catalogue's plugins: `plugins/catalogue/*/cases`, as `longshore plugin test` runs them.

use std::ffi::OsString;
use std::path::Path;

use longshore_cli::console::Console;
use longshore_cli::exit::Exit;

use crate::world::plugins;

/// Runs the cases of every plugin that has some: how many plugins passed and failed. With `UPDATE_EXPECT=1` what plugins answer is
/// written into the cases.
///
/// # Errors
/// The list of plugins cannot be read.
pub(crate) fn run(root: &Path, catalogue: &Path) -> Result<(usize, usize), String> {
    let (mut passed, mut failed) = (0, 0);
    for plugin in plugins(root)? {
        let folder = root.join("plugins/catalogue").join(&plugin.folder);
        if !folder.join("cases").is_dir() {
            continue;
        }
        let module = catalogue.join(plugin.module());
        let mut arguments: Vec<OsString> = ["longshore", "plugin", "test"].map(OsString::from).into();
        arguments.extend([folder.into(), "--plugin".into(), module.into()]);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            arguments.push("--update".into());
        }
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = {
            let mut console = Console { out: &mut out, err: &mut err, colour: false, progress: false };
            longshore_cli::run(arguments, &mut console)
        };
        if exit == Exit::Done {
            passed += 1;
        } else {
            failed += 1;
            println!("{}{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
        }
    }
    println!("{:28} {passed:5} passed {failed:5} failed", "golden cases of plugins");
    Ok((passed, failed))
}
