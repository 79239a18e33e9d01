//! What can go wrong with a guest.

use std::fmt;
use std::time::Duration;

use longshore_framework::text::deceives;
use longshore_framework::verdict::PluginError;
use thiserror::Error;
use wasmtime::Trap;

/// The kind of a failure, as metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// The guest said that it failed; its instance is kept.
    Error,
    /// It broke: unreachable code, an access out of bounds, a stack overflow.
    Trap,
    /// It took too long.
    Timeout,
    /// It asked for more memory than it may have.
    Memory,
    /// Its answer makes no sense: a wrong length, a score out of range, a row that was not asked about.
    Answer,
    /// It could not be made ready: `init` failed.
    Start,
    /// It was not asked, because it failed too often.
    Breaker,
    /// It was not asked about this pod, because it broke over it.
    Quarantine,
    /// It was not asked, because the values that it goes by are missing or too old.
    Metrics,
    /// It gave two answers to one question; the first counts.
    Unsteady,
}

impl FailureKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Error,
        Self::Trap,
        Self::Timeout,
        Self::Memory,
        Self::Answer,
        Self::Start,
        Self::Breaker,
        Self::Quarantine,
        Self::Metrics,
        Self::Unsteady,
    ];

    /// The label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Answer => "answer",
            Self::Start => "start",
            Self::Breaker => "breaker",
            Self::Quarantine => "quarantine",
            Self::Metrics => "metrics",
            Self::Unsteady => "unsteady",
        }
    }

    /// Whether it was not even asked.
    pub fn is_unasked(self) -> bool {
        matches!(self, Self::Breaker | Self::Quarantine)
    }

    /// Whether the instance is of no use any more: its own state may be half changed.
    pub(crate) fn spoils(self) -> bool {
        matches!(self, Self::Trap | Self::Timeout | Self::Memory | Self::Answer | Self::Start)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A call of a guest that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{stage} of the WebAssembly plugin failed ({kind}): {message}")]
pub struct Failure {
    /// The stage, as messages name it.
    pub stage: &'static str,
    /// What kind it is.
    pub kind: FailureKind,
    /// What happened.
    pub message: String,
}

impl Failure {
    /// A failure in words.
    pub(crate) fn new(stage: &'static str, kind: FailureKind, message: impl Into<String>) -> Self {
        Self { stage, kind, message: cut(message.into()) }
    }

    /// An answer that makes no sense.
    pub(crate) fn answer(stage: &'static str, message: impl Into<String>) -> Self {
        Self::new(stage, FailureKind::Answer, message)
    }

    /// What a call into wasm ended with. `memory`: that the guest was refused some; `words`: what it said of its end.
    pub(crate) fn of_call(
        stage: &'static str,
        error: &wasmtime::Error,
        allowed: Allowed,
        (memory, words): (Option<String>, Option<String>),
    ) -> Self {
        if let Some(refused) = memory {
            return Self::new(stage, FailureKind::Memory, refused);
        }
        let trap = match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => return Self::new(stage, FailureKind::Timeout, allowed.passed()),
            Some(trap) => trap.to_string(),
            None => error.root_cause().to_string(),
        };
        match words.map(|words| said(&words)).filter(|words| !words.is_empty()) {
            Some(words) => Self::new(stage, FailureKind::Trap, format!("{words} ({trap})")),
            None => Self::new(stage, FailureKind::Trap, trap),
        }
    }
}

/// The longest part of a guest's last words that is put into a failure, in bytes; the trap has to fit beside it.
const MOST_SAID: usize = 700;

/// What is the guest's last word after one more. Go's runtime says its last words piece by piece; others say them at once.
pub(crate) fn heard(before: Option<String>, message: &str) -> String {
    let message = &message[..message.floor_char_boundary(LONGEST_TEXT)];
    let begins = |text: &str| text.starts_with("panic:") || text.starts_with("fatal error:");
    match before {
        Some(mut words) if begins(&words) && !begins(message) => {
            if words.len() < LONGEST_TEXT {
                words.push('\n');
                words.push_str(message);
            }
            words
        }
        _ => message.to_string(),
    }
}

/// What a guest said last, without the stack that languages print after it.
fn said(words: &str) -> String {
    let stack = |line: &str| {
        line == "goroutine" || line.starts_with("goroutine ") || line.starts_with("stack backtrace")
    };
    let lines: Vec<&str> = words.lines().map(str::trim).take_while(|line| !stack(line)).collect();
    let mut text = lines.join(" ").trim().to_string();
    text.truncate(text.floor_char_boundary(MOST_SAID));
    text
}

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The time.
    pub(crate) time: Duration,
    /// It is longer than `limits.time`, because a plugin that gets ready is given this at least.
    ready: bool,
}

impl Allowed {
    /// What the profile says.
    pub(crate) fn by_limit(time: Duration) -> Self {
        Self { time, ready: false }
    }

