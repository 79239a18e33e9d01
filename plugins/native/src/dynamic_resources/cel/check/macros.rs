//! Macros that the parser leaves as calls: `cel.bind`, those with two variables, and those of optional values.

use cel::common::ast::{CallExpr, Expr, IdedExpr};

use super::super::environment;
use super::super::node::{Call, Element, Fold, MapOptional, Node, SortBy};
use super::super::types::Type;
use super::super::value::{Map, Value};
use super::{Checker, Result, Typed, elements, invalid, mismatch, undeclared};

/// What a loop gathers; no expression can name it.
const GATHERED: &str = "@result";

impl Checker {
    /// The meaning of a call that is a macro.
    pub(super) fn expand(&mut self, call: &CallExpr) -> Result<Option<Typed>> {
        let Some(target) = &call.target else { return Ok(None) };
        let arguments = call.args.as_slice();
        Ok(Some(match (&*call.func_name, arguments) {
            ("bind", [variable, value, body]) if is_cel(target) => self.bind(variable, value, body)?,
            ("optMap", [variable, body]) => self.map_optional(target, variable, body, false)?,
            ("optFlatMap", [variable, body]) => self.map_optional(target, variable, body, true)?,
            ("sortBy", [variable, key]) => self.sort_by(target, variable, key)?,
            ("all" | "exists" | "existsOne" | "exists_one", [first, second, body]) => {
                self.quantifier(&call.func_name, target, [first, second], body)?
            }
            ("transformList" | "transformMap" | "transformMapEntry", [first, second, body]) => {
                self.transform(&call.func_name, target, [first, second], None, body)?
            }
            ("transformList" | "transformMap" | "transformMapEntry", [first, second, filter, body]) => {
                self.transform(&call.func_name, target, [first, second], Some(filter), body)?
            }
            _ => return Ok(None),
        }))
    }

    fn bind(&mut self, variable: &IdedExpr, value: &IdedExpr, body: &IdedExpr) -> Result {
        let name = name_of(variable)?;
        let value = self.check(value)?;
        let at = self.declare(name, value.kind);
        let body = self.check(body)?;
        self.forget(1);
        Ok(Typed::new(Node::Bind(at, Box::new([value.node, body.node])), body.kind))
    }

    fn map_optional(
        &mut self,
        target: &IdedExpr,
        variable: &IdedExpr,
        body: &IdedExpr,
        flat: bool,
    ) -> Result {
        let name = name_of(variable)?;
        let operand = self.check(target)?;
        let held = match operand.kind {
            Type::Optional(of) => *of,
            unknown if unknown.is_unknown() => Type::Dyn,
            other => return Err(mismatch(&Type::optional(Type::Dyn), &other)),
        };
        let variable = self.declare(name, held);
        let body = self.check(body)?;
        self.forget(1);
        let kind = match (flat, body.kind) {
            (false, kind) => Type::optional(kind),
            (true, kind @ (Type::Optional(_) | Type::Dyn | Type::Any)) => kind,
            (true, other) => return Err(mismatch(&Type::optional(Type::Dyn), &other)),
        };
        let map = MapOptional { operand: operand.node, variable, body: body.node, flat };
        Ok(Typed::new(Node::MapOptional(Box::new(map)), kind))
    }

    fn sort_by(&mut self, target: &IdedExpr, variable: &IdedExpr, key: &IdedExpr) -> Result {
        let name = name_of(variable)?;
        let operand = self.check(target)?;
        let (of, _) = elements(&operand.kind, false)?;
        let variable = self.declare(name, of);
        let key = self.check(key)?;
        self.forget(1);
        let sort = SortBy { operand: operand.node, variable, key: key.node };
        Ok(Typed::new(Node::SortBy(Box::new(sort)), operand.kind))
    }

