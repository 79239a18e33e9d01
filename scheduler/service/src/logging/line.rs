//! One event, one line.

use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::format::Format;

/// Fields that name an object as `namespace/name` and become `{"name", "namespace"}` in JSON.
const OBJECTS: [&str; 4] = ["pod", "preemptor", "victim", "object"];

type Out = Arc<Mutex<dyn Write + Send>>;

/// Writes each event as a line.
pub struct Lines {
    format: Format,
    out: Out,
    pid: u32,
}

impl Lines {
    /// To what `out` opens. A line is written in one piece.
    pub fn new<W: Write + Send + 'static>(format: Format, out: fn() -> W) -> Self {
        Self::to(format, out())
    }

    /// To a writer.
    pub(super) fn to(format: Format, out: impl Write + Send + 'static) -> Self {
        Self { format, out: Arc::new(Mutex::new(out)), pid: std::process::id() }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let meta = event.metadata();
        let place = Place {
            level: *meta.level(),
            file: meta.file().unwrap_or("unknown"),
            line: meta.line().unwrap_or(0),
        };
        let now = jiff::Timestamp::now();
        let text = match self.format {
            Format::Text => klog(now, self.pid, &place, &fields),
            Format::Json => json(now, &place, fields),
        };
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody is left to be told.
        let _ = out.write_all(text.as_bytes());
    }
}

/// Where an event comes from.
struct Place<'p> {
    level: Level,
    file: &'p str,
    line: u32,
}

impl Place<'_> {
    /// The file's name without its directories.
    fn short(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(self.file)
    }
}

/// What an event says.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    fn push(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            ("error", value) => self.others.push(("err", value)),
            (name, value) => self.others.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.push(field, value.to_string().into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, format!("{value:?}").into());
    }
}

/// `I1121 03:05:50.123456   42 file.rs:7] "message" key="value"`
fn klog(now: jiff::Timestamp, pid: u32, place: &Place<'_>, fields: &Fields) -> String {
    let severity = match place.level {
        Level::ERROR => 'E',
        Level::WARN => 'W',
        _ => 'I',
    };
    let at = now.to_zoned(jiff::tz::TimeZone::UTC);
    let (date, time) = (at.date(), at.time());
    let mut line = format!(
        "{severity}{:02}{:02} {:02}:{:02}:{:02}.{:06} {pid:7} {}:{}] {:?}",
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.subsec_nanosecond() / 1000,
        place.short(),
        place.line,
        fields.message,
    );
    for (name, value) in &fields.others {
        // Writing to a string does not fail; control characters are escaped, so that a line stays one line.
        let _ = match value {
            Value::String(text) => write!(line, " {name}={text:?}"),
            other => write!(line, " {name}={other}"),
        };
    }
    line.push('\n');
    line
}

/// Kubernetes' keys; `ts` in milliseconds since 1970, as its components write it.
fn json(now: jiff::Timestamp, place: &Place<'_>, fields: Fields) -> String {
    let millis = now.as_nanosecond() as f64 / 1e6;
    let mut line = Map::new();
    line.insert("ts".into(), json!(millis));
    line.insert("caller".into(), format!("{}:{}", place.short(), place.line).into());
    line.insert("msg".into(), fields.message.into());
    match place.level {
        Level::ERROR => {}
        Level::WARN => {
            line.insert("v".into(), 0.into());
            line.insert("severity".into(), "warning".into());
        }
        Level::INFO => {
            line.insert("v".into(), 0.into());
        }
        Level::DEBUG => {
            line.insert("v".into(), 2.into());
        }
        Level::TRACE => {
            line.insert("v".into(), 4.into());
        }
    }
    for (name, value) in fields.others {
        let object = value.as_str().filter(|_| OBJECTS.contains(&name)).and_then(|key| key.split_once('/'));
        let value = match object {
            Some((namespace, name)) => json!({"name": name, "namespace": namespace}),
            None => value,
        };
        line.insert(name.to_string(), value);
    }
    Value::Object(line).to_string() + "\n"
}
