//! Races with other schedulers.
use longshore_framework::{Str, pod::Pod};
/// Who else binds.
#[derive(Debug, Default)]
pub struct Races;
/// A lost race.
#[derive(Debug)]
pub struct Lost {
    /// To whom.
    pub scheduler: Str,
}
impl Races {
    /// A pod of another scheduler.
    pub fn saw(&mut self, _pod: &Pod) {}
    /// A pod of ours was turned away.
    pub fn lost(&mut self, _pod: &Pod, _reason: &str) -> Option<Lost> {
        None
    }
}
