//! Flags with underscores.

use std::ffi::OsString;

/// The command line with the flags of `run` written with dashes: components of Kubernetes take `--leader_elect` for
/// `--leader-elect`.
pub(crate) fn with_dashes(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.get(1).is_none_or(|command| command != "run") {
        return arguments;
    }
    arguments.into_iter().map(flag_with_dashes).collect()
}

fn flag_with_dashes(argument: OsString) -> OsString {
    let Some(text) = argument.to_str().filter(|text| text.starts_with("--")) else { return argument };
    let end = text.find('=').unwrap_or(text.len());
    let (name, value) = text.split_at(end);
    format!("{}{value}", name.replace('_', "-")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, want: &str) {
        let dashed = with_dashes(line.split(' ').map(OsString::from));
        let dashed: Vec<_> = dashed.iter().filter_map(|argument| argument.to_str()).collect();
        assert_eq!(dashed.join(" "), want);
    }

    #[test]
    fn only_names_of_flags_of_run_change() {
        check(
            "longshore run --tls_min_version=A_B --config a_b -v=2",
            "longshore run --tls-min-version=A_B --config a_b -v=2",
        );
        check("longshore simulate --a_b", "longshore simulate --a_b");
        check("longshore", "longshore");
    }
}
