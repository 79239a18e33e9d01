//! What pods want, as far as GPUs are wasted by it.

/// Thousandths of a whole GPU.
pub const WHOLE: i64 = 1000;

/// What a pod wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// Processors, in thousandths of a core.
    pub cpu: i64,
    /// Of each of its GPUs, in thousandths; 0 for a pod without GPUs, 1000 for whole ones.
    pub milli: i64,
    /// How many GPUs.
    pub gpus: i64,
    /// The models that will do, in order; none for any.
    pub models: Vec<String>,
}

impl Shape {
    /// Whether it wants a part of one GPU.
    pub fn shares(&self) -> bool {
        self.gpus == 1 && self.milli < WHOLE
    }

    /// Whether GPUs of this model will do.
    pub fn takes(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|other| other == model)
    }
}
