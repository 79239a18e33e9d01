//! The pods that are expected.

use std::collections::BTreeMap;

use crate::shape::Shape;

/// The rarest shapes, this share of all pods, are left out.
const LEFT_OUT: f64 = 0.05;

/// So many shapes are told apart at the most.
const MOST_SHAPES: usize = 512;

/// Shapes with their shares of all pods, the most frequent ones first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workload {
    /// Shapes with GPUs.
    pub shapes: Vec<(Shape, f64)>,
    /// The share of pods without GPUs.
    pub without: f64,
}

impl Workload {
    /// Of so many pods of each shape.
    pub fn of(counts: &BTreeMap<Shape, f64>) -> Self {
        let all: f64 = counts.values().sum();
        let mut order: Vec<(&Shape, f64)> = counts.iter().map(|(shape, count)| (shape, *count)).collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| b.0.cmp(a.0)));
        let (mut kept, mut workload) = (0.0, Self::default());
        for (shape, count) in order.into_iter().take(MOST_SHAPES) {
            if kept >= (1.0 - LEFT_OUT) * all {
                break;
            }
            kept += count;
            if shape.gpus == 0 {
                workload.without += count;
            } else {
                workload.shapes.push((shape.clone(), count));
            }
        }
        workload.without /= kept.max(f64::MIN_POSITIVE);
        workload.shapes.iter_mut().for_each(|(_, share)| *share /= kept);
        workload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_shapes_are_left_out() {
        let shape = |gpus| Shape { cpu: 1000, milli: 1000.min(1000 * gpus), gpus, models: Vec::new() };
        let counts = [(shape(0), 20.0), (shape(1), 70.0), (shape(2), 6.0), (shape(8), 4.0)].into();
        let workload = Workload::of(&counts);
        let shares: Vec<(i64, f64)> =
            workload.shapes.iter().map(|(shape, share)| (shape.gpus, *share)).collect();
        assert_eq!((shares, workload.without), (vec![(1, 70.0 / 96.0), (2, 6.0 / 96.0)], 20.0 / 96.0));
        assert_eq!(Workload::of(&BTreeMap::new()), Workload::default());
    }
}
