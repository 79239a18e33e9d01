//! Histograms that are fed for every pod.
//!
//! A page of metrics reads the same as from [`prometheus::Histogram`], which keeps its parts in step with one another by four atomic steps
//! for each value. Here a value takes two: one for its bucket, one for the sum. A page that is read meanwhile may have the one
//! without the other; the next one has both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::HistogramOpts;
use prometheus::core::{Metric, MetricVec, MetricVecBuilder};
use prometheus::proto::{self, LabelPair, MetricType};

/// Histograms by labels.
pub(super) type TimesVec = MetricVec<TimesBuilder>;

/// Histograms of a family.
///
/// # Errors
/// When a name is malformed: a defect of who gives it.
pub(super) fn times(opts: HistogramOpts, labels: &[&str]) -> prometheus::Result<TimesVec> {
    let opts = opts.variable_labels(labels.iter().map(|label| (*label).to_string()).collect());
    MetricVec::create(MetricType::HISTOGRAM, TimesBuilder, opts)
}

/// Makes the histograms of a family.
#[derive(Clone, Debug)]
pub(super) struct TimesBuilder;

impl MetricVecBuilder for TimesBuilder {
    type M = Times;
    type P = HistogramOpts;

    fn build<V: AsRef<str>>(&self, opts: &HistogramOpts, values: &[V]) -> prometheus::Result<Times> {
        let pair = |(name, value): (&String, &V)| {
            let mut pair = LabelPair::default();
            pair.set_name(name.clone());
            pair.set_value(value.as_ref().to_string());
            pair
        };
        let mut labels: Vec<LabelPair> =
            opts.common_opts.variable_labels.iter().zip(values).map(pair).collect();
        labels.sort();
        let buckets = (0..=opts.buckets.len()).map(|_| AtomicU64::new(0)).collect();
        let core = Core { labels, bounds: opts.buckets.clone(), buckets, sum: AtomicU64::new(0) };
        Ok(Times(Arc::new(core)))
    }
}

/// A histogram. Clones share everything.
#[derive(Clone, Debug)]
pub(super) struct Times(Arc<Core>);

#[derive(Debug)]
struct Core {
    labels: Vec<LabelPair>,
    /// The highest value of each bucket but the last, in ascending order.
    bounds: Vec<f64>,
    buckets: Box<[AtomicU64]>,
    /// The bits of a float.
    sum: AtomicU64,
}

impl Times {
    /// One more value.
    pub(super) fn observe(&self, value: f64) {
        let core = &*self.0;
        let bucket = core.bounds.partition_point(|bound| *bound < value);
        core.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let mut sum = core.sum.load(Ordering::Relaxed);
        loop {
            let more = (f64::from_bits(sum) + value).to_bits();
            match core.sum.compare_exchange_weak(sum, more, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => sum = now,
            }
        }
    }
}

impl Metric for Times {
    fn metric(&self) -> proto::Metric {
        let core = &*self.0;
        let mut histogram = proto::Histogram::default();
        let mut count = 0;
        let mut buckets = Vec::with_capacity(core.bounds.len());
        for (bound, number) in core.bounds.iter().zip(&core.buckets) {
            count += number.load(Ordering::Relaxed);
            let mut bucket = proto::Bucket::default();
            bucket.set_cumulative_count(count);
            bucket.set_upper_bound(*bound);
            buckets.push(bucket);
        }
        count += core.buckets[core.bounds.len()].load(Ordering::Relaxed);
        histogram.set_bucket(buckets);
        histogram.set_sample_count(count);
        histogram.set_sample_sum(f64::from_bits(core.sum.load(Ordering::Relaxed)));
        let mut metric = proto::Metric::default();
        metric.set_label(core.labels.clone());
        metric.set_histogram(histogram);
        metric
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramVec, Registry, TextEncoder};

    use super::*;

    fn opts() -> HistogramOpts {
        HistogramOpts::new("family", "What it is.").buckets(vec![0.001, 0.5, 2.0])
    }

    fn page(family: impl prometheus::core::Collector + 'static) -> String {
        let registry = Registry::new();
        registry.register(Box::new(family)).unwrap();
        TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
    }

    /// The page is that of the library's histograms.
    #[track_caller]
    fn check(values: &[(&[&str; 2], f64)]) {
        let labels = ["zone", "kind"];
        let (ours, theirs) = (times(opts(), &labels).unwrap(), HistogramVec::new(opts(), &labels).unwrap());
        for (labels, value) in values {
            ours.with_label_values(*labels).observe(*value);
            theirs.with_label_values(*labels).observe(*value);
        }
        assert_eq!(page(ours), page(theirs));
    }

    #[test]
    fn a_page_reads_as_from_the_library() {
        check(&[]);
        check(&[(&["a", "x"], 0.0), (&["a", "x"], 0.001), (&["a", "x"], 0.0011), (&["a", "x"], 3.0)]);
        check(&[(&["b", "x"], 0.5), (&["a", "y"], 2.0), (&["a", "x"], 1.0e9), (&["b", "x"], 0.25)]);
    }

    #[test]
    fn values_of_several_threads_all_count() {
        let family = times(opts(), &[]).unwrap();
        let none: [&str; 0] = [];
        let one = family.with_label_values(&none);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| one.observe(0.25)));
            }
        });
        let metric = one.metric();
        let histogram = metric.get_histogram();
        assert_eq!((histogram.get_sample_count(), histogram.get_sample_sum()), (40_000, 10_000.0));
    }
}
