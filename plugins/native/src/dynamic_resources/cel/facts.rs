//! What expressions see of a device.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::{Attribute, Device};

use super::data::semver::Semver;
use super::failure::EvalError;
use super::value::{Map, Value};

/// A device as expressions see it. Made once for each device.
#[derive(Clone, Debug)]
pub struct Facts {
    pub(super) device: Result<Value, EvalError>,
}

impl Facts {
    /// What there is to know of a driver's device.
    pub fn of(driver: &Str, device: &Device) -> Self {
        Self { device: facts(driver, device) }
    }
}

fn facts(driver: &Str, device: &Device) -> Result<Value, EvalError> {
    let mut attributes = Domains::default();
    for (name, attribute) in &device.attributes {
        let failed = |why: &str| EvalError::failed(format!("attribute {name}: {why}"));
        let value = match attribute {
            Attribute::Int(int) => Value::Int(*int),
            Attribute::Bool(bool) => Value::Bool(*bool),
            Attribute::String(text) => Value::String(text.clone()),
            Attribute::Version(text) => {
                let version = Semver::parse(text);
                let version = version.map_err(|why| failed(&format!("parse semantic version: {why}")))?;
                Value::Semver(Arc::new(version))
            }
            Attribute::Unsupported => return Err(failed("unsupported attribute value")),
        };
        attributes.add(driver, name, value);
    }
    let mut capacity = Domains::default();
    for (name, held) in &device.capacity {
        capacity.add(driver, name, Value::Quantity(held.value));
    }
    let mut map = Map::default();
    map.insert(Value::text("driver"), Value::String(driver.clone()));
    map.insert(Value::text("allowMultipleAllocations"), Value::Bool(device.shared));
    map.insert(Value::text("attributes"), attributes.done());
    map.insert(Value::text("capacity"), capacity.done());
    Ok(Value::Map(Arc::new(map)))
}

/// Values by domain. A name without one is of the driver's.
#[derive(Default)]
struct Domains {
    domains: Vec<(Str, Map)>,
}

impl Domains {
    fn add(&mut self, driver: &Str, name: &Str, value: Value) {
        let (domain, id) = match name.split_once('/') {
            Some((domain, id)) => (domain, id),
            None => (&**driver, &**name),
        };
        let at = match self.domains.iter().position(|(have, _)| &**have == domain) {
            Some(at) => at,
            None => {
                self.domains.push((domain.into(), Map::default()));
                self.domains.len() - 1
            }
        };
        self.domains[at].1.insert(Value::text(id), value);
    }

    fn done(self) -> Value {
        let domains = self.domains.into_iter();
        Value::Map(Arc::new(Map::open(
            domains.map(|(name, map)| (Value::String(name), Value::Map(Arc::new(map)))),
        )))
    }
}
