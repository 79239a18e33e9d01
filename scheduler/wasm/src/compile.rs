//! From bytes to code: looked over, taken from the cache or compiled.

use std::path::Path;

use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::cache::CompiledCache;
use crate::load_error::LoadError;
use crate::scan;

/// Makes code of components and core modules, which may be anything.
#[derive(Clone, Debug)]
pub(crate) struct Compiler {
    engine: Engine,
    cache: Option<CompiledCache>,
}

impl Compiler {
    /// For `engine`; what was compiled is kept in `dir`, if there is one.
    pub(crate) fn new(engine: Engine, dir: Option<&Path>) -> Self {
        Self { engine, cache: dir.map(CompiledCache::new) }
    }

    /// A component in its binary form.
    ///
    /// # Errors
    /// It is none, or one that would take too much to compile.
    pub(crate) fn component(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        scan::check(bytes).map_err(LoadError::Invalid)?;
        let compiled = match &self.cache {
            Some(cache) => {
                cache.component(&self.engine, bytes, &digest(bytes)).map(|(component, _)| component)
            }
            None => Component::from_binary(&self.engine, bytes),
        };
        compiled.map_err(invalid)
    }

    /// A core module in its binary form.
    ///
    /// # Errors
    /// It is none, or one that would take too much to compile.
    pub(crate) fn module(&self, bytes: &[u8]) -> Result<Module, LoadError> {
        scan::check(bytes).map_err(LoadError::Invalid)?;
        let compiled = match &self.cache {
            Some(cache) => cache.module(&self.engine, bytes, &digest(bytes)).map(|(module, _)| module),
            None => Module::from_binary(&self.engine, bytes),
        };
        compiled.map_err(invalid)
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn invalid(error: wasmtime::Error) -> LoadError {
    LoadError::Invalid(crate::failure::cut(format!("{error:#}")))
}
