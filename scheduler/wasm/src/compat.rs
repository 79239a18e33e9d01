//! Modules built for kube-scheduler-wasm-extension.

#![allow(dead_code, reason = "being built")]

mod proto;
