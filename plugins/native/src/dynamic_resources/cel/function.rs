//! Functions that expressions call.

use super::failure::EvalError;
use super::signature::Signature;
use super::value::Value;

/// A call that is to be answered.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    /// Of a method the first is what it is called on.
    pub(super) arguments: &'a [Value],
}

impl Call<'_> {
    /// Nothing of the name takes these arguments. Libraries say what they were given, the language does not.
    pub(super) fn no_overload(self) -> EvalError {
        let given: Vec<&str> = self.arguments.iter().map(Value::type_name).collect();
        EvalError::failed(format!("no such overload: {}({})", self.name, given.join(", ")))
    }
}

/// What answers a call.
pub(super) type Run = fn(Call<'_>) -> Result<Value, EvalError>;

/// A function as it is declared.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// What it takes and returns; see [`Signature::read`].
    pub(super) signatures: &'static [&'static str],
    pub(super) run: Run,
}

/// A function.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) signatures: Vec<Signature>,
    pub(super) run: Run,
}
