//! Arguments, read strictly: an unknown field and a value of another type are refused, with the path of the field, and
//! everything that is wrong is said at once, a line for each.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;

use longshore_plugin::Error;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Quantity;

/// The version of kube-scheduler's configuration that arguments are of.
pub const API_VERSION: &str = "kubescheduler.config.k8s.io/v1";

/// The fields of an object. Ask for each field that may be there, then [`Args::finish`].
pub struct Args<'v> {
    map: Option<&'v Map<String, Value>>,
    path: String,
    known: Vec<&'static str>,
    problems: Rc<RefCell<Vec<String>>>,
}

impl<'v> Args<'v> {
    /// The arguments of a plugin, which may say of which type they are: v1, and `kind`.
    pub fn of(value: &'v Value, kind: &str) -> Self {
        let mut args = Self::at(value, String::new(), Rc::default());
        for (name, want) in [("apiVersion", API_VERSION), ("kind", kind)] {
            if let Some(found) = args.text(name)
                && found != want
            {
                args.report(name, &format!("must be {want}, or be left out, not {found:?}"));
            }
        }
        args
    }

    fn at(value: &'v Value, path: String, problems: Rc<RefCell<Vec<String>>>) -> Self {
        let map = value.as_object();
        let args = Self { map, path, known: Vec::new(), problems };
        if map.is_none() && !value.is_null() {
            args.report("", "must be an object with fields");
        }
        args
    }

    /// Says what is wrong with a field.
    pub fn report(&self, field: &str, message: &str) {
        let path = match (self.path.as_str(), field) {
            ("", "") => return self.problems.borrow_mut().push(message.to_owned()),
            ("", field) => field.to_owned(),
            (path, "") => path.to_owned(),
            (path, field) => format!("{path}.{field}"),
        };
        self.problems.borrow_mut().push(format!("{path}: {message}"));
    }

