//! From a core module to a component: the world from its exports, and WASI answered without a host.