    fn quantifier(
        &mut self,
        name: &str,
        target: &IdedExpr,
        names: [&IdedExpr; 2],
        body: &IdedExpr,
    ) -> Result {
        let one = matches!(name, "existsOne" | "exists_one");
        let (start, kind) = match name {
            "all" => (Value::Bool(true), Type::Bool),
            "exists" => (Value::Bool(false), Type::Bool),
            _ => (Value::Int(0), Type::Int),
        };
        let mut looped = self.enter(target, names, kind)?;
        let body = self.check(body)?;
        if body.kind != Type::Bool && !body.kind.is_unknown() {
            return Err(mismatch(&Type::Bool, &body.kind));
        }
        self.forget(3);
        let gathered = || Node::Local(looped.result);
        let go_on = match name {
            "all" => Node::NotStrictlyFalse(Box::new(gathered())),
            "exists" => Node::NotStrictlyFalse(Box::new(operation("!_", vec![gathered()])?)),
            _ => Node::Constant(Value::Bool(true)),
        };
        let step = match name {
            "all" => Node::And(vec![gathered(), body.node]),
            "exists" => Node::Or(vec![gathered(), body.node]),
            _ => {
                let more = operation("_+_", vec![gathered(), Node::Constant(Value::Int(1))])?;
                Node::Ternary(Box::new([body.node, more, gathered()]))
            }
        };
        let end = match one {
            true => operation("_==_", vec![gathered(), Node::Constant(Value::Int(1))])?,
            false => gathered(),
        };
        looped.start = Node::Constant(start);
        looped.go_on = go_on;
        looped.step = step;
        looped.end = end;
        Ok(Typed::new(Node::Fold(Box::new(looped)), Type::Bool))
    }

    fn transform(
        &mut self,
        name: &str,
        target: &IdedExpr,
        names: [&IdedExpr; 2],
        filter: Option<&IdedExpr>,
        body: &IdedExpr,
    ) -> Result {
        let mut looped = self.enter(target, names, Type::Dyn)?;
        let filter = filter.map(|filter| self.check(filter)).transpose()?;
        let body = self.check(body)?;
        let key = self.scope.get(looped.first).map_or(Type::Dyn, |(_, kind)| kind.clone());
        self.forget(3);
        let gathered = looped.result;
        let (start, step, kind) = match name {
            "transformList" => {
                let element = Element { value: body.node, optional: false };
                (Value::list([]), Node::Append(gathered, vec![element]), Type::list(body.kind))
            }
            "transformMap" => {
                let entry = Box::new([Node::Local(looped.first), body.node]);
                (Value::Map(<_>::default()), Node::Insert(gathered, entry), Type::map(key, body.kind))
            }
            _ if matches!(body.kind, Type::Map(..)) || body.kind.is_unknown() => {
                (empty(), Node::InsertAll(gathered, Box::new(body.node)), body.kind)
            }
            _ => return Err(mismatch(&Type::map(Type::Dyn, Type::Dyn), &body.kind)),
        };
        looped.start = Node::Constant(start);
        looped.step = match filter {
            None => step,
            Some(filter) => Node::Ternary(Box::new([filter.node, step, Node::Local(gathered)])),
        };
        looped.end = Node::Local(gathered);
        Ok(Typed::new(Node::Fold(Box::new(looped)), kind))
    }

    /// A loop of which only the range is known, with its variables: gathered, first, second.
    fn enter(&mut self, target: &IdedExpr, names: [&IdedExpr; 2], gathered: Type) -> Result<Fold> {
        let [first, second] = [name_of(names[0])?, name_of(names[1])?];
        if first == second {
            return Err(invalid(format!("duplicate variable name: {first}")));
        }
        let range = self.check(target)?;
        let (first_type, second_type) = elements(&range.kind, true)?;
        let result = self.declare(GATHERED, gathered);
        let first = self.declare(first, first_type);
        let second = Some(self.declare(second, second_type));
        let nothing = || Node::Constant(Value::Bool(true));
        let (range, start, go_on, step, end) = (range.node, nothing(), nothing(), nothing(), nothing());
        Ok(Fold { range, first, second, result, start, go_on, step, end })
    }
}

fn empty() -> Value {
    Value::Map(std::sync::Arc::new(Map::default()))
}

fn operation(name: &str, arguments: Vec<Node>) -> Result<Node> {
    let function = environment::function(name).ok_or_else(|| undeclared(name))?;
    Ok(Node::Call(Call { function, arguments, stops: false }))
}

fn is_cel(target: &IdedExpr) -> bool {
    matches!(&target.expr, Expr::Ident(name) if name == "cel")
}

fn name_of(expr: &IdedExpr) -> Result<&str> {
    match &expr.expr {
        Expr::Ident(name) => Ok(name),
        _ => Err(invalid("argument must be a simple name")),
    }
}
