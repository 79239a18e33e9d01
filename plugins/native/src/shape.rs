//! Shapes: curves from how much of something is used to a score, as several plugins take them in their args.

use longshore_framework::fields::{Fields, Problems};
use longshore_framework::plugin::MAX_SCORE;
use serde_json::{Value, json};

/// Points of (utilization in percent, score from 0 to 10), the utilizations rising.
pub(crate) type Shape = Vec<(i64, i64)>;

/// The score for each percentage of use, 0 to 100.
pub(crate) type Table = Box<[i64; 101]>;

/// Reads a list of points; what is wrong with them is reported under the list.
pub(crate) fn read(list: &[Value], under: &mut Problems<'_>) -> Shape {
    if list.is_empty() {
        under.report("must have at least one point of utilization and score");
    }
    let mut shape = Shape::new();
    for (at, point) in list.iter().enumerate() {
        let mut under = under.index(at);
        let mut fields = Fields::of(point, &mut under);
        // Both may be left out when they are 0, as in any Kubernetes object.
        let utilization = fields.int("utilization", 0..=100, &mut under).unwrap_or(0);
        let score = fields.int("score", 0..=10, &mut under).unwrap_or(0);
        fields.finish(&mut under);
        if shape.last().is_some_and(|(before, _)| *before >= utilization) {
            under.field("utilization").report("must be higher than that of the point before");
        }
        shape.push((utilization, score));
    }
    shape
}

/// The points as the args have them.
pub(crate) fn written(shape: &[(i64, i64)]) -> Value {
    shape.iter().map(|(used, score)| json!({ "utilization": used, "score": score })).collect()
}

/// The curve at every percentage. Between two points it is the line between them, rounded towards the first; before the first and
/// after the last it stays.
pub(crate) fn table(shape: &[(i64, i64)]) -> Table {
    let mut table = Box::new([0; 101]);
    for (used, score) in table.iter_mut().enumerate() {
        *score = on_shape(shape, used as i64);
    }
    table
}

/// The score at `used` percent, as a shape has it, times 10.
fn on_shape(shape: &[(i64, i64)], used: i64) -> i64 {
    const SCALE: i64 = MAX_SCORE / 10;
    let after = shape.iter().position(|(at, _)| used <= *at);
    let score = |at: usize| shape.get(at).map_or(0, |(_, score)| score * SCALE);
    match after {
        None => score(shape.len().wrapping_sub(1)),
        Some(0) => score(0),
        Some(at) => {
            let (from, to) = (shape[at - 1].0, shape[at].0);
            let rise = (score(at) - score(at - 1)) * (used - from);
            // Shapes that are not rising are refused with a message; they must not break the arithmetic either.
            score(at - 1) + rise.checked_div(to - from).unwrap_or(0)
        }
    }
}
