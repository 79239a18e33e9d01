//! Evaluates an expression for a device, and counts what it costs.

use std::sync::Arc;

use super::cost;
use super::failure::EvalError;
use super::function::Call;
use super::functions::sorted_by;
use super::node;
use super::node::{Access, Element, Fold, MapEntry, MapOptional, Matches, Mode, Node, OrElse, SortBy};
use super::value::{HEAVIEST, Map, Value};

type Result<T = Value> = std::result::Result<T, EvalError>;

/// An evaluation that is going on.
pub(super) struct Evaluation<'a> {
    device: &'a Value,
    /// Variables by their places. What a loop gathers may be an error that the rest of it makes good.
    locals: Vec<Result>,
    spent: u64,
    limit: u64,
}

impl<'a> Evaluation<'a> {
    /// For a device, with room for so many variables, and so many units to spend.
    pub(super) fn new(device: &'a Value, locals: usize, limit: u64) -> Self {
        Self { device, locals: vec![Ok(Value::Null); locals], spent: 0, limit }
    }

    /// What it has cost so far.
    pub(super) fn spent(&self) -> u64 {
        self.spent
    }

    fn charge(&mut self, units: u64) -> Result<()> {
        self.spent = self.spent.saturating_add(units);
        if self.spent > self.limit { Err(EvalError::CostLimit) } else { Ok(()) }
    }

    /// The value of an expression.
    pub(super) fn value(&mut self, node: &Node) -> Result {
        let value = match node {
            Node::Constant(value) => return Ok(value.clone()),
            Node::Device => {
                self.charge(cost::NAME)?;
                return Ok(self.device.clone());
            }
            Node::Local(at) => {
                self.charge(cost::NAME)?;
                return self.locals[*at].clone();
            }
            Node::Access(access) => return self.access(access),
            Node::And(terms) => return self.logic(terms, false),
            Node::Or(terms) => return self.logic(terms, true),
            Node::Ternary(parts) => {
                let [condition, yes, no] = &**parts;
                return match self.value(condition)? {
                    Value::Bool(true) => self.branch(yes),
                    Value::Bool(false) => self.branch(no),
                    _ => Err(EvalError::no_overload()),
                };
            }
            Node::Call(call) => self.call(call)?,
            Node::List(elements) => self.list(elements)?,
            Node::Map(entries) => self.map(entries)?,
            Node::Fold(fold) => return self.fold(fold),
            Node::Bind(at, parts) => {
                let [value, body] = &**parts;
                let value = self.value(value)?;
                return self.with(*at, value, body);
            }
            Node::MapOptional(map) => self.map_optional(map)?,
            Node::Append(at, elements) => self.append(*at, elements)?,
            Node::NotStrictlyFalse(inner) => {
                self.charge(1)?;
                return match self.value(inner) {
                    Err(EvalError::Failed(_)) => Ok(Value::Bool(true)),
                    other => other,
                };
            }
            Node::OrElse(parts) => return self.or_else(parts),
            Node::OneOf(value, constants) => {
                let value = self.value(value)?;
                let found = matches!(constants, Value::List(list) if list.items().contains(&value));
                return Ok(Value::Bool(found));
            }
            Node::Insert(at, parts) => self.insert(*at, parts)?,
            Node::InsertAll(at, entries) => self.insert_all(*at, entries)?,
            Node::Matches(matches) => return self.matches(matches),
            Node::SortBy(sort) => self.sort_by(sort)?,
        };
        if value.weight() > HEAVIEST { Err(EvalError::CostLimit) } else { Ok(value) }
    }

