//! Lines: what a block holds, and the way between them and what the engine knows.

use std::borrow::Cow;
use std::sync::Arc;

use longshore_framework::node::Node;
use longshore_framework::node_metrics::{MetricsSource, Sample};
use longshore_framework::objects::Object;
use longshore_framework::pod::{Pod, PodMeta, PodSpec};
use longshore_framework::port::Input;
use longshore_framework::{Str, Timestamp};
use serde::{Deserialize, Serialize};

use crate::done::{Done, Tried};
use crate::entry::Entry;
use crate::limits::{MOST_LINE, MOST_SPECS};
use crate::settings::Settings;
use crate::specs::{Number, Numbers};
use crate::turn::{Turn, What};

#[allow(clippy::large_enum_variant, reason = "there is one at a time, while a line is written or read")]
#[derive(Debug, Serialize, Deserialize)]
enum Line<'l> {
    /// The spec with the next number.
    Spec(Cow<'l, PodSpec>),
    /// Specs are numbered anew.
    Forget,
    /// A turn.
    Turn(i64, TurnLine<'l>, Cow<'l, [Done]>),
    /// Something of a checkpoint.
    Restore(InputLine<'l>),
    /// Of a checkpoint, a pod that was being bound, as it waited.
    InFlight(PodLine<'l>),
    /// The end of a checkpoint.
    Restored,
}

#[derive(Debug, Serialize, Deserialize)]
enum TurnLine<'l> {
    Told(InputLine<'l>),
    Tried(Cow<'l, [Tried]>),
    Looked(Str, Str, bool),
    Reloaded(Cow<'l, Settings>),
}

#[derive(Debug, Serialize, Deserialize)]
struct PodLine<'l> {
    spec: u32,
    meta: Cow<'l, PodMeta>,
}

#[derive(Debug, Serialize, Deserialize)]
enum InputLine<'l> {
    Pod(PodLine<'l>),
    PodDeleted(Str),
    Node(Arc<Node>),
    NodeDeleted(Str),
    Object(Object),
    ObjectDeleted(Object),
    Metrics(Arc<MetricsSource>, Arc<Sample>),
    PreBound(Str, Option<Str>),
    Bound(Str, Option<Str>),
    Evicted(Str, Option<Str>),
    Allow(Str, Str),
    Reject(Str, Str, Str),
    Time(i64),
}

/// Writes lines one after the other, each after its length.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    bytes: Vec<u8>,
    specs: Numbers,
}

impl Lines {
    /// What was written since the last time.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// How much there is to take.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// A new segment: nothing is known of what was before.
    pub(crate) fn start_over(&mut self) {
        self.bytes.clear();
        self.specs.clear();
    }

    /// A turn.
    pub(crate) fn turn(&mut self, turn: &Turn) -> Result<(), String> {
        let what = match &turn.what {
            What::Told(input) => TurnLine::Told(self.input(input)?),
            What::Tried(tried) => TurnLine::Tried(Cow::Borrowed(tried)),
            What::Looked { pod, node, fits } => TurnLine::Looked(Arc::clone(pod), Arc::clone(node), *fits),
            What::Reloaded(settings) => TurnLine::Reloaded(Cow::Borrowed(&**settings)),
        };
        self.line(&Line::Turn(turn.at.0, what, Cow::Borrowed(&turn.effects)))
    }

    /// Something of a checkpoint.
    pub(crate) fn restore(&mut self, input: &Input) -> Result<(), String> {
        let input = self.input(input)?;
        self.line(&Line::Restore(input))
    }

    /// Of a checkpoint, a pod that was being bound.
    pub(crate) fn in_flight(&mut self, pod: &Pod) -> Result<(), String> {
        let pod = self.pod(pod)?;
        self.line(&Line::InFlight(pod))
    }

    /// The end of a checkpoint.
    pub(crate) fn restored(&mut self) -> Result<(), String> {
        self.line(&Line::Restored)
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), String> {
        let begin = self.bytes.len();
        self.bytes.extend([0; 4]);
        let written = rmp_serde::encode::write_named(&mut self.bytes, line);
        let length = self.bytes.len() - begin - 4;
        let problem = match written {
            Err(error) => error.to_string(),
            Ok(()) if length > MOST_LINE => format!("one input has {length} bytes; at most {MOST_LINE} fit"),
            Ok(()) => {
                let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
                self.bytes[begin..begin + 4].copy_from_slice(&length);
                return Ok(());
            }
        };
        self.bytes.truncate(begin);
        Err(problem)
    }

    fn pod<'p>(&mut self, pod: &'p Pod) -> Result<PodLine<'p>, String> {
        let spec = match self.specs.of(&pod.spec) {
            Number::Known(number) => number,
            Number::New(number) => {
                self.line(&Line::Spec(Cow::Borrowed(&*pod.spec)))?;
                number
            }
            Number::Anew(number) => {
                self.line(&Line::Forget)?;
                self.line(&Line::Spec(Cow::Borrowed(&*pod.spec)))?;
                number
            }
        };
        Ok(PodLine { spec, meta: Cow::Borrowed(&pod.meta) })
    }

    fn input<'i>(&mut self, input: &'i Input) -> Result<InputLine<'i>, String> {
        use InputLine as L;
        let error = |result: &Result<(), Str>| result.as_ref().err().cloned();
        Ok(match input {
            Input::Pod(pod) => L::Pod(self.pod(pod)?),
            Input::PodDeleted { uid } => L::PodDeleted(Arc::clone(uid)),
            Input::Node(node) => L::Node(Arc::clone(node)),
            Input::NodeDeleted { name } => L::NodeDeleted(Arc::clone(name)),
            Input::Object(object) => L::Object(object.clone()),
            Input::ObjectDeleted(object) => L::ObjectDeleted(object.clone()),
            Input::Metrics { source, sample } => L::Metrics(Arc::clone(source), Arc::clone(sample)),
            Input::PreBound { uid, result } => L::PreBound(Arc::clone(uid), error(result)),
            Input::Bound { uid, result } => L::Bound(Arc::clone(uid), error(result)),
            Input::Evicted { uid, result } => L::Evicted(Arc::clone(uid), error(result)),
            Input::Allow { uid, plugin } => L::Allow(Arc::clone(uid), Arc::clone(plugin)),
            Input::Reject { uid, plugin, message } => {
                L::Reject(Arc::clone(uid), Arc::clone(plugin), Arc::clone(message))
            }
            Input::Time(at) => L::Time(at.0),
        })
    }
}

