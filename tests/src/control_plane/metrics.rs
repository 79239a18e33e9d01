//! Prometheus text, read back.

use std::collections::{BTreeMap, BTreeSet};

/// One sample: its name, its labels, its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// With the suffix `_bucket`, `_sum` or `_count` of a histogram.
    pub name: String,
    /// By label name.
    pub labels: BTreeMap<String, String>,
    /// What was measured.
    pub value: f64,
}

/// Everything one scrape returned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// In the order of the text.
    pub samples: Vec<Sample>,
    /// Type by name of the family: counter, gauge, histogram.
    pub types: BTreeMap<String, String>,
}

impl Metrics {
    /// Reads the text format. Lines that are not understood are left out.
    pub fn parse(text: &str) -> Self {
        let mut metrics = Self::default();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap_or((rest, ""));
                metrics.types.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                metrics.samples.extend(sample(line));
            }
        }
        metrics
    }

    /// The sum of the samples of `name` that have all of `labels`.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.matching(name, labels).map(|sample| sample.value).sum()
    }

    fn matching<'m>(&'m self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &'m Sample> {
        self.samples.iter().filter(move |sample| {
            let has = |(key, value): &(&str, &str)| sample.labels.get(*key).is_some_and(|v| v == value);
            sample.name == name && labels.iter().all(has)
        })
    }

    /// Buckets of the histogram `name`: the upper bounds in order, each with how many were at or below it.
    pub fn buckets(&self, name: &str, labels: &[(&str, &str)]) -> Vec<(f64, f64)> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        let name = format!("{name}_bucket");
        for sample in self.matching(&name, labels) {
            let Some(bound) = sample.labels.get("le").and_then(|bound| bound.parse::<f64>().ok()) else {
                continue;
            };
            match buckets.iter_mut().find(|(known, _)| known.total_cmp(&bound).is_eq()) {
                Some((_, count)) => *count += sample.value,
                None => buckets.push((bound, sample.value)),
            }
        }
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        buckets
    }

    /// Quantile `q` of the histogram `name`, straight lines within a bucket as in PromQL. None without samples.
    pub fn quantile(&self, q: f64, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let buckets = self.buckets(name, labels);
        let rank = buckets.last().map(|(_, total)| total * q).filter(|rank| *rank > 0.0)?;
        let (mut low, mut below) = (0.0, 0.0);
        for (bound, count) in buckets {
            if count >= rank {
                let within = if bound.is_finite() { bound - low } else { 0.0 };
                return Some(low + within * (rank - below) / (count - below));
            }
            (low, below) = (bound, count);
        }
        None
    }

    /// What a dashboard depends on: each family whose name starts with `prefix`, with its type, its label names and, for a
    /// histogram, its bucket boundaries.
    pub fn shape(&self, prefix: &str) -> BTreeMap<String, (String, BTreeSet<String>, Vec<String>)> {
        let mut shape: BTreeMap<String, (String, BTreeSet<String>, Vec<String>)> = BTreeMap::new();
        for sample in self.samples.iter().filter(|sample| sample.name.starts_with(prefix)) {
            let suffixes = ["_bucket", "_sum", "_count"];
            let stem = suffixes.iter().find_map(|suffix| sample.name.strip_suffix(suffix));
            let family = stem.filter(|stem| self.types.contains_key(*stem)).unwrap_or(&sample.name);
            let entry = shape.entry(family.to_owned()).or_default();
            entry.0 = self.types.get(family).cloned().unwrap_or_default();
            entry.1.extend(sample.labels.keys().filter(|key| *key != "le").cloned());
            // Numbers may be written in more than one way.
            let number = |bound: &String| match bound.parse::<f64>() {
                Ok(number) if number.is_finite() => number.to_string(),
                _ => bound.clone(),
            };
            if let Some(bound) = sample.labels.get("le").map(number)
                && !entry.2.contains(&bound)
            {
                entry.2.push(bound);
            }
        }
        shape
    }
}

fn sample(line: &str) -> Option<Sample> {
    let (name, rest) = match line.split_once('{') {
        Some(parts) => parts,
        None => {
            let (name, value) = line.split_once(' ')?;
            return Some(Sample {
                name: name.to_owned(),
                labels: BTreeMap::new(),
                value: value.parse().ok()?,
            });
        }
    };
    let (labels, value) = rest.rsplit_once("} ")?;
    let mut parsed = BTreeMap::new();
    let mut left = labels;
    while let Some((key, rest)) = left.split_once("=\"") {
        let (value, rest) = rest.split_once('"')?;
        parsed.insert(key.trim_start_matches(',').to_owned(), value.to_owned());
        left = rest;
    }
    Some(Sample { name: name.to_owned(), labels: parsed, value: value.trim().parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP x_seconds [ALPHA] Time, in \"s\"\n# TYPE x_seconds histogram\n\
        x_seconds_bucket{p=\"a\",le=\"1\"} 50\nx_seconds_bucket{p=\"a\",le=\"2\"} 100\n\
        x_seconds_bucket{p=\"a\",le=\"+Inf\"} 100\nx_seconds_sum{p=\"a\"} 9\nx_seconds_count{p=\"a\"} 100\nup 1\n";

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let quantile = Metrics::parse(TEXT).quantile(0.75, "x_seconds", &[]).unwrap();
        assert!((quantile - 1.5).abs() < 1e-9, "{quantile}");
    }

    #[test]
    fn a_shape_has_types_labels_and_bounds() {
        let shape = Metrics::parse(TEXT).shape("x_");
        let (kind, labels, bounds) = &shape["x_seconds"];
        assert_eq!((kind.as_str(), labels.len()), ("histogram", 1));
        assert_eq!(bounds, &["1", "2", "+Inf"]);
    }
}
