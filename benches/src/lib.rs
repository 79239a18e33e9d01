//! Benches live in `micro/`.
