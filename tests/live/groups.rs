//! Groups of pods: all of them or none.

mod fixture;
mod kills;
mod same;
mod ways;
