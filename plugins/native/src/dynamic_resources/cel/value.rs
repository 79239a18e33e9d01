//! Values that expressions compute, and how they compare.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::quantity::Quantity;

use super::data::address::Cidr;
use super::data::format::Format;
use super::data::instant::Instant;
use super::data::semver::Semver;
use super::data::url::Url;

/// A value. Copies cost a count.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Str),
    Bytes(Arc<[u8]>),
    List(Arc<List>),
    Map(Arc<Map>),
    Optional(Option<Arc<Value>>),
    Type(Str),
    /// Nanoseconds.
    Duration(i64),
    Timestamp(Instant),
    Quantity(Quantity),
    Semver(Arc<Semver>),
    Ip(IpAddr),
    Cidr(Cidr),
    Url(Arc<Url>),
    Format(&'static Format),
}

/// How much a value may hold. What is in it several times counts as often: a few steps can make a list of lists of lists
/// that nobody could go through.
pub(super) const HEAVIEST: u64 = 1 << 20;
/// Bytes of text that weigh as much as an element.
const BYTES_PER_ELEMENT: u64 = 16;

/// Values in order.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    items: Vec<Value>,
    weight: u64,
}

impl List {
    /// The values.
    pub(super) fn items(&self) -> &[Value] {
        &self.items
    }

    /// Adds one.
    pub(super) fn push(&mut self, value: Value) {
        self.weight = self.weight.saturating_add(value.weight());
        self.items.push(value);
    }
}

impl FromIterator<Value> for List {
    fn from_iter<T: IntoIterator<Item = Value>>(values: T) -> Self {
        let mut list = Self::default();
        values.into_iter().for_each(|value| list.push(value));
        list
    }
}

/// A map from keys to values. Keys are in order, so that whoever goes through it does so the same way each time.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    entries: BTreeMap<Key, (Value, Value)>,
    weight: u64,
    /// A key that is not there has an empty map, as domains of attributes have.
    open: bool,
}

/// What a map can be asked by. Numbers of different types with one value are one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Bool(bool),
    Int(i64),
    /// Beyond the largest `Int`.
    Uint(u64),
    String(Str),
}

impl Key {
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Int(int) => Self::Int(*int),
            Value::Uint(uint) => i64::try_from(*uint).map_or(Self::Uint(*uint), Self::Int),
            Value::Double(double) => whole(*double)?,
            Value::String(text) => Self::String(text.clone()),
            _ => return None,
        })
    }
}

/// The key that a double with no fraction is.
fn whole(double: f64) -> Option<Key> {
    if double.fract() != 0.0 {
        return None;
    }
    let wide = double as i128;
    if wide as f64 != double {
        return None;
    }
    i64::try_from(wide).map(Key::Int).ok().or_else(|| u64::try_from(wide).ok().map(Key::Uint))
}

impl Map {
    /// A map in which every key that is absent stands for an empty map.
    pub(super) fn open(entries: impl IntoIterator<Item = (Value, Value)>) -> Self {
        let mut map = Self { open: true, ..Self::default() };
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }

    /// Whether the key was free and can be one.
    pub(super) fn insert(&mut self, key: Value, value: Value) -> bool {
        let Some(at) = Key::of(&key) else { return false };
        self.weight = self.weight.saturating_add(key.weight()).saturating_add(value.weight());
        self.entries.insert(at, (key, value)).is_none()
    }

    /// What is found there, for whoever looks it up.
    pub(super) fn find(&self, key: &Value) -> Option<Value> {
        match self.held(key) {
            None if self.open => Some(Value::Map(Arc::default())),
            found => found.cloned(),
        }
    }

    /// What is there.
    pub(super) fn held(&self, key: &Value) -> Option<&Value> {
        Some(&self.entries.get(&Key::of(key)?)?.1)
    }

    /// Keys and values in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.entries.values().map(|(key, value)| (key, value))
    }

    /// How many keys it has.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl Value {
    /// A string.
    pub(super) fn text(text: impl Into<Str>) -> Self {
        Self::String(text.into())
    }

    /// A list.
    pub(super) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(Arc::new(items.into_iter().collect()))
    }

    /// How much it holds, of which [`HEAVIEST`] is the most that is let pass.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::String(text) => 1 + text.len() as u64 / BYTES_PER_ELEMENT,
            Self::Bytes(bytes) => 1 + bytes.len() as u64 / BYTES_PER_ELEMENT,
            Self::List(list) => list.weight.saturating_add(1),
            Self::Map(map) => map.weight.saturating_add(1),
            Self::Optional(Some(value)) => value.weight().saturating_add(1),
            _ => 1,
        }
    }

    /// An optional value.
    pub(super) fn optional(value: Option<Self>) -> Self {
        Self::Optional(value.map(Arc::new))
    }

    /// The name of its type, as `type()` compares it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Url(_) => "kubernetes.URL",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }

    /// How large it is where cost goes by size: characters, bytes or elements, and 1 for what has no size.
    pub(super) fn size(&self) -> u64 {
        let size = match self {
            Self::String(text) => text.chars().count(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(list) => list.items.len(),
            Self::Map(map) => map.len(),
            Self::Optional(Some(value)) => return value.size(),
            Self::Ip(ip) => address_size(ip),
            Self::Cidr(cidr) => usize::from(cidr.prefix.div_ceil(8)),
            _ => 1,
        };
        size as u64
    }
}

/// Bytes of an address.
fn address_size(ip: &IpAddr) -> usize {
    match ip {
        IpAddr::V4(_) => 4,
        IpAddr::V6(_) => 16,
    }
}

/// Values of different types are not equal, but numbers are equal by their value.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        if let Some(ordering) = compare_numbers(self, other) {
            return ordering == Some(Ordering::Equal);
        }
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::String(a), Self::String(b)) | (Self::Type(a), Self::Type(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::List(a), Self::List(b)) => a.items == b.items,
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(key, value)| b.held(key) == Some(value))
            }
            (Self::Optional(a), Self::Optional(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Quantity(a), Self::Quantity(b)) => a == b,
            (Self::Semver(a), Self::Semver(b)) => a.compare(b) == Ordering::Equal,
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Cidr(a), Self::Cidr(b)) => a == b,
            (Self::Url(a), Self::Url(b)) => a == b,
            (Self::Format(a), Self::Format(b)) => std::ptr::eq(*a, *b),
            _ => false,
        }
    }
}

/// How two numbers of any type compare: `None` if one is no number, `Some(None)` if one is NaN.
pub(super) fn compare_numbers(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Double(a), Value::Int(b)) => compare_double(*a, i128::from(*b)),
        (Value::Double(a), Value::Uint(b)) => compare_double(*a, i128::from(*b)),
        (Value::Int(a), Value::Double(b)) => compare_double(*b, i128::from(*a)).map(Ordering::reverse),
        (Value::Uint(a), Value::Double(b)) => compare_double(*b, i128::from(*a)).map(Ordering::reverse),
        _ => return None,
    })
}

/// A double against a whole number. Beyond the range of integers the double decides.
fn compare_double(double: f64, whole: i128) -> Option<Ordering> {
    match double {
        _ if double.is_nan() => None,
        _ if double >= 2f64.powi(65) => Some(Ordering::Greater),
        _ if double <= -2f64.powi(65) => Some(Ordering::Less),
        _ => double.partial_cmp(&(whole as f64)),
    }
}