    /// What decides is looked for in order; an error counts only if nothing decides.
    fn logic(&mut self, terms: &[Node], decides: bool) -> Result {
        let mut failure = None;
        for term in terms {
            match self.value(term) {
                Ok(Value::Bool(bool)) if bool == decides => return Ok(Value::Bool(decides)),
                Ok(Value::Bool(_)) => {}
                Ok(_) => {
                    failure.get_or_insert_with(EvalError::no_overload);
                }
                Err(EvalError::CostLimit) => return Err(EvalError::CostLimit),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(Value::Bool(!decides)), Err)
    }

    /// A branch of a conditional. A name, or an access to one, is taken without the cost of a name.
    fn branch(&mut self, node: &Node) -> Result {
        let is_name = match node {
            Node::Device | Node::Local(_) => true,
            Node::Access(access) => access.mode == Mode::Value,
            _ => false,
        };
        let value = self.value(node);
        self.spent = self.spent.saturating_sub(if is_name { cost::NAME } else { 0 });
        value
    }

    fn access(&mut self, access: &Access) -> Result {
        let operand = self.value(&access.operand)?;
        let key = self.value(&access.key)?;
        let (held, chained) = match &operand {
            Value::Optional(None) => return Ok(absent(access.mode)),
            Value::Optional(Some(inner)) => (&**inner, true),
            other => (other, false),
        };
        let found = look_up(held, &key);
        let free = match access.mode {
            Mode::Presence => true,
            Mode::Optional => matches!(found, Ok(Err(_))),
            Mode::Value => false,
        };
        self.charge(u64::from(access.relative) + u64::from(!free))?;
        let found = found?;
        match (found, access.mode) {
            (found, Mode::Presence) => Ok(Value::Bool(found.is_ok())),
            (found, Mode::Optional) => Ok(Value::optional(found.ok())),
            (found, Mode::Value) if chained => Ok(Value::optional(found.ok())),
            (found, Mode::Value) => found,
        }
    }

    fn call(&mut self, call: &node::Call) -> Result {
        let name = call.function.name;
        let mut failure = None;
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            match self.value(argument) {
                Ok(value) => arguments.push(value),
                Err(error @ EvalError::Failed(_)) if !call.stops => {
                    failure.get_or_insert(error);
                    arguments.push(Value::Null);
                }
                Err(error) => return Err(error),
            }
        }
        let asked = Call { name, arguments: &arguments };
        self.charge(cost::of(asked))?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        let result = (call.function.run)(asked)?;
        self.charge(cost::of_result(name, &result))?;
        Ok(result)
    }

    fn matches(&mut self, matches: &Matches) -> Result {
        let text = self.stop_at_limit(&matches.text)?;
        let arguments = [text.clone().unwrap_or(Value::Null), matches.pattern.clone()];
        self.charge(cost::of(Call { name: "matches", arguments: &arguments }))?;
        match text? {
            Value::String(text) => Ok(Value::Bool(matches.regex.is_match(&text))),
            _ => Err(EvalError::no_overload()),
        }
    }

