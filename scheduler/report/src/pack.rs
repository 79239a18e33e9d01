//! Columns and names in few bytes: what a page of 5,000 nodes and 50,000 pods has to be small with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// The widest cell of a packed column, in bytes: larger numbers are no integers for a script.
const WIDEST: usize = 6;

/// Most characters that a name takes over from the one before it.
const MOST_SHARED: usize = 255;

/// A column of numbers. It is written in the shortest of three ways: as an array; as `{"runs": [value, how often, ...]}`; or as
/// `{"width": W, "bytes": base64}` with W bytes for each number, the lowest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ints(pub(crate) Vec<i64>);

impl Ints {
    fn runs(&self) -> Vec<i64> {
        let mut runs: Vec<i64> = Vec::new();
        for value in &self.0 {
            match runs.as_mut_slice() {
                [.., last, count] if last == value => *count += 1,
                _ => runs.extend([*value, 1]),
            }
        }
        runs
    }

    /// Bytes that the largest number needs; `None` when one is negative or too large.
    fn width(&self) -> Option<usize> {
        let mut width = 1;
        for value in &self.0 {
            let bits = 64 - u64::try_from(*value).ok()?.leading_zeros() as usize;
            width = width.max(bits.div_ceil(8));
        }
        (width <= WIDEST).then_some(width)
    }

    fn bytes(&self, width: usize) -> String {
        let bytes: Vec<u8> = self.0.iter().flat_map(|v| v.to_le_bytes().into_iter().take(width)).collect();
        STANDARD.encode(bytes)
    }
}

impl<I: IntoIterator<Item = i64>> From<I> for Ints {
    fn from(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// How long the numbers are in an array.
fn written(values: &[i64]) -> usize {
    values.iter().map(|value| value.to_string().len() + 1).sum()
}

impl Serialize for Ints {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let runs = self.runs();
        let (plain, by_runs) = (written(&self.0), written(&runs) + "{\"runs\":[]}".len());
        let packed = self.width().map(|width| {
            let length = (self.0.len() * width).div_ceil(3) * 4 + "{\"width\":1,\"bytes\":\"\"}".len();
            (length, width)
        });
        match packed {
            Some((length, width)) if length < plain && length < by_runs => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("width", &width)?;
                map.serialize_entry("bytes", &self.bytes(width))?;
                map.end()
            }
            _ if by_runs < plain => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("runs", &runs)?;
                map.end()
            }
            _ => self.0.serialize(serializer),
        }
    }
}

/// Names in order, each without what it has in common with the one before it: `shared` says how many UTF-16 units that is.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Names {
    shared: Ints,
    rest: Vec<String>,
}

impl<'n, I: IntoIterator<Item = &'n str>> From<I> for Names {
    fn from(names: I) -> Self {
        let (mut shared, mut rest, mut last) = (Vec::new(), Vec::new(), "");
        for name in names {
            let common = last.chars().zip(name.chars()).take(MOST_SHARED / 2).take_while(|(a, b)| a == b);
            let (mut units, mut bytes) = (0, 0);
            for (letter, _) in common {
                units += letter.len_utf16();
                bytes += letter.len_utf8();
            }
            shared.push(units as i64);
            rest.push(name[bytes..].to_string());
            last = name;
        }
        Self { shared: Ints(shared), rest }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(values: &[i64], want: Value) {
        assert_eq!(serde_json::to_value(Ints(values.to_vec())).unwrap(), want);
    }

    #[test]
    fn columns_are_written_in_the_shortest_way() {
        check(&[], json!([]));
        check(&[1, 2], json!([1, 2]));
        check(&[7; 100], json!({"runs": [7, 100]}));
        check(&[-1; 100], json!({"runs": [-1, 100]}));
        let many: Vec<i64> = (0..300).map(|i| 10_000 + i).collect();
        let Value::Object(packed) = serde_json::to_value(Ints(many.clone())).unwrap() else { panic!() };
        assert_eq!(packed["width"], 2);
        let bytes = STANDARD.decode(packed["bytes"].as_str().unwrap()).unwrap();
        let read: Vec<i64> =
            bytes.chunks(2).map(|pair| i64::from(u16::from_le_bytes([pair[0], pair[1]]))).collect();
        assert_eq!(read, many);
    }

    #[test]
    fn numbers_that_do_not_fit_a_cell_stay_numbers() {
        let large: Vec<i64> = (0..100).map(|i| i64::MAX - i).collect();
        check(&large, json!(large));
        let negative: Vec<i64> = (0..100).map(|i| -i).collect();
        check(&negative, json!(negative));
    }

    #[test]
    fn names_leave_out_what_the_one_before_has() {
        let names = Names::from(["a/web-1", "a/web-2", "b", "b\u{1f600}x", "b\u{1f600}y"]);
        assert_eq!(
            serde_json::to_value(names).unwrap(),
            json!({"shared": [0, 6, 0, 1, 3], "rest": ["a/web-1", "2", "b", "\u{1f600}x", "y"]})
        );
    }
}
