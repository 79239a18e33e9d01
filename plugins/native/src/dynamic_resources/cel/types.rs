//! Types of expressions, as far as they are known before an expression is evaluated.

use std::fmt;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Known when the expression is evaluated.
    Dyn,
    /// The same, of an attribute: an expression may result in it.
    Any,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Optional(Box<Type>),
    /// What `type()` returns.
    Meta,
    Duration,
    Timestamp,
    Quantity,
    Semver,
    Ip,
    Cidr,
    Url,
    Format,
    Device,
    /// What an empty list or map holds: whatever is wanted.
    Free,
    /// A parameter of a function's signature.
    Parameter(u8),
}

impl Type {
    /// A list of these.
    pub(super) fn list(of: Self) -> Self {
        Self::List(Box::new(of))
    }

    /// A map from these to these.
    pub(super) fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(key), Box::new(value))
    }

    /// An optional one of these.
    pub(super) fn optional(of: Self) -> Self {
        Self::Optional(Box::new(of))
    }

    /// Whether nothing is known of it.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Dyn | Self::Any | Self::Free)
    }

    /// The type that both are, if they go together. What is known of only one of the two is unknown.
    pub(super) fn join(&self, other: &Self) -> Option<Self> {
        if self == other {
            return Some(self.clone());
        }
        let join = |a: &Self, b: &Self| a.join(b).map(Box::new);
        Some(match (self, other) {
            (Self::Free, other) | (other, Self::Free) => other.clone(),
            (Self::Dyn, _) | (_, Self::Dyn) => Self::Dyn,
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::List(a), Self::List(b)) => Self::List(join(a, b)?),
            (Self::Optional(a), Self::Optional(b)) => Self::Optional(join(a, b)?),
            (Self::Map(a, x), Self::Map(b, y)) => Self::Map(join(a, b)?, join(x, y)?),
            (known, Self::Null) | (Self::Null, known) if known.may_be_null() => known.clone(),
            _ => return None,
        })
    }

    fn may_be_null(&self) -> bool {
        use Type::{Cidr, Device, Duration, Format, Ip, Optional, Quantity, Semver, Timestamp, Url};
        matches!(
            self,
            Quantity | Semver | Ip | Cidr | Url | Format | Device | Duration | Timestamp | Optional(_)
        )
    }

    /// Whether an argument of this type may be given where `wanted` is asked for. `bound` holds what the parameters of
    /// the signature stand for so far.
    pub(super) fn fits(&self, wanted: &Self, bound: &mut [Option<Self>; PARAMETERS]) -> bool {
        if let Self::Parameter(at) = wanted {
            let Some(seat) = bound.get_mut(usize::from(*at)) else { return false };
            let joined = match seat {
                None => Some(self.clone()),
                Some(before) => before.join(self),
            };
            return match joined {
                None => false,
                some => {
                    *seat = some;
                    true
                }
            };
        }
        if self.is_unknown() || wanted.is_unknown() {
            return true;
        }
        match (self, wanted) {
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => a.fits(b, bound),
            (Self::Map(a, x), Self::Map(b, y)) => a.fits(b, bound) && x.fits(y, bound),
            (Self::Null, _) => wanted == &Self::Null || wanted.may_be_null(),
            _ => self == wanted,
        }
    }

    /// The type with parameters replaced by what they stand for; those that stand for nothing are unknown.
    pub(super) fn filled(&self, bound: &[Option<Self>; PARAMETERS]) -> Self {
        match self {
            Self::Parameter(at) => bound.get(usize::from(*at)).cloned().flatten().unwrap_or(Self::Dyn),
            Self::List(of) => Self::list(of.filled(bound)),
            Self::Optional(of) => Self::optional(of.filled(bound)),
            Self::Map(key, value) => Self::map(key.filled(bound), value.filled(bound)),
            known => known.clone(),
        }
    }
}

/// How many parameters a signature can have.
pub(super) const PARAMETERS: usize = 2;

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::List(of) => return write!(f, "list({of})"),
            Self::Map(key, value) => return write!(f, "map({key}, {value})"),
            Self::Optional(of) => return write!(f, "optional_type({of})"),
            Self::Dyn | Self::Free | Self::Parameter(_) => "dyn",
            Self::Any => "any",
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Meta => "type",
            Self::Duration => "google.protobuf.Duration",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Quantity => "kubernetes.Quantity",
            Self::Semver => "kubernetes.Semver",
            Self::Ip => "net.IP",
            Self::Cidr => "net.CIDR",
            Self::Url => "kubernetes.URL",
            Self::Format => "kubernetes.NamedFormat",
            Self::Device => "kubernetes.DRADevice",
        };
        f.write_str(name)
    }
}
