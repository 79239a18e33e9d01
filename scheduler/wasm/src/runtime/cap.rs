//! How much memory a guest may have.

use std::sync::Arc;

use longshore_framework::Str;
use wasmtime::{ResourceLimiter, Result};

use crate::observe::Observe;

/// Elements of all tables of a guest at the most.
const MOST_ELEMENTS: usize = 100_000;
/// Memories, tables and core instances of a guest at the most: a component is made of several modules.
const MOST_PARTS: usize = 64;

/// Counts the memory of one instance and refuses what is beyond the cap.
pub(crate) struct MemoryCap {
    most: usize,
    used: usize,
    elements: usize,
    refused: Option<String>,
    plugin: Str,
    observer: Arc<dyn Observe>,
}

impl MemoryCap {
    /// A cap in bytes.
    pub(crate) fn new(most: usize, plugin: Str, observer: Arc<dyn Observe>) -> Self {
        Self { most, used: 0, elements: 0, refused: None, plugin, observer }
    }

    fn refuse(&mut self, why: String) -> Result<bool> {
        self.refused = Some(why.clone());
        Err(wasmtime::Error::msg(why))
    }

    /// Why memory was refused since the last time this was asked.
    pub(crate) fn take_refusal(&mut self) -> Option<String> {
        self.refused.take()
    }

    /// Bytes in use.
    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

impl Drop for MemoryCap {
    fn drop(&mut self) {
        self.observer.memory(&self.plugin, -i64::try_from(self.used).unwrap_or(i64::MAX));
    }
}

impl ResourceLimiter for MemoryCap {
    fn memory_growing(&mut self, current: usize, desired: usize, most: Option<usize>) -> Result<bool> {
        if most.is_some_and(|most| desired > most) {
            // The guest's own limit: it is told, and nothing grows.
            return Ok(false);
        }
        let more = desired.saturating_sub(current);
        let total = self.used.saturating_add(more);
        if total > self.most {
            return self
                .refuse(format!("it asked for {total} bytes of memory, limits.memory allows {}", self.most));
        }
        self.used = total;
        self.observer.memory(&self.plugin, i64::try_from(more).unwrap_or(i64::MAX));
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, most: Option<usize>) -> Result<bool> {
        if most.is_some_and(|most| desired > most) {
            return Ok(false);
        }
        let total = self.elements.saturating_add(desired.saturating_sub(current));
        if total > MOST_ELEMENTS {
            return self
                .refuse(format!("it asked for {total} elements of tables, {MOST_ELEMENTS} are allowed"));
        }
        self.elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        MOST_PARTS
    }

    fn tables(&self) -> usize {
        MOST_PARTS
    }

    fn memories(&self) -> usize {
        MOST_PARTS
    }
}
