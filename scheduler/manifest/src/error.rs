//! What is wrong with one object: the field, and how to fix it.

use std::fmt;

/// The longest piece of untrusted text that a message repeats.
const LONGEST: usize = 200;

/// One object could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectError {
    /// Path of the field, such as `spec.containers[0].image`; empty when the whole object is meant.
    pub field: String,
    /// What is wrong and how to fix it.
    pub message: String,
}

impl ObjectError {
    /// An error of the object or field at hand; [`Within`] puts the path in front as it travels outwards.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { field: String::new(), message: message.into() }
    }

    /// An error of the field `name` of what is at hand.
    pub(crate) fn of(name: &str, message: impl Into<String>) -> Self {
        Self { field: cut(name), message: message.into() }
    }

    /// No reader is known for objects of that kind.
    pub fn unknown_kind(kind: &str) -> Self {
        Self::of("kind", format!("{} is not read", quoted(kind)))
    }

    fn under(mut self, outer: &str) -> Self {
        self.field = match self.field.as_str() {
            "" => cut(outer),
            inner if inner.starts_with('[') => format!("{}{inner}", cut(outer)),
            inner => format!("{}.{inner}", cut(outer)),
        };
        self
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.field, self.message)
        }
    }
}

impl std::error::Error for ObjectError {}

/// Puts the path of the surroundings in front of an error's field.
pub(crate) trait Within {
    /// The error happened inside the field `name`.
    fn within(self, name: &str) -> Self;
    /// The error happened inside element `at` of the list `name`.
    fn within_item(self, name: &str, at: usize) -> Self;
}

impl<T> Within for Result<T, ObjectError> {
    fn within(self, name: &str) -> Self {
        self.map_err(|e| e.under(name))
    }

    fn within_item(self, name: &str, at: usize) -> Self {
        self.map_err(|e| e.under(&format!("{name}[{at}]")))
    }
}

/// `text`, cut to what a message can bear.
pub(crate) fn cut(text: &str) -> String {
    cut_to(text, LONGEST)
}

/// `text`, cut to `longest` characters.
pub(crate) fn cut_to(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

/// A value as a message quotes it.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", cut_to(text, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_grows_outwards() {
        let deep: Result<(), _> = Err(ObjectError::of("cpu", "wrong"));
        let error = deep.within("requests").within_item("containers", 2).within("spec").unwrap_err();
        assert_eq!(error.to_string(), "spec.containers[2].requests.cpu: wrong");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(cut_to("ääää", 2), "ää…");
        assert!(ObjectError::of(&"x".repeat(10_000_000), "wrong").to_string().len() < 1000);
    }
}
