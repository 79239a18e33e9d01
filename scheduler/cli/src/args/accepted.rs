//! Flags of kube-scheduler that have nothing to set here. They are accepted, so that its command lines start as they are, and
//! each says in the log what it comes to.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use super::values::go_bool;

/// A flag's name, whether it stands without a value, and what it comes to here.
type Row = (&'static str, bool, &'static str);

const HTTP2: &str = "HTTP/1.1 is all that is served";
const VERSION: &str = "the minor of the API server is followed";
const PROFILING: &str = "there is no /debug/pprof here";
const LOG: &str = "every line goes to standard error at once";

const FLAGS: [Row; 19] = [
    ("allow-metric-labels", false, "every metric has bounded labels"),
    ("allow-metric-labels-manifest", false, "every metric has bounded labels"),
    ("contention-profiling", true, PROFILING),
    ("disable-http2-serving", true, HTTP2),
    ("disabled-metrics", false, "every metric is served; drop it where it is scraped"),
    ("emulated-version", false, VERSION),
    ("http2-max-streams-per-connection", false, HTTP2),
    ("kube-api-content-type", false, "requests to the API server are in JSON"),
    ("log-flush-frequency", false, LOG),
    ("log-json-info-buffer-size", false, LOG),
    ("log-json-split-stream", true, LOG),
    ("log-text-info-buffer-size", false, LOG),
    ("log-text-split-stream", true, LOG),
    ("min-compatibility-version", false, VERSION),
    ("permit-address-sharing", true, "SO_REUSEADDR is always set"),
    ("profiling", true, PROFILING),
    ("show-hidden-metrics-for-version", false, "no metric is hidden"),
    ("tls-sni-cert-key", false, "everybody is shown one certificate, that of --tls-cert-file"),
    ("vmodule", false, "the log has one level, that of -v and /debug/flags/v"),
];

/// Those that were given.
#[derive(Clone, Debug, Default)]
pub struct Accepted(Vec<(&'static str, String)>);

impl Accepted {
    /// What each of them comes to, a line each.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(flag, means)| format!("--{flag} is accepted and changes nothing: {means}"))
    }
}

impl FromArgMatches for Accepted {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = FLAGS.iter().filter(|(flag, ..)| matches.contains_id(flag));
        Ok(Self(given.map(|(flag, _, means)| (*flag, (*means).to_string())).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Accepted {
    fn augment_args(command: Command) -> Command {
        command.next_help_heading("Accepted for command lines of kube-scheduler").args(FLAGS.iter().map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn arg((name, is_switch, means): &Row) -> Arg {
    let arg = Arg::new(*name).long(*name).help(format!("Changes nothing: {means}"));
    match is_switch {
        true => arg
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(go_bool)
            .action(ArgAction::Set),
        // They may be given more than once; the values are not looked at.
        false => arg.value_name("VALUE").action(ArgAction::Append).allow_hyphen_values(true),
    }
}