    fn elements(&mut self, elements: &[Element]) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(elements.len());
        for element in elements {
            let value = self.value(&element.value)?;
            match (element.optional, value) {
                (false, value) => values.push(value),
                (true, Value::Optional(inner)) => values.extend(inner.as_deref().cloned()),
                (true, _) => return Err(EvalError::no_overload()),
            }
        }
        Ok(values)
    }

    fn list(&mut self, elements: &[Element]) -> Result {
        let values = self.elements(elements)?;
        self.charge(cost::NEW_LIST)?;
        Ok(Value::list(values))
    }

    fn map(&mut self, entries: &[MapEntry]) -> Result {
        let mut map = Map::default();
        for entry in entries {
            let key = self.value(&entry.key)?;
            let value = match (entry.optional, self.value(&entry.value)?) {
                (false, value) => value,
                (true, Value::Optional(Some(inner))) => (*inner).clone(),
                (true, Value::Optional(None)) => continue,
                (true, _) => return Err(EvalError::no_overload()),
            };
            if !map.insert(key, value) {
                return Err(EvalError::failed("Failed with repeated key"));
            }
        }
        self.charge(cost::NEW_MAP)?;
        Ok(Value::Map(Arc::new(map)))
    }

    fn with(&mut self, at: usize, value: Value, body: &Node) -> Result {
        self.locals[at] = Ok(value);
        self.value(body)
    }

    fn fold(&mut self, fold: &Fold) -> Result {
        let range = self.value(&fold.range)?;
        self.locals[fold.result] = self.value(&fold.start);
        match &range {
            Value::List(list) => {
                for (at, item) in list.items().iter().enumerate() {
                    let index = || Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
                    let (first, second) = match fold.second {
                        Some(_) => (index(), item.clone()),
                        None => (item.clone(), Value::Null),
                    };
                    if !self.round(fold, first, second)? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, value) in map.iter() {
                    if !self.round(fold, key.clone(), value.clone())? {
                        break;
                    }
                }
            }
            _ => return Err(EvalError::no_overload()),
        }
        self.value(&fold.end)
    }

    /// Whether the loop goes on.
    fn round(&mut self, fold: &Fold, first: Value, second: Value) -> Result<bool> {
        self.locals[fold.first] = Ok(first);
        if let Some(at) = fold.second {
            self.locals[at] = Ok(second);
        }
        if let Ok(Value::Bool(false)) = self.stop_at_limit(&fold.go_on)? {
            return Ok(false);
        }
        self.locals[fold.result] = self.stop_at_limit(&fold.step)?;
        Ok(true)
    }

    /// A value or an error that may be made good; the limit never is.
    fn stop_at_limit(&mut self, node: &Node) -> Result<Result> {
        match self.value(node) {
            Err(EvalError::CostLimit) => Err(EvalError::CostLimit),
            other => Ok(other),
        }
    }

    /// Takes what a variable holds, so that it can be changed without a copy.
    fn take(&mut self, at: usize) -> Result {
        self.charge(cost::NAME)?;
        std::mem::replace(&mut self.locals[at], Ok(Value::Null))
    }

    fn append(&mut self, at: usize, elements: &[Element]) -> Result {
        let added = self.elements(elements)?;
        self.charge(cost::NEW_LIST + 1)?;
        let Value::List(mut list) = self.take(at)? else { return Err(EvalError::no_overload()) };
        let all = Arc::make_mut(&mut list);
        added.into_iter().for_each(|value| all.push(value));
        Ok(Value::List(list))
    }

    fn insert(&mut self, at: usize, parts: &[Node; 2]) -> Result {
        let [key, value] = parts;
        let (key, value) = (self.value(key)?, self.value(value)?);
        self.charge(1)?;
        let Value::Map(mut map) = self.take(at)? else { return Err(EvalError::no_overload()) };
        if !Arc::make_mut(&mut map).insert(key, value) {
            return Err(EvalError::failed("insert failed: key already exists"));
        }
        Ok(Value::Map(map))
    }

    fn insert_all(&mut self, at: usize, entries: &Node) -> Result {
        let Value::Map(entries) = self.value(entries)? else { return Err(EvalError::no_overload()) };
        self.charge(1)?;
        let Value::Map(mut map) = self.take(at)? else { return Err(EvalError::no_overload()) };
        let all = Arc::make_mut(&mut map);
        for (key, value) in entries.iter() {
            if !all.insert(key.clone(), value.clone()) {
                return Err(EvalError::failed("insert failed: key already exists"));
            }
        }
        Ok(Value::Map(map))
    }

    fn map_optional(&mut self, map: &MapOptional) -> Result {
        let before = self.spent;
        let operand = self.value(&map.operand)?;
        let looking = self.spent - before;
        self.charge(1)?;
        let inner = match operand {
            Value::Optional(Some(inner)) => (*inner).clone(),
            Value::Optional(None) => return Ok(Value::Optional(None)),
            _ => return Err(EvalError::no_overload()),
        };
        // The operand is looked at once more, its value is taken out, and what becomes of it is put in.
        self.charge(looking + if map.flat { 1 } else { 2 })?;
        let value = self.with(map.variable, inner, &map.body)?;
        Ok(if map.flat { value } else { Value::optional(Some(value)) })
    }

    fn or_else(&mut self, parts: &OrElse) -> Result {
        match self.value(&parts.operand)? {
            Value::Optional(Some(inner)) if parts.unwrap => Ok((*inner).clone()),
            some @ Value::Optional(Some(_)) => Ok(some),
            Value::Optional(None) => self.value(&parts.alternative),
            _ => Err(EvalError::no_overload()),
        }
    }

    fn sort_by(&mut self, sort: &SortBy) -> Result {
        let Value::List(list) = self.value(&sort.operand)? else { return Err(EvalError::no_overload()) };
        let mut keys = Vec::with_capacity(list.items().len());
        for item in list.items() {
            keys.push(self.with(sort.variable, item.clone(), &sort.key)?);
            self.charge(cost::NEW_LIST + 1)?;
        }
        self.charge(cost::against_itself(&Value::list(keys.iter().cloned())))?;
        sorted_by(list.items(), &keys)
    }
}

fn absent(mode: Mode) -> Value {
    match mode {
        Mode::Presence => Value::Bool(false),
        Mode::Value | Mode::Optional => Value::Optional(None),
    }
}

/// What is found in a value; that nothing is there is the inner error, that nothing can be the outer.
fn look_up(held: &Value, key: &Value) -> Result<Result> {
    match held {
        Value::Map(map) => Ok(map.find(key).ok_or_else(|| {
            let shown = match key {
                Value::String(text) => text.to_string(),
                Value::Int(int) => int.to_string(),
                Value::Uint(uint) => uint.to_string(),
                Value::Bool(bool) => bool.to_string(),
                other => other.type_name().to_string(),
            };
            EvalError::failed(format!("no such key: {shown}"))
        })),
        Value::List(list) => {
            let at = match key {
                Value::Int(at) => i128::from(*at),
                Value::Uint(at) => i128::from(*at),
                Value::Double(at) if at.fract() == 0.0 => *at as i128,
                _ => return Err(EvalError::no_overload()),
            };
            let item = usize::try_from(at).ok().and_then(|at| list.items().get(at)).cloned();
            Ok(item.ok_or_else(|| EvalError::failed(format!("index out of bounds: {at}"))))
        }
        _ => Err(EvalError::no_overload()),
    }
}
