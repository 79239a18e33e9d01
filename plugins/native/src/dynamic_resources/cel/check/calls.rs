//! Operators, functions and methods.

use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};

use super::super::data::pattern;
use super::super::environment;
use super::super::function::{self, Function};
use super::super::functions::format_problem;
use super::super::node::{Call, Matches, Mode, Node, OrElse};
use super::super::types::Type;
use super::super::value::Value;
use super::{Checker, Result, Typed, access, field_type, invalid, mismatch, path, root, undeclared};

impl Checker {
    pub(super) fn call(&mut self, call: &CallExpr) -> Result {
        if let Some(expanded) = self.expand(call)? {
            return Ok(expanded);
        }
        match &call.target {
            Some(target) => match self.namespaced(target, &call.func_name) {
                Some(function) => self.function(function, None, &call.args),
                None => {
                    let function = environment::function(&call.func_name);
                    let function = function.ok_or_else(|| undeclared(&qualified(target, call)))?;
                    self.function(function, Some(target), &call.args)
                }
            },
            None => self.operator_or_function(&call.func_name, &call.args),
        }
    }

    /// A function whose name has points, as `sets.contains`.
    fn namespaced(&self, target: &IdedExpr, name: &str) -> Option<&'static Function> {
        let hidden = root(target).is_some_and(|root| self.variable(root).is_some());
        if hidden {
            return None;
        }
        environment::function(&format!("{}.{name}", path(target)?))
    }

    fn operator_or_function(&mut self, name: &str, arguments: &[IdedExpr]) -> Result {
        match (name, arguments) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, _) => {
                let mut terms = Vec::new();
                self.terms(name, arguments, &mut terms)?;
                let node = if name == operators::LOGICAL_AND { Node::And(terms) } else { Node::Or(terms) };
                Ok(Typed::new(node, Type::Bool))
            }
            (operators::CONDITIONAL, [condition, yes, no]) => self.conditional(condition, yes, no),
            (operators::NOT_STRICTLY_FALSE, [inner]) => {
                let inner = self.check(inner)?;
                Ok(Typed::new(Node::NotStrictlyFalse(Box::new(inner.node)), Type::Bool))
            }
            (operators::INDEX, [operand, key]) => self.index(operand, key, Mode::Value),
            (operators::OPT_INDEX, [operand, key]) => self.index(operand, key, Mode::Optional),
            (operators::OPT_SELECT, [operand, field]) => self.optional_select(operand, field),
            _ => {
                let function = environment::function(name).ok_or_else(|| undeclared(name))?;
                self.function(function, None, arguments)
            }
        }
    }

    /// The terms of a chain of one logical operator. However many there are, they lie side by side.
    fn terms(&mut self, name: &str, arguments: &[IdedExpr], terms: &mut Vec<Node>) -> Result<()> {
        for argument in arguments {
            match &argument.expr {
                Expr::Call(inner) if inner.func_name == name && inner.target.is_none() => {
                    self.terms(name, &inner.args, terms)?;
                }
                _ => {
                    let term = self.check(argument)?;
                    if term.kind != Type::Bool && !term.kind.is_unknown() {
                        return Err(no_match(name, false, &[term.kind]));
                    }
                    terms.push(term.node);
                }
            }
        }
        Ok(())
    }

    fn conditional(&mut self, condition: &IdedExpr, yes: &IdedExpr, no: &IdedExpr) -> Result {
        let (condition, yes, no) = (self.check(condition)?, self.check(yes)?, self.check(no)?);
        if condition.kind != Type::Bool && !condition.kind.is_unknown() {
            return Err(no_match(operators::CONDITIONAL, false, &[condition.kind, yes.kind, no.kind]));
        }
        let Some(kind) = yes.kind.join(&no.kind) else {
            return Err(no_match(operators::CONDITIONAL, false, &[condition.kind, yes.kind, no.kind]));
        };
        Ok(Typed::new(Node::Ternary(Box::new([condition.node, yes.node, no.node])), kind))
    }

    fn index(&mut self, operand: &IdedExpr, key: &IdedExpr, mode: Mode) -> Result {
        let (operand, key) = (self.check(operand)?, self.check(key)?);
        let kind = element_type(&operand.kind, &key.kind).ok_or_else(|| {
            let name = if mode == Mode::Optional { operators::OPT_INDEX } else { operators::INDEX };
            no_match(name, false, &[operand.kind.clone(), key.kind.clone()])
        })?;
        let kind = if mode == Mode::Optional { optional_once(kind) } else { kind };
        Ok(Typed::new(access(operand.node, key.node, mode), kind))
    }

    fn optional_select(&mut self, operand: &IdedExpr, field: &IdedExpr) -> Result {
        let operand = self.check(operand)?;
        let field = self.check(field)?;
        let Node::Constant(Value::String(name)) = &field.node else {
            return Err(invalid("a field of an optional value must be a name"));
        };
        let kind = optional_once(field_type(&operand.kind, name)?);
        Ok(Typed::new(access(operand.node, field.node, Mode::Optional), kind))
    }

    fn function(
        &mut self,
        function: &'static Function,
        target: Option<&IdedExpr>,
        arguments: &[IdedExpr],
    ) -> Result {
        if let Some(appended) = self.appended(function, arguments)? {
            return Ok(appended);
        }
        let prints = function.name == "format";
        self.mixed += usize::from(prints);
        let (mut nodes, mut kinds) = (Vec::new(), Vec::new());
        for expr in target.into_iter().chain(arguments) {
            let checked = self.check(expr)?;
            nodes.push(checked.node);
            kinds.push(checked.kind);
        }
        self.mixed -= usize::from(prints);
        let method = target.is_some();
        let results: Vec<Type> =
            function.signatures.iter().filter_map(|s| s.result_of(method, &kinds)).collect();
        let Some((first, others)) = results.split_first() else {
            return Err(no_match(function.name, method, &kinds));
        };
        let kind = if others.iter().all(|other| other == first) { first.clone() } else { Type::Dyn };
        if prints {
            self.check_format(&nodes, arguments)?;
        }
        // Where a library has several functions of the name, it is called by another way than the language's own.
        let stops = nodes.len() > 2 || (!others.is_empty() && !is_of_language(function.name));
        Ok(Typed::new(special(function, nodes, stops)?, kind))
    }

    /// A list in the variable that a loop gathers, with elements behind: it is changed where it lies.
    fn appended(&mut self, function: &Function, arguments: &[IdedExpr]) -> Result<Option<Typed>> {
        let [gathered, added] = arguments else { return Ok(None) };
        let (Expr::Ident(name), Expr::List(list)) = (&gathered.expr, &added.expr) else { return Ok(None) };
        if function.name != operators::ADD || !name.starts_with('@') {
            return Ok(None);
        }
        let Some((at, kind)) = self.variable(name) else { return Ok(None) };
        let kind = kind.clone();
        let (elements, of) = self.elements(list)?;
        let all = kind.join(&Type::list(of.clone())).ok_or_else(|| mismatch(&kind, &Type::list(of)))?;
        Ok(Some(Typed::new(Node::Append(at, elements), all)))
    }

    /// A format that is written out must go with what it is given.
    fn check_format(&self, nodes: &[Node], arguments: &[IdedExpr]) -> Result<()> {
        let [Node::Constant(Value::String(text)), _] = nodes else { return Ok(()) };
        let [IdedExpr { expr: Expr::List(_), .. }] = arguments else { return Ok(()) };
        match format_problem(text, &self.listed) {
            Some(why) => Err(invalid(format!("error during formatting: {why}"))),
            None => Ok(()),
        }
    }
}

