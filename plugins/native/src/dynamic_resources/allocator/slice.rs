//! A slice with what expressions say of its devices.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use longshore_framework::device::ResourceSlice;
use rustc_hash::FxHashMap;

use super::super::cel::{EvalError, Facts};
use super::selectors::Compiled;

/// Of how many selectors it is kept what they say.
const KEPT: usize = 256;

const UNKNOWN: u8 = 0;
const NO: u8 = 1;
const YES: u8 = 2;

/// A slice as it was published. A new version of it is another slice, so nothing kept here is ever out of date.
pub(super) struct Slice {
    pub(super) published: Arc<ResourceSlice>,
    facts: Box<[OnceLock<Facts>]>,
    answers: RwLock<Answers>,
}

#[derive(Default)]
struct Answers {
    by_selector: FxHashMap<u64, Arc<[AtomicU8]>>,
    oldest_first: VecDeque<u64>,
}

impl Slice {
    /// Nothing is known of it yet.
    pub(super) fn new(published: Arc<ResourceSlice>) -> Self {
        let facts = published.devices.iter().map(|_| OnceLock::new()).collect();
        Self { published, facts, answers: RwLock::default() }
    }

    /// What is kept of a selector's answers, one place for each device. Look it up once and ask it often.
    pub(super) fn answers(&self, selector: &Compiled) -> Arc<[AtomicU8]> {
        let id = selector.id();
        let held = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = held.by_selector.get(&id) {
            return Arc::clone(found);
        }
        drop(held);
        let mut held = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = held.by_selector.get(&id) {
            return Arc::clone(found);
        }
        if held.oldest_first.len() >= KEPT
            && let Some(oldest) = held.oldest_first.pop_front()
        {
            held.by_selector.remove(&oldest);
        }
        let fresh: Arc<[AtomicU8]> = self.facts.iter().map(|_| AtomicU8::new(UNKNOWN)).collect();
        held.oldest_first.push_back(id);
        held.by_selector.insert(id, Arc::clone(&fresh));
        fresh
    }

    /// Whether a device matches a selector, evaluated at most once. Errors are not kept: they end the attempt.
    pub(super) fn matches(
        &self,
        at: usize,
        selector: &Compiled,
        answers: &[AtomicU8],
    ) -> Result<bool, EvalError> {
        let (Some(answer), Some(facts), Some(device)) =
            (answers.get(at), self.facts.get(at), self.published.devices.get(at))
        else {
            return Ok(false);
        };
        match answer.load(Ordering::Relaxed) {
            NO => Ok(false),
            YES => Ok(true),
            _ => {
                let facts = facts.get_or_init(|| Facts::of(&self.published.driver, device));
                let matches = selector.matches(facts)?;
                answer.store(if matches { YES } else { NO }, Ordering::Relaxed);
                Ok(matches)
            }
        }
    }
}