/// Reads lines.
#[derive(Debug, Default)]
pub(crate) struct Unlined {
    specs: Vec<Arc<PodSpec>>,
}

impl Unlined {
    /// What a line says; `None` when it only says what later ones need.
    pub(crate) fn read(&mut self, line: &[u8]) -> Result<Option<Entry>, String> {
        let mut bytes = rmp_serde::Deserializer::new(line);
        let line = Line::deserialize(&mut bytes).map_err(|error| error.to_string())?;
        if !bytes.get_ref().is_empty() {
            return Err("a line goes on after its end".to_string());
        }
        Ok(Some(match line {
            Line::Spec(spec) => {
                if self.specs.len() >= MOST_SPECS {
                    return Err("there are more pod specs than a segment may have".to_string());
                }
                self.specs.push(Arc::new(spec.into_owned()));
                return Ok(None);
            }
            Line::Forget => {
                self.specs.clear();
                return Ok(None);
            }
            Line::Turn(at, what, effects) => {
                let what = match what {
                    TurnLine::Told(input) => What::Told(self.input(input)?),
                    TurnLine::Tried(tried) => What::Tried(tried.into_owned()),
                    TurnLine::Looked(pod, node, fits) => What::Looked { pod, node, fits },
                    TurnLine::Reloaded(settings) => What::Reloaded(Box::new(settings.into_owned())),
                };
                Entry::Turn(Turn { at: Timestamp(at), what, effects: effects.into_owned() })
            }
            Line::Restore(input) => Entry::Restore(self.input(input)?),
            Line::InFlight(pod) => Entry::InFlight(self.pod(pod)?),
            Line::Restored => Entry::Restored,
        }))
    }

    fn pod(&self, pod: PodLine<'_>) -> Result<Arc<Pod>, String> {
        let spec = self.specs.get(pod.spec as usize).ok_or("a pod has a spec that is not there")?;
        Ok(Arc::new(Pod::new(pod.meta.into_owned(), Arc::clone(spec))))
    }

    fn input(&self, line: InputLine<'_>) -> Result<Input, String> {
        use InputLine as L;
        let result = |error: Option<Str>| error.map_or(Ok(()), Err);
        Ok(match line {
            L::Pod(pod) => Input::Pod(self.pod(pod)?),
            L::PodDeleted(uid) => Input::PodDeleted { uid },
            L::Node(node) => Input::Node(node),
            L::NodeDeleted(name) => Input::NodeDeleted { name },
            L::Object(object) => Input::Object(object),
            L::ObjectDeleted(object) => Input::ObjectDeleted(object),
            L::Metrics(source, sample) => Input::Metrics { source, sample },
            L::PreBound(uid, error) => Input::PreBound { uid, result: result(error) },
            L::Bound(uid, error) => Input::Bound { uid, result: result(error) },
            L::Evicted(uid, error) => Input::Evicted { uid, result: result(error) },
            L::Allow(uid, plugin) => Input::Allow { uid, plugin },
            L::Reject(uid, plugin, message) => Input::Reject { uid, plugin, message },
            L::Time(at) => Input::Time(Timestamp(at)),
        })
    }
}
