//! How much of a node's free GPUs the workload cannot use, and what a pod changes of it.

use crate::shape::{Shape, WHOLE};
use crate::workload::Workload;

/// What a node has left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Room {
    /// Processors, in thousandths of a core.
    pub cpu: i64,
    /// Of each GPU, in thousandths.
    pub gpus: Vec<i64>,
    /// The model of its GPUs; empty when nobody says.
    pub model: String,
}

impl Room {
    /// The thousandths of GPUs that a pod of the workload, taken at random, could not use.
    pub fn fragments(&self, workload: &Workload) -> f64 {
        let free: i64 = self.gpus.iter().sum();
        if free == 0 {
            return 0.0;
        }
        let of_shapes = workload.shapes.iter().map(|(shape, share)| share * self.useless(shape, free) as f64);
        workload.without * free as f64 + of_shapes.sum::<f64>()
    }

    /// What a pod of this shape cannot use: everything, where it does not fit, and else what is too small.
    fn useless(&self, shape: &Shape, free: i64) -> i64 {
        if self.cpu < shape.cpu || !shape.takes(&self.model) || !self.has(shape) {
            return free;
        }
        self.gpus.iter().filter(|left| **left < shape.milli).sum()
    }

    /// Whether there are GPUs for a pod of this shape.
    pub fn has(&self, shape: &Shape) -> bool {
        let fitting = self.gpus.iter().filter(|left| **left >= shape.milli).count();
        shape.gpus == 0 || i64::try_from(fitting).unwrap_or(i64::MAX) >= shape.gpus
    }

    /// The same with a pod of this shape on these GPUs.
    #[must_use]
    pub fn with(&self, shape: &Shape, devices: &[usize]) -> Self {
        let mut room = self.clone();
        room.place(shape, devices);
        room
    }

    /// A pod of this shape is on these GPUs.
    pub fn place(&mut self, shape: &Shape, devices: &[usize]) {
        self.cpu -= shape.cpu;
        for device in devices {
            if let Some(left) = self.gpus.get_mut(*device) {
                *left -= shape.milli;
            }
        }
    }

    /// The GPUs on which a pod of this shape leaves the least, where nobody says on which ones it is.
    pub fn tightest(&self, shape: &Shape) -> Vec<usize> {
        if !shape.shares() {
            return self.whole(shape.gpus);
        }
        let fitting = self.gpus.iter().enumerate().filter(|(_, left)| **left >= shape.milli);
        fitting.min_by_key(|(_, left)| **left).map(|(at, _)| at).into_iter().collect()
    }

    /// The first whole GPUs that are free.
    fn whole(&self, count: i64) -> Vec<usize> {
        let free = self.gpus.iter().enumerate().filter(|(_, left)| **left >= WHOLE).map(|(at, _)| at);
        free.take(usize::try_from(count).unwrap_or(0)).collect()
    }

    /// How good it is to put a pod of this shape here, from 0 to 100, and on which GPUs: 50 when as much is in fragments as before,
    /// and more the less it is. Of GPUs that are as good the first one.
    pub fn choose(&self, shape: &Shape, workload: &Workload, before: f64) -> (i64, Vec<usize>) {
        let score = |after: f64| (1.0 / (1.0 + ((after - before) / WHOLE as f64).exp()) * 100.0) as i64;
        if !shape.shares() {
            let devices = self.whole(shape.gpus);
            return (score(self.with(shape, &devices).fragments(workload)), devices);
        }
        let candidates = self.candidates(shape.milli);
        let mut best: Option<(i64, usize)> = None;
        for ((device, _), after) in candidates.iter().zip(self.shared(shape, workload, &candidates)) {
            let score = score(after);
            if best.is_none_or(|(other, _)| score > other) {
                best = Some((score, *device));
            }
        }
        best.map(|(score, device)| (score, vec![device])).unwrap_or_default()
    }

    /// GPUs with so much left, with what they have; the first one of those that have the same.
    fn candidates(&self, milli: i64) -> Vec<(usize, i64)> {
        let gpus = self.gpus.iter().copied().enumerate();
        gpus.filter(|(at, left)| *left >= milli && !self.gpus[..*at].contains(left)).collect()
    }