    /// At least so much, for what a plugin does to get ready.
    pub(crate) fn at_least(least: Duration, limit: Duration) -> Self {
        Self { time: least.max(limit), ready: least > limit }
    }

    /// That it was passed, by the name of the limit.
    fn passed(self) -> String {
        let time = self.time;
        match self.ready {
            true => format!(
                "it took longer than the {time:?} that a plugin has for getting ready; a limits.time of more than {time:?} is the \
                 limit for that too"
            ),
            false => format!("it took longer than limits.time allows, which is {time:?}"),
        }
    }
}

impl From<Failure> for PluginError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.to_string())
    }
}

/// The longest text of a guest that is kept, in bytes.
pub(crate) const LONGEST_TEXT: usize = 1024;

/// Texts of guests end up in messages and events; they are not trusted to be short, nor to read as what they are. Ends of
/// lines stay; other control characters become spaces, and what turns the text round or hides in it U+FFFD.
pub(crate) fn cut(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    harmless(text)
}

/// The same of any length.
pub(crate) fn harmless(text: String) -> String {
    let fixed = |c: char| match c {
        '\n' => c,
        c if c.is_control() => ' ',
        c if deceives(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    if text.contains(deceives) { text.chars().map(fixed).collect() } else { text }
}

/// The same as one line: what a guest says must not look like lines of the log that are not its own.
pub(crate) fn one_line(text: String) -> String {
    let text = cut(text);
    if text.contains('\n') { text.replace('\n', " ") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_guests_last_words() {
        let check = |words: &str, want: &str| {
            let error = wasmtime::Error::from(Trap::UnreachableCodeReached);
            let allowed = Allowed::by_limit(Duration::from_millis(50));
            let failure = Failure::of_call("Filter", &error, allowed, (None, Some(words.to_string())));
            assert_eq!(failure.message, want);
        };
        let trap = "wasm trap: wasm `unreachable` instruction executed";
        check(
            "panicked at src/lib.rs:4:9:\nno zone",
            &format!("panicked at src/lib.rs:4:9: no zone ({trap})"),
        );
        check(
            "panic in filter: boom\ngoroutine 1 [running]:\nmain.main()",
            &format!("panic in filter: boom ({trap})"),
        );
        check(" \n", trap);
        let failure = Failure::of_call(
            "Filter",
            &wasmtime::Error::from(Trap::UnreachableCodeReached),
            Allowed::by_limit(Duration::from_millis(50)),
            (None, Some("ü".repeat(4096))),
        );
        assert!(failure.message.ends_with(&format!("ü ({trap})")) && failure.message.len() < LONGEST_TEXT);
    }

    #[test]
    fn last_words_may_come_in_pieces() {
        let check = |pieces: &[&str], want: &str| {
            let words = pieces.iter().fold(None, |words, piece| Some(heard(words, piece)));
            assert_eq!(said(&words.unwrap()), want);
        };
        check(&["first", "panicked at src/lib.rs:4:9:\nboom"], "panicked at src/lib.rs:4:9: boom");
        check(&["no zone", "panic:", "nil map", "goroutine", "1", "[running]:"], "panic: nil map");
        check(&["fatal error:", "all goroutines are asleep"], "fatal error: all goroutines are asleep");
        check(&["panic:", "one", "panic:", "two"], "panic: two");
        let long = heard(Some("panic:".to_string()), &"x".repeat(9999));
        assert!(heard(Some(long.clone()), "more") == long && long.len() < 2 * LONGEST_TEXT);
    }

    #[test]
    fn a_time_out_names_the_limit_that_was_passed() {
        let check = |allowed: Allowed, part: &str| {
            let error = wasmtime::Error::from(Trap::Interrupt);
            let failure = Failure::of_call("Init", &error, allowed, (None, Some("nothing".to_string())));
            assert!(failure.kind == FailureKind::Timeout && failure.message.contains(part), "{failure}");
        };
        let seconds = Duration::from_secs;
        check(Allowed::by_limit(Duration::from_millis(50)), "limits.time allows, which is 50ms");
        check(
            Allowed::at_least(seconds(2), Duration::from_millis(50)),
            "the 2s that a plugin has for getting ready",
        );
        check(Allowed::at_least(seconds(2), seconds(3)), "limits.time allows, which is 3s");
    }

    #[test]
    fn what_a_guest_says_reads_as_what_it_is() {
        let check = |text: &str, lines: &str, line: &str| {
            assert_eq!((&*cut(text.to_string()), &*one_line(text.to_string())), (lines, line), "{text:?}");
        };
        check("no room", "no room", "no room");
        check("a\r\nb\x1b[2J", "a \nb [2J", "a  b [2J");
        check("no \u{202e}moor\u{202c}", "no \u{fffd}moor\u{fffd}", "no \u{fffd}moor\u{fffd}");
        let long = cut("\u{202e}".repeat(LONGEST_TEXT));
        assert!(long.len() <= LONGEST_TEXT + '…'.len_utf8() && long.ends_with('…'), "{long}");
    }
}