/// Calls that are evaluated in another way than by calling.
fn special(function: &'static Function, mut nodes: Vec<Node>, stops: bool) -> Result<Node> {
    match (function.name, nodes.as_slice()) {
        ("or" | "orValue", [operand, alternative]) => {
            let (operand, alternative) = (operand.clone(), alternative.clone());
            let unwrap = function.name == "orValue";
            return Ok(Node::OrElse(Box::new(OrElse { operand, alternative, unwrap })));
        }
        (operators::IN, [_, Node::Constant(list @ Value::List(_))]) => {
            let list = list.clone();
            return Ok(Node::OneOf(Box::new(nodes.swap_remove(0)), list));
        }
        ("matches", [_, Node::Constant(written @ Value::String(text))]) => {
            let regex = pattern::compile(text).map_err(|_| invalid("invalid matches argument"))?;
            let pattern = written.clone();
            return Ok(Node::Matches(Box::new(Matches { text: nodes.swap_remove(0), pattern, regex })));
        }
        (name, [Node::Constant(_)]) if is_conversion(name) => return converted(function, &nodes),
        _ => {}
    }
    Ok(Node::Call(Call { function, arguments: nodes, stops }))
}

fn is_of_language(name: &str) -> bool {
    name.starts_with(['_', '@', '-', '!']) || name == "size" || is_conversion(name)
}

fn is_conversion(name: &str) -> bool {
    let names = ["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"];
    names.contains(&name)
}

/// A constant of another type.
fn converted(function: &Function, nodes: &[Node]) -> Result<Node> {
    let [Node::Constant(value)] = nodes else { return Err(invalid("a constant is missing")) };
    let arguments = std::slice::from_ref(value);
    let result = (function.run)(function::Call { name: function.name, arguments });
    result.map(Node::Constant).map_err(|error| invalid(format!("program instantiation failed: {error}")))
}

/// What is found in an operand of this type by a key of that.
fn element_type(operand: &Type, key: &Type) -> Option<Type> {
    match operand {
        Type::List(of) => (*key == Type::Int || key.is_unknown()).then(|| (**of).clone()),
        Type::Map(wanted, value) => wanted.join(key).map(|_| (**value).clone()),
        Type::Optional(inner) => element_type(inner, key).map(Type::optional),
        unknown if unknown.is_unknown() => Some(Type::Dyn),
        _ => None,
    }
}

fn optional_once(kind: Type) -> Type {
    match kind {
        Type::Optional(_) => kind,
        other => Type::optional(other),
    }
}

fn qualified(target: &IdedExpr, call: &CallExpr) -> String {
    match path(target) {
        Some(path) if root(target) != Some(environment::DEVICE) => path,
        _ => call.func_name.clone(),
    }
}

fn no_match(name: &str, method: bool, kinds: &[Type]) -> super::CompileError {
    let mut given: Vec<String> = kinds.iter().map(Type::to_string).collect();
    let applied = match method {
        true => {
            let target = given.remove(0);
            format!("{target}.({})", given.join(", "))
        }
        false => format!("({})", given.join(", ")),
    };
    invalid(format!("found no matching overload for '{name}' applied to '{applied}'"))
}
