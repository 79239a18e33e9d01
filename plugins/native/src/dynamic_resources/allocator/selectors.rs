//! Expressions, each compiled once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use longshore_framework::Str;
use rustc_hash::FxHashMap;

use super::super::cel::{CompileError, EvalError, Facts, Selector};

/// How many expressions are kept.
const KEPT: usize = 4_096;

/// A compiled expression.
pub(super) struct Compiled {
    id: u64,
    selector: Result<Selector, CompileError>,
}

impl Compiled {
    /// Unlike that of any other.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Why it could not be compiled.
    pub(super) fn problem(&self) -> Option<&CompileError> {
        self.selector.as_ref().err()
    }

    /// Whether it matches; one that could not be compiled matches nothing.
    pub(super) fn matches(&self, facts: &Facts) -> Result<bool, EvalError> {
        self.selector.as_ref().map_or(Ok(false), |selector| selector.matches(facts))
    }
}

/// The expressions that were asked for last.
#[derive(Default)]
pub struct Selectors {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_text: FxHashMap<Str, Arc<Compiled>>,
    oldest_first: VecDeque<Str>,
    made: u64,
}

impl Selectors {
    /// The expression, compiled if it is not known yet.
    pub(super) fn get(&self, text: &Str) -> Arc<Compiled> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.by_text.get(text) {
            return Arc::clone(found);
        }
        if kept.oldest_first.len() >= KEPT
            && let Some(oldest) = kept.oldest_first.pop_front()
        {
            kept.by_text.remove(&oldest);
        }
        kept.made += 1;
        let compiled = Arc::new(Compiled { id: kept.made, selector: Selector::compile(text) });
        kept.oldest_first.push_back(text.clone());
        kept.by_text.insert(text.clone(), Arc::clone(&compiled));
        compiled
    }
}
