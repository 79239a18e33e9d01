//! The plugin's failure, as text.

/// What went wrong in the plugin. The pod is not to blame and is tried again.
///
/// `?` makes one of anything that can be displayed, and so does `"text".into()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl Error {
    /// The text.
    pub fn message(&self) -> &str {
        &self.0
    }
}

// `Error` has no `Display` itself: with one, this would be a second `From<Error> for Error`.
impl<T: std::fmt::Display> From<T> for Error {
    fn from(cause: T) -> Self {
        Self(cause.to_string())
    }
}

/// The interface wants failures as text.
pub(crate) fn text<T>(result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| error.0)
}
