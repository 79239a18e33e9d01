//! The host of plugins compiled to WebAssembly: components and older core modules as framework plugins.