    /// A field, whatever it is; null counts as absent.
    pub fn value(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.map?.get(name).filter(|value| !value.is_null())
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        what: &str,
        read: impl FnOnce(&'v Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        let found = read(value);
        if found.is_none() {
            self.report(name, &format!("must be {what}, not {value}"));
        }
        found
    }

    /// A text.
    pub fn text(&mut self, name: &'static str) -> Option<&'v str> {
        self.typed(name, "a string", Value::as_str)
    }

    /// True or false.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, "true or false", Value::as_bool)
    }

    /// A whole number.
    pub fn int(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let what = match (*range.start(), *range.end()) {
            (i64::MIN, i64::MAX) => "a whole number".to_owned(),
            (low, i64::MAX) => format!("a whole number of at least {low}"),
            (low, high) => format!("a whole number from {low} to {high}"),
        };
        self.typed(name, &what, |value| value.as_i64().filter(|number| range.contains(number)))
    }

    /// A number.
    pub fn number(&mut self, name: &'static str) -> Option<f64> {
        self.typed(name, "a number", Value::as_f64)
    }

    /// One of a few words.
    pub fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.report(name, &format!("must be one of {}, not {text:?}", all.join(", ")));
        }
        found
    }

    /// Amounts by the names of resources; `None` when it is absent.
    pub fn amounts(&mut self, name: &'static str) -> Option<BTreeMap<String, Quantity>> {
        let fields = self.typed(name, "an object of amounts", Value::as_object)?;
        let mut amounts = BTreeMap::new();
        for (resource, value) in fields {
            match Quantity::deserialize(value) {
                Ok(amount) => drop(amounts.insert(resource.clone(), amount)),
                Err(_) => self.report(
                    &format!("{name}.{resource}"),
                    &format!("must be an amount such as 500m or 1Gi, not {value}"),
                ),
            }
        }
        Some(amounts)
    }

    /// Where metrics come from is the scheduler's: it takes these fields out of the args of a plugin that the catalogue names, and
    /// reads `metrics` of the others.
    pub fn no_source(&mut self) {
        for name in ["watcherAddress", "metricProvider"] {
            if self.value(name).is_some() {
                self.report(name, "belongs into metrics, beside source, where args name the module");
            }
        }
    }

    /// A list of texts; empty when it is absent.
    pub fn texts(&mut self, name: &'static str) -> Vec<String> {
        let list = self.typed(name, "a list", Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut texts = Vec::with_capacity(list.len());
        for (at, value) in list.iter().enumerate() {
            match value.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.report(&format!("{name}[{at}]"), &format!("must be a string, not {value}")),
            }
        }
        texts
    }

    /// An object; without fields when it is absent. Finish it before this one.
    pub fn object(&mut self, name: &'static str) -> Args<'v> {
        let value = self.value(name).unwrap_or(&Value::Null);
        Self::at(value, self.below(name), Rc::clone(&self.problems))
    }

    /// The objects of a list. Finish each before this one.
    pub fn objects(&mut self, name: &'static str) -> Vec<Args<'v>> {
        let list = self.typed(name, "a list", Value::as_array).map_or(&[][..], Vec::as_slice);
        let path = self.below(name);
        let each = list.iter().enumerate();
        each.map(|(at, value)| Self::at(value, format!("{path}[{at}]"), Rc::clone(&self.problems))).collect()
    }

    /// A value below this one whose place has a name of the user's choice, as an object. Finish it before this one.
    pub fn inner(&self, value: &'v Value, path: &str) -> Args<'v> {
        let path = if self.path.is_empty() { path.to_owned() } else { format!("{}.{path}", self.path) };
        Self::at(value, path, Rc::clone(&self.problems))
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Refuses the fields that nobody asked for.
    pub fn close(self) {
        for name in self.map.iter().flat_map(|map| map.keys()) {
            if !self.known.contains(&name.as_str()) {
                let fields = if self.known.is_empty() { "none".to_owned() } else { self.known.join(", ") };
                self.report(name, &format!("unknown field; known fields: {fields}"));
            }
        }
    }

    /// The same for the arguments as a whole.
    ///
    /// # Errors
    /// Everything that is wrong with them, a line for each.
    pub fn finish(self) -> Result<(), Error> {
        let problems = Rc::clone(&self.problems);
        self.close();
        let problems = problems.take();
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
    }
}

/// `name` and `weight` of an element of `resources`. A weight of 0 counts as absent.
pub fn resource(mut args: Args<'_>, weights: RangeInclusive<i64>) -> Option<(String, Option<i64>)> {
    let name = args.text("name").map(str::to_owned);
    if name.is_none() {
        args.report("name", "is required: the name of a resource, such as cpu");
    }
    let weight = args.int("weight", weights).filter(|weight| *weight != 0);
    args.close();
    Some((name?, weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<(), Error> {
        let mut args = Args::of(value, "ThingArgs");
        args.word("mode", &[("Least", 0), ("Most", 1)]);
        args.int("count", 0..=10);
        args.texts("names");
        args.amounts("defaults");
        args.no_source();
        for resource in args.objects("resources") {
            super::resource(resource, 1..=i64::MAX);
        }
        let mut inner = args.object("inner");
        inner.flag("on");
        inner.number("share");
        inner.close();
        args.finish()
    }

    #[test]
    fn published_arguments_are_taken() {
        let header = json!({"apiVersion": API_VERSION, "kind": "ThingArgs"});
        for good in
            [json!(null), json!({}), header, json!({"mode": "Most", "inner": {"on": true, "share": 1}})]
        {
            assert_eq!(read(&good), Ok(()), "{good}");
        }
        assert_eq!(read(&json!({"resources": [{"name": "cpu", "weight": 3}, {"name": "memory"}]})), Ok(()));
    }

    #[track_caller]
    fn check(value: Value, want: &str) {
        assert_eq!(read(&value).unwrap_err().message(), want, "{value}");
    }

    #[test]
    fn everything_that_is_wrong_is_named_by_its_field() {
        check(json!({"mode": "Last"}), "mode: must be one of Least, Most, not \"Last\"");
        check(json!({"kind": "OtherArgs"}), "kind: must be ThingArgs, or be left out, not \"OtherArgs\"");
        check(
            json!({"count": 11, "names": ["a", 1]}),
            "count: must be a whole number from 0 to 10, not 11\nnames[1]: must be a string, not 1",
        );
        check(
            json!({"resources": [{"name": "cpu", "weight": 0}]}),
            "resources[0].weight: must be a whole number of at least 1, not 0",
        );
        check(
            json!({"defaults": {"cpu": "1x", "memory": "1Gi"}}),
            "defaults.cpu: must be an amount such as 500m or 1Gi, not \"1x\"",
        );
        check(
            json!({"watcherAddress": "http://w"}),
            "watcherAddress: belongs into metrics, beside source, where args name the module",
        );
        check(json!({"inner": {"of": 1}}), "inner.of: unknown field; known fields: on, share");
        check(json!({"inner": 3}), "inner: must be an object with fields");
        check(
            json!({"Mode": "Least"}),
            "Mode: unknown field; known fields: apiVersion, kind, mode, count, names, defaults, watcherAddress, metricProvider, \
             resources, inner",
        );
        check(json!([]), "must be an object with fields");
    }
}
