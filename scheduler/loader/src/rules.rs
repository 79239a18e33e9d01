//! Whose rules a configuration is loaded, and pods are decided, by.

use anyhow::bail;
use longshore_framework::features::{Features, Minor, Nearest, Resolved, Setting};

/// The minor to decide by: the one that was asked for, else the server's. And what there is to say of it.
pub fn minor(asked: Option<Minor>, server: Option<&str>) -> (Minor, Option<String>) {
    match asked {
        Some(minor) => (minor, experimental(minor)),
        None => minor_of(server),
    }
}

/// The minor to decide by in a cluster of this version, and what there is to say of the choice.
pub fn minor_of(server: Option<&str>) -> (Minor, Option<String>) {
    let Some(version) = server else { return (Minor::STABLE, None) };
    let Some((minor, nearest)) = Minor::of_server(version) else {
        let minor = Minor::STABLE;
        return (minor, Some(format!("{version:?} is not a version of Kubernetes 1: decided as {minor}")));
    };
    let remark = match nearest {
        Some(Nearest::Older) => Some(format!("the API server is {version}: decided as Kubernetes {minor}")),
        Some(Nearest::Newer) => Some(format!(
            "the API server is {version}, newer than anything known here: decided as Kubernetes {minor}"
        )),
        None => experimental(minor),
    };
    (minor, remark)
}

/// What there is to say of a minor that no kube-scheduler was run of.
fn experimental(minor: Minor) -> Option<String> {
    minor
        .is_experimental()
        .then(|| format!("decided as Kubernetes {minor}, whose rules were read and never run: experimental"))
}

/// The rules of `minor` with feature gates as they are set.
///
/// # Errors
/// Every setting that is refused.
pub fn resolve(minor: Minor, gates: &[Setting]) -> anyhow::Result<Resolved> {
    match Features::resolve(minor, gates) {
        Ok(resolved) => Ok(resolved),
        Err(errors) => {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            bail!("--feature-gates, for Kubernetes {minor}: {}", errors.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_minor_is_followed_and_what_is_odd_is_said() {
        #[track_caller]
        fn check(server: Option<&str>, want: Minor, says: Option<&str>) {
            let (minor, remark) = minor_of(server);
            assert_eq!(minor, want);
            let said = remark.as_deref();
            assert!(
                says.map_or(said.is_none(), |says| said.is_some_and(|said| said.contains(says))),
                "{said:?}"
            );
        }
        check(None, Minor::V1_37, None);
        check(Some("v1.37.2"), Minor::V1_37, None);
        check(Some("v1.36.5-gke.1"), Minor::V1_36, None);
        check(Some("v1.34.4"), Minor::V1_36, Some("the API server is v1.34.4: decided as Kubernetes 1.36"));
        check(Some("v1.38.0"), Minor::V1_38, Some("experimental"));
        check(Some("v1.40.0"), Minor::V1_38, Some("newer than anything known here"));
        check(Some("strange"), Minor::V1_37, Some("is not a version of Kubernetes 1"));
    }
}
