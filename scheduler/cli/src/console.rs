//! Where a command writes, so that nothing else knows of the process's own streams.

use std::ffi::OsString;
use std::io::{self, Write};

use longshore_framework::text::escaped;

/// The streams of a command.
pub struct Console<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Errors and warnings.
    pub err: &'a mut dyn Write,
    /// Whether results may be coloured.
    pub colour: bool,
    /// Whether progress may be drawn on the process's standard error.
    pub progress: bool,
}

impl Console<'_> {
    /// Writes `Warning: <message>`, one line for each line of the message. Warnings that cannot be written are lost.
    pub fn warn(&mut self, message: &str) {
        prefixed(self.err, "Warning", message);
    }

    /// Writes `error: <message>` likewise.
    pub fn error(&mut self, message: &str) {
        prefixed(self.err, "error", message);
    }

    /// The style of the results.
    pub fn style(&self) -> Style {
        Style { colour: self.colour }
    }
}

fn prefixed(err: &mut dyn Write, prefix: &str, message: &str) {
    for line in message.lines() {
        // Nobody is left to be told.
        let _ = writeln!(err, "{prefix}: {}", printable(line));
    }
}

/// Text of an input as a terminal may see it: characters that do something to the text around them are escaped.
pub fn printable(text: &str) -> String {
    escaped(text).into_owned()
}

/// Whether the environment lets a terminal be coloured: `NO_COLOR` is unset or empty and the terminal is not `dumb`.
pub fn colour_wanted(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("NO_COLOR").is_none_or(|v| v.is_empty()) && variable("TERM").is_none_or(|v| v != "dumb")
}

/// How text is emphasised; without colour it stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Whether to use colours.
    pub colour: bool,
}

impl Style {
    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Something good.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Something that needs a look.
    pub fn bad(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// Whether a failed write only means that the reader has seen enough (`| head`).
pub fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_refused_by_the_environment() {
        let check = |name: &'static str, value: &'static str, want: bool| {
            assert_eq!(colour_wanted(|v| (v == name).then(|| value.into())), want, "{name}={value}");
        };
        check("NO_COLOR", "1", false);
        check("NO_COLOR", "", true);
        check("TERM", "dumb", false);
        check("TERM", "xterm", true);
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\tc\u{202e}"), "a\\u{1b}[31mb\\tc\\u{202e}");
        assert_eq!(Style { colour: false }.heading("x"), "x");
    }
}
