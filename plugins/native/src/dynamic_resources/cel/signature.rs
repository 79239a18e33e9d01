//! What a function takes and returns: `string.(int) string` is a method of strings, `(list(A)) A` is none.

use super::types::{PARAMETERS, Type};

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    /// It is called on its first parameter.
    pub(super) method: bool,
    pub(super) parameters: Vec<Type>,
    pub(super) result: Type,
}

impl Signature {
    /// Reads one as it is written in the tables of functions.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let mut parameters = Vec::new();
        let method = !reader.take("(");
        if method {
            parameters.push(reader.read()?);
            if !reader.take(".(") {
                return None;
            }
        }
        while !reader.take(")") {
            parameters.push(reader.read()?);
            reader.take(", ");
        }
        let result = reader.take(" ").then(|| reader.read())??;
        reader.rest.is_empty().then_some(Self { method, parameters, result })
    }

    /// What a call with these arguments results in, if they fit.
    pub(super) fn result_of(&self, method: bool, arguments: &[Type]) -> Option<Type> {
        if method != self.method || arguments.len() != self.parameters.len() {
            return None;
        }
        let mut bound = [const { None }; PARAMETERS];
        let fit =
            arguments.iter().zip(&self.parameters).all(|(given, wanted)| given.fits(wanted, &mut bound));
        fit.then(|| self.result.filled(&bound))
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn read(&mut self) -> Option<Type> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let one = |reader: &mut Self| {
            let inner = reader.take("(").then(|| reader.read())??;
            reader.take(")").then_some(inner)
        };
        Some(match name {
            "A" => Type::Parameter(0),
            "B" => Type::Parameter(1),
            "dyn" => Type::Dyn,
            "bool" => Type::Bool,
            "int" => Type::Int,
            "uint" => Type::Uint,
            "double" => Type::Double,
            "string" => Type::String,
            "bytes" => Type::Bytes,
            "type" => Type::Meta,
            "duration" => Type::Duration,
            "timestamp" => Type::Timestamp,
            "quantity" => Type::Quantity,
            "semver" => Type::Semver,
            "ip" => Type::Ip,
            "cidr" => Type::Cidr,
            "url" => Type::Url,
            "format" => Type::Format,
            "list" => Type::list(one(self)?),
            "optional" => Type::optional(one(self)?),
            "map" => {
                let key = self.take("(").then(|| self.read())??;
                let value = self.take(", ").then(|| self.read())??;
                self.take(")").then(|| Type::map(key, value))?
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, method: bool, parameters: &[Type], result: Type) {
        let want = Signature { method, parameters: parameters.to_vec(), result };
        assert_eq!(Signature::read(text), Some(want));
    }

    #[test]
    fn signatures_are_read() {
        let a = Type::Parameter(0);
        check("() bool", false, &[], Type::Bool);
        check("string.(string, int) int", true, &[Type::String, Type::String, Type::Int], Type::Int);
        check("list(A).(A) int", true, &[Type::list(a.clone()), a.clone()], Type::Int);
        let map = Type::map(a.clone(), Type::Parameter(1));
        check("(A, map(A, B)) optional(list(A))", false, &[a.clone(), map], Type::optional(Type::list(a)));
        assert_eq!(Signature::read("string(int) bool"), None);
        assert_eq!(Signature::read("(nothing) bool"), None);
    }

    #[test]
    fn parameters_stand_for_one_type() {
        let equals = Signature::read("(A, A) bool").unwrap();
        assert_eq!(equals.result_of(false, &[Type::Int, Type::Int]), Some(Type::Bool));
        assert_eq!(equals.result_of(false, &[Type::Int, Type::Double]), None);
        assert_eq!(equals.result_of(false, &[Type::Any, Type::Double]), Some(Type::Bool));
        assert_eq!(equals.result_of(true, &[Type::Int, Type::Int]), None);
    }
}
