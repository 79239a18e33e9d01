//! wasmtime, set up so that no guest can hang, fill the memory or differ from run to run.

mod cap;
mod ticker;

use std::sync::Arc;

use wasmtime::{Config, Engine, Store};

use crate::failure::{Allowed, Failure};
use crate::patience::Patience;
pub(crate) use cap::MemoryCap;
use ticker::Ticker;

/// The stack a guest may use, in bytes.
const GUEST_STACK: usize = 512 << 10;

/// Bytes that a guest may hand to the host in one call, beyond which the call fails.
const HOSTCALL_FUEL: usize = 32 << 20;

/// Compiler settings and the thread that measures time. One for all plugins; cheap to clone.
#[derive(Clone)]
pub(crate) struct Runtime {
    engine: Engine,
    ticker: Arc<Ticker>,
    patience: Patience,
}

impl Runtime {
    /// # Errors
    /// The machine cannot run compiled WebAssembly.
    pub(crate) fn new(patience: Patience) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config())?;
        let ticker = Arc::new(Ticker::start(engine.clone())?);
        Ok(Self { engine, ticker, patience })
    }

    /// wasmtime's engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// How long guests may take.
    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// A store with a cap on memory.
    pub(crate) fn store<D: Capped>(&self, data: D) -> Store<D> {
        let mut store = Store::new(&self.engine, data);
        store.limiter(|data| data.cap());
        store.set_hostcall_fuel(HOSTCALL_FUEL);
        store
    }

    /// Calls into a guest: for as long as it is allowed where a cluster waits, and what went wrong is told apart.
    pub(crate) fn call<D: Capped, T>(
        &self,
        store: &mut Store<D>,
        stage: &'static str,
        allowed: Allowed,
        call: impl FnOnce(&mut Store<D>) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        let time = self.patience.with(allowed.time);
        let ticks = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        store.set_epoch_deadline(ticks.min(u64::from(u32::MAX)));
        // What was said in an earlier call says nothing of this one.
        store.data_mut().last_words();
        let done = {
            let _running = self.ticker.running();
            call(store)
        };
        done.map_err(|error| {
            let data = store.data_mut();
            let told = (data.cap().take_refusal(), data.last_words());
            Failure::of_call(stage, &error, allowed, told)
        })
    }
}

/// Data of a store that has a cap on memory.
pub(crate) trait Capped: 'static {
    /// The cap.
    fn cap(&mut self) -> &mut MemoryCap;

    /// What the guest said last as an error, taken.
    fn last_words(&mut self) -> Option<String> {
        None
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(GUEST_STACK)
        // The same bytes, configuration and cluster give the same answer on every machine.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        // Images of memory are mapped where that is cheaper than copying them.
        .memory_init_cow(true);
    config
}
