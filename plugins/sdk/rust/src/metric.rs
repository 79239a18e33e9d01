//! What is measured on nodes, such as how busy their processors are: declared once by [`metrics!`](crate::metrics), and read of
//! each node by [`Node::metric`](crate::Node::metric).
//!
//! ```
//! use longshore_plugin::prelude::*;
//! use std::time::Duration;
//!
//! metrics! {
//!     CPU: Metric = metric("CPU", "AVG").max_age(Duration::from_secs(120)),
//!     GPU: Metric = query("gpu"),
//! }
//!
//! /// Whether a node is busy. One that nothing is known of is not.
//! fn busy(node: Node<'_>) -> bool {
//!     node.metric(CPU).is_some_and(|percent| percent > 80.0)
//! }
//! # fn main() { let _ = (METRICS, GPU, busy); }
//! ```
//!
//! The manifest names them with `.metrics(METRICS)`, and `export_plugin!` has `Metrics` among its words. The operator grants
//! `metrics` and says in the plugin's args where values come from.

use std::borrow::Cow;
use std::time::Duration;

use crate::bindings::exports::longshore::scheduler::metrics as wit;
pub use crate::bindings::exports::longshore::scheduler::metrics::Stale;

/// A word, mostly one that stands in the source.
type Text = Cow<'static, str>;

/// A metric that the plugin reads. Made by the functions in [`spec`]; where the config names one, as in
/// `Measure::query(config.query.clone())`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    name: Text,
    kind: Text,
    operator: Text,
    rollup: Text,
    max_age: Duration,
    stale: Stale,
    timed: bool,
}

impl Measure {
    const ANY: Self = Self {
        name: Cow::Borrowed(""),
        kind: Cow::Borrowed(""),
        operator: Cow::Borrowed(""),
        rollup: Cow::Borrowed(""),
        max_age: Duration::ZERO,
        stale: Stale::Ignore,
        timed: false,
    };

    /// A metric of a kind (`CPU`, `Memory`, `Bandwidth`, `Storage`) and an operator (`AVG`, `STD`, `Latest`); empty words
    /// stand for any.
    pub fn of(kind: impl Into<Text>, operator: impl Into<Text>) -> Self {
        Self { kind: kind.into(), operator: operator.into(), ..Self::ANY }
    }

    /// The values of a query, by the name that the profile gives it.
    pub fn query(name: impl Into<Text>) -> Self {
        Self { name: name.into(), ..Self::ANY }
    }

    /// Only values that sum up this time, such as `15m`.
    #[must_use]
    pub const fn rollup(mut self, rollup: &'static str) -> Self {
        // Nothing has to be dropped: what is replaced stands in the source.
        std::mem::forget(std::mem::replace(&mut self.rollup, Cow::Borrowed(rollup)));
        self
    }

    /// Values that are older are taken for none. Without a call values of any age count.
    #[must_use]
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// What values mean that are older than `max_age`: [`Stale::Ignore`] where nothing is said.
    #[must_use]
    pub const fn stale(mut self, stale: Stale) -> Self {
        self.stale = stale;
        self
    }

    /// The times of values are wanted, for [`Node::measured`](crate::Node::measured). A plugin that is pure is asked about all
    /// nodes again each time that values are measured.
    #[must_use]
    pub const fn timed(mut self) -> Self {
        self.timed = true;
        self
    }
}

impl From<&Measure> for wit::Metric {
    fn from(measure: &Measure) -> Self {
        Self {
            name: measure.name.to_string(),
            kind: measure.kind.to_string(),
            operator: measure.operator.to_string(),
            rollup: measure.rollup.to_string(),
            max_age: u64::try_from(measure.max_age.as_millis()).unwrap_or(u64::MAX),
            stale: measure.stale,
            timed: measure.timed,
        }
    }
}

/// The words of [`metrics!`](crate::metrics).
pub mod spec {
    use std::borrow::Cow;

    use super::Measure;

