//! An expression that was checked: names are places, functions are found, constants are computed.

use std::fmt;

use regex::Regex;

use super::function::Function;
use super::value::Value;

/// One step of an expression.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(Value),
    /// The device that is looked at.
    Device,
    /// A variable, by its place.
    Local(usize),
    Access(Box<Access>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Ternary(Box<[Node; 3]>),
    Call(Call),
    List(Vec<Element>),
    Map(Vec<MapEntry>),
    Fold(Box<Fold>),
    /// A variable that has this value in the expression behind.
    Bind(usize, Box<[Node; 2]>),
    /// `optMap` and `optFlatMap`.
    MapOptional(Box<MapOptional>),
    /// A list in a variable with these behind.
    Append(usize, Vec<Element>),
    /// True but for an argument that is false: an argument that fails counts as true.
    NotStrictlyFalse(Box<Node>),
    /// What is in an optional value, else an alternative that is not looked at before it is needed.
    OrElse(Box<OrElse>),
    /// Whether a list of constants holds a value: costs nothing.
    OneOf(Box<Node>, Value),
    /// A map in a variable with an entry more.
    Insert(usize, Box<[Node; 2]>),
    /// A map in a variable with the entries of another.
    InsertAll(usize, Box<Node>),
    /// `matches` with an expression that is written out.
    Matches(Box<Matches>),
    /// A list in the order of keys that are computed of its elements.
    SortBy(Box<SortBy>),
}

/// `operand.key` or `operand[key]`.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) operand: Node,
    pub(super) key: Node,
    pub(super) mode: Mode,
    /// The operand is neither a name nor an access to one, so that looking at it costs something of its own.
    pub(super) relative: bool,
}

/// What an access is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The value; without it the expression fails.
    Value,
    /// Whether there is one.
    Presence,
    /// The value, if there is one.
    Optional,
}

/// A function with arguments; of a method the first is what it is called on.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) function: &'static Function,
    pub(super) arguments: Vec<Node>,
    /// Arguments behind one that fails are not looked at, and the call costs nothing then.
    pub(super) stops: bool,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.function.name, self.arguments)
    }
}

/// An element of a list; one that is optional and absent leaves no place.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) value: Node,
    pub(super) optional: bool,
}

/// An entry of a map.
#[derive(Clone, Debug)]
pub(super) struct MapEntry {
    pub(super) key: Node,
    pub(super) value: Node,
    pub(super) optional: bool,
}

/// A loop over a list or a map.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    pub(super) range: Node,
    /// Element or key; with a second variable index or key, and then the value.
    pub(super) first: usize,
    pub(super) second: Option<usize>,
    pub(super) result: usize,
    pub(super) start: Node,
    pub(super) go_on: Node,
    pub(super) step: Node,
    pub(super) end: Node,
}

/// What becomes of an optional value.
#[derive(Clone, Debug)]
pub(super) struct MapOptional {
    pub(super) operand: Node,
    pub(super) variable: usize,
    pub(super) body: Node,
    /// The body is optional itself.
    pub(super) flat: bool,
}

/// `or` and `orValue`.
#[derive(Clone, Debug)]
pub(super) struct OrElse {
    pub(super) operand: Node,
    pub(super) alternative: Node,
    /// The value itself is wanted.
    pub(super) unwrap: bool,
}

/// A list and the key of each element.
#[derive(Clone, Debug)]
pub(super) struct SortBy {
    pub(super) operand: Node,
    pub(super) variable: usize,
    pub(super) key: Node,
}

/// A text that an expression may match.
#[derive(Clone, Debug)]
pub(super) struct Matches {
    pub(super) text: Node,
    /// The expression as it was written, for the cost.
    pub(super) pattern: Value,
    pub(super) regex: Regex,
}
