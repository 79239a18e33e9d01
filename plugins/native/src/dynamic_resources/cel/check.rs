//! From an expression as it was parsed to one that can be evaluated: names and functions are found, types go together.

mod calls;
mod literals;
mod macros;

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, SelectExpr};

use super::environment::{self, DEVICE};
use super::failure::CompileError;
use super::node::{Access, Fold, Mode, Node};
use super::types::Type;
use super::value::Value;

/// How deep an expression may be nested.
const DEEPEST: usize = 250;

type Result<T = Typed> = std::result::Result<T, CompileError>;

/// A checked expression with its type.
pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) kind: Type,
}

impl Typed {
    fn new(node: Node, kind: Type) -> Self {
        Self { node, kind }
    }
}

/// Checks expressions.
#[derive(Default)]
pub(super) struct Checker {
    /// Variables that can be seen, innermost last. Their places are where they will be kept.
    scope: Vec<(String, Type)>,
    most: usize,
    depth: usize,
    /// The types of the elements of the list that was checked last.
    listed: Vec<Type>,
    /// How many calls around this place take lists whose elements are of different types.
    mixed: usize,
}

fn invalid(text: impl Into<String>) -> CompileError {
    CompileError::Invalid(text.into())
}

impl Checker {
    /// How many variables there are at once.
    pub(super) fn locals(&self) -> usize {
        self.most
    }

    /// Checks an expression.
    pub(super) fn check(&mut self, expr: &IdedExpr) -> Result {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(invalid(format!("expression recursion limit exceeded: {DEEPEST}")));
        }
        let checked = match &expr.expr {
            Expr::Literal(literal) => Ok(literals::literal(literal)),
            Expr::Ident(name) => self.identifier(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(map),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(made) => Err(undeclared(&made.type_name)),
            Expr::Unspecified => Err(invalid("an expression is missing")),
        };
        self.depth -= 1;
        checked
    }

    /// The place and the type of a variable.
    fn variable(&self, name: &str) -> Option<(usize, &Type)> {
        let at = self.scope.iter().rposition(|(have, _)| have == name)?;
        Some((at, &self.scope[at].1))
    }

    /// Adds a variable and returns its place.
    fn declare(&mut self, name: &str, kind: Type) -> usize {
        self.scope.push((name.to_string(), kind));
        self.most = self.most.max(self.scope.len());
        self.scope.len() - 1
    }

    fn forget(&mut self, variables: usize) {
        self.scope.truncate(self.scope.len().saturating_sub(variables));
    }

    fn identifier(&self, name: &str) -> Result {
        if let Some((at, kind)) = self.variable(name) {
            return Ok(Typed::new(Node::Local(at), kind.clone()));
        }
        if name == DEVICE {
            return Ok(Typed::new(Node::Device, Type::Device));
        }
        let named = environment::type_named(name).ok_or_else(|| undeclared(name))?;
        Ok(Typed::new(Node::Constant(Value::Type(named.into())), Type::Meta))
    }

    fn select(&mut self, select: &SelectExpr) -> Result {
        if let Some(kind) = self.type_path(select) {
            return Ok(kind);
        }
        let operand = self.check(&select.operand)?;
        let mode = if select.test { Mode::Presence } else { Mode::Value };
        let kind = field_type(&operand.kind, &select.field)?;
        let key = Node::Constant(Value::text(select.field.as_str()));
        let kind = if select.test { Type::Bool } else { kind };
        Ok(Typed::new(access(operand.node, key, mode), kind))
    }

    /// The types of protocol buffers have names with points.
    fn type_path(&self, select: &SelectExpr) -> Option<Typed> {
        let name = format!("{}.{}", path(&select.operand)?, select.field);
        let known = matches!(&*name, "google.protobuf.Duration" | "google.protobuf.Timestamp");
        (known && !select.test).then(|| Typed::new(Node::Constant(Value::Type(name.into())), Type::Meta))
    }

    fn comprehension(&mut self, loops: &ComprehensionExpr) -> Result {
        let range = self.check(&loops.iter_range)?;
        let start = self.check(&loops.accu_init)?;
        let (first_type, second_type) = elements(&range.kind, loops.iter_var2.is_some())?;
        let result = self.declare(&loops.accu_var, start.kind.clone());
        let first = self.declare(&loops.iter_var, first_type);
        let second = loops.iter_var2.as_ref().map(|name| self.declare(name, second_type));
        let go_on = self.check(&loops.loop_cond)?;
        let step = self.check(&loops.loop_step)?;
        let gathered = start.kind.join(&step.kind).ok_or_else(|| mismatch(&start.kind, &step.kind))?;
        self.forget(1 + usize::from(second.is_some()));
        self.scope[result].1 = gathered;
        let end = self.check(&loops.result)?;
        self.forget(1);
        let fold = Fold {
            range: range.node,
            first,
            second,
            result,
            start: start.node,
            go_on: go_on.node,
            step: step.node,
            end: end.node,
        };
        Ok(Typed::new(Node::Fold(Box::new(fold)), end.kind))
    }
}

/// An access to an operand. Names, and accesses to them, are looked up in one go; others cost one step more.
fn access(operand: Node, key: Node, mode: Mode) -> Node {
    let relative = !matches!(operand, Node::Device | Node::Local(_) | Node::Access(_));
    Node::Access(Box::new(Access { operand, key, mode, relative }))
}

/// The type of a field.
fn field_type(operand: &Type, field: &str) -> Result<Type> {
    match operand {
        Type::Device => {
            environment::field(field).ok_or_else(|| invalid(format!("undefined field '{field}'")))
        }
        Type::Map(key, value) if **key == Type::String || key.is_unknown() => Ok((**value).clone()),
        Type::Optional(inner) => field_type(inner, field).map(Type::optional),
        unknown if unknown.is_unknown() => Ok(Type::Dyn),
        other => Err(invalid(format!("type '{other}' does not support field selection"))),
    }
}

/// The types of what a loop goes over: elements or keys, or with two variables indices or keys, and what is there.
fn elements(range: &Type, two: bool) -> Result<(Type, Type)> {
    match range {
        Type::List(of) if two => Ok((Type::Int, (**of).clone())),
        Type::List(of) => Ok(((**of).clone(), Type::Dyn)),
        Type::Map(key, value) => Ok(((**key).clone(), (**value).clone())),
        Type::Dyn | Type::Free => Ok((Type::Dyn, Type::Dyn)),
        other => {
            let why = format!(
                "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
            );
            Err(invalid(why))
        }
    }
}

fn undeclared(name: &str) -> CompileError {
    invalid(format!("undeclared reference to '{name}' (in container '')"))
}

fn mismatch(wanted: &Type, found: &Type) -> CompileError {
    invalid(format!("expected type '{wanted}' but found '{found}'"))
}

/// `a.b.c` as text, if the expression is nothing but names.
fn path(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        _ => None,
    }
}

/// The name that a path begins with.
fn root(expr: &IdedExpr) -> Option<&str> {
    match &expr.expr {
        Expr::Ident(name) => Some(name),
        Expr::Select(select) => root(&select.operand),
        _ => None,
    }
}