    /// The fragments with a pod that shares a GPU, for each of these GPUs.
    fn shared(&self, pod: &Shape, workload: &Workload, candidates: &[(usize, i64)]) -> Vec<f64> {
        let (cpu, free) = (self.cpu - pod.cpu, self.gpus.iter().sum::<i64>() - pod.milli);
        let mut sums = vec![0.0; candidates.len()];
        for (shape, share) in &workload.shapes {
            let nothing = cpu < shape.cpu || !shape.takes(&self.model);
            let too_small = |left: i64| left < shape.milli;
            let small: i64 = self.gpus.iter().filter(|left| too_small(**left)).sum();
            let fitting = self.gpus.iter().filter(|left| !too_small(**left)).count() as i64;
            for ((_, left), sum) in candidates.iter().zip(&mut sums) {
                let rest = left - pod.milli;
                let fitting = fitting - i64::from(!too_small(*left) && too_small(rest));
                let small =
                    small - if too_small(*left) { *left } else { 0 } + if too_small(rest) { rest } else { 0 };
                let useless = if nothing || fitting < shape.gpus { free } else { small };
                *sum += share * useless as f64;
            }
        }
        sums.iter().map(|sum| workload.without * free as f64 + sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(cpu: i64, gpus: i64, milli: i64) -> Shape {
        Shape { cpu, milli, gpus, models: Vec::new() }
    }

    fn room(cpu: i64, gpus: &[i64]) -> Room {
        Room { cpu, gpus: gpus.to_vec(), model: "T4".into() }
    }

    fn workload(shapes: &[(Shape, f64)], without: f64) -> Workload {
        Workload { shapes: shapes.to_vec(), without }
    }

    #[test]
    fn what_pods_cannot_use_is_in_fragments() {
        let of = |room: Room, shape: Shape| room.fragments(&workload(&[(shape, 1.0)], 0.0));
        assert_eq!(of(room(8000, &[1000, 400]), shape(1000, 1, 500)), 400.0);
        assert_eq!(of(room(8000, &[1000, 400]), shape(1000, 2, 1000)), 1400.0);
        assert_eq!(of(room(500, &[1000, 400]), shape(1000, 1, 100)), 1400.0);
        let other = Shape { models: vec!["P100".into()], ..shape(0, 1, 100) };
        assert_eq!(of(room(500, &[1000, 400]), other.clone()), 1400.0);
        assert_eq!(of(room(500, &[0, 0]), other), 0.0);
        let half = workload(&[(shape(1000, 1, 500), 0.5)], 0.25);
        assert_eq!(room(8000, &[1000, 400]).fragments(&half), 0.5 * 400.0 + 0.25 * 1400.0);
    }

    #[test]
    fn a_shared_gpu_is_the_one_that_leaves_the_least_in_fragments() {
        let workload = workload(&[(shape(1000, 1, 1000), 0.5), (shape(1000, 1, 350), 0.5)], 0.0);
        let node = room(8000, &[1000, 700, 400]);
        let before = node.fragments(&workload);
        // On the last one nothing is left over; a whole one would be lost, and the second one would be too small.
        assert_eq!(node.choose(&shape(1000, 1, 400), &workload, before).1, [2]);
        assert_eq!(node.choose(&shape(1000, 1, 700), &workload, before).1, [1]);
        assert_eq!(node.choose(&shape(1000, 1, 800), &workload, before).1, [0]);
        assert_eq!(node.choose(&shape(1000, 1, 1000), &workload, before).1, [0]);
    }

    #[test]
    fn the_short_way_says_what_the_long_way_says() {
        let shapes = [
            (shape(4000, 1, 1000), 0.3),
            (shape(8000, 2, 1000), 0.1),
            (shape(1000, 1, 330), 0.4),
            (Shape { models: vec!["P100".into()], ..shape(1000, 1, 500) }, 0.1),
        ];
        let workload = workload(&shapes, 0.1);
        for cpu in [1500, 4200, 9000] {
            for pod in [shape(1000, 1, 100), shape(500, 1, 330), shape(0, 1, 999)] {
                let room = room(cpu, &[1000, 1000, 640, 330, 0]);
                let candidates = room.candidates(pod.milli);
                let short = room.shared(&pod, &workload, &candidates);
                let long = candidates.iter().map(|(at, _)| room.with(&pod, &[*at]).fragments(&workload));
                assert!(short.iter().zip(long).all(|(a, b)| (a - b).abs() < 1e-9), "{cpu} {pod:?}");
            }
        }
    }

    #[test]
    fn less_in_fragments_is_better() {
        let workload = workload(&[(shape(1000, 1, 1000), 1.0)], 0.0);
        let score = |room: Room, pod: Shape| room.choose(&pod, &workload, room.fragments(&workload)).0;
        // Nothing changes; a rest is used up; a whole GPU becomes a rest.
        assert_eq!(score(room(8000, &[1000, 1000]), shape(1000, 1, 1000)), 50);
        assert_eq!(score(room(8000, &[1000, 500]), shape(1000, 1, 500)), 62);
        assert_eq!(score(room(8000, &[1000]), shape(1000, 1, 500)), 37);
        assert_eq!(score(room(1000, &[1000, 1000, 1000]), shape(1000, 0, 0)), 4);
    }
}
