//! `longshore version`.

use longshore_framework::features::Features;
use longshore_service::version::Version;

use crate::args::VersionArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::render::data;

/// Prints the version and whose decisions it makes.
pub(crate) fn run(args: &VersionArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let version = Version::following(Features::default());
    match args.output {
        Some(format) => data::write(console.out, format, &version)?,
        None => writeln!(
            console.out,
            "longshore {} (commit {}; decides as kube-scheduler {} unless told otherwise; of Kubernetes {})",
            version.version,
            version.commit,
            version.rules.kube_scheduler,
            version.minors.join(", ")
        )?,
    }
    Ok(Exit::Done)
}