    /// A metric of a kind (`CPU`, `Memory`, `Bandwidth`, `Storage`) and an operator (`AVG`, `STD`, `Latest`); empty words
    /// stand for any. Values of `CPU` and `Memory` are shares of what the node has, in percent.
    pub const fn metric(kind: &'static str, operator: &'static str) -> Measure {
        Measure { kind: Cow::Borrowed(kind), operator: Cow::Borrowed(operator), ..Measure::ANY }
    }

    /// The values of a query, by the name that the profile gives it.
    pub const fn query(name: &'static str) -> Measure {
        Measure { name: Cow::Borrowed(name), ..Measure::ANY }
    }
}

/// What stands for a metric in the plugin's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric(pub(crate) u16);

impl Metric {
    /// The handle of the metric at a place in the plugin's list. [`metrics!`](crate::metrics) calls it.
    pub const fn at(place: usize) -> Self {
        Self(place as u16)
    }
}

/// The values of all metrics, by row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// Not a number where there is no value.
    values: Vec<Vec<f64>>,
    times: Vec<Vec<u64>>,
}

impl Measured {
    pub(crate) fn new(metrics: usize) -> Self {
        Self { values: vec![Vec::new(); metrics], times: vec![Vec::new(); metrics] }
    }

    /// Takes over what the scheduler says.
    ///
    /// # Panics
    /// When it is about a metric that was not declared, or contradicts itself.
    pub(crate) fn apply(&mut self, reset: bool, updates: Vec<wit::Update>) {
        if reset {
            *self = Self::new(self.values.len());
        }
        for update in updates {
            let place = usize::from(update.metric);
            assert!(place < self.values.len(), "told of a metric that was not declared");
            let (count, timed) = (update.rows.len(), !update.times.is_empty());
            assert!(
                update.values.len() == count && (!timed || update.times.len() == count),
                "told of values for other rows than are named"
            );
            let (values, times) = (&mut self.values[place], &mut self.times[place]);
            for (at, row) in update.rows.iter().enumerate() {
                let row = *row as usize;
                if values.len() <= row {
                    values.resize(row + 1, f64::NAN);
                    times.resize(row + 1, 0);
                }
                values[row] = update.values[at];
                times[row] = update.times.get(at).copied().unwrap_or(0);
            }
        }
    }

    /// The value of a row, and its time.
    ///
    /// # Panics
    /// When the metric was not declared.
    #[inline]
    pub(crate) fn get(&self, metric: Metric, row: u32) -> Option<(f64, u64)> {
        let place = usize::from(metric.0);
        let Some(values) = self.values.get(place) else {
            panic!("this metric is not declared: add .metrics(METRICS) to Plugin::manifest")
        };
        let value = *values.get(row as usize)?;
        (!value.is_nan()).then(|| (value, self.times[place][row as usize]))
    }
}

/// Declares what the plugin reads of what is measured on nodes: a handle ([`Metric`]) for each metric, and `METRICS`, the list
/// for the manifest. See [`metric`](crate::metric).
#[macro_export]
macro_rules! metrics {
    ($($(#[$doc:meta])* $vis:vis $name:ident : Metric = $spec:expr),+ $(,)?) => {
        /// The metrics in the manifest's order.
        pub(crate) const METRICS: &[$crate::metric::Measure] = {
            #[allow(unused_imports, reason = "no plugin needs all of them")]
            use $crate::metric::spec::*;
            &[$($spec),+]
        };
        $crate::__metrics!([] $($(#[$doc])* $vis $name,)+);
    };
}

/// One handle after the other, counting in ones.
#[doc(hidden)]
#[macro_export]
macro_rules! __metrics {
    ([$($before:ident)*]) => {};
    ([$($before:ident)*] $(#[$doc:meta])* $vis:vis $name:ident, $($rest:tt)*) => {
        $(#[$doc])*
        $vis const $name: $crate::metric::Metric =
            $crate::metric::Metric::at(<[&str]>::len(&[$(stringify!($before)),*]));
        $crate::__metrics!([$($before)* $name] $($rest)*);
    };
}
