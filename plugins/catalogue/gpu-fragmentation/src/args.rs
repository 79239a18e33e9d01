//! GPUFragmentationArgs.

use std::collections::BTreeMap;

use catalogue_common::{Args, Quantity};
use longshore_plugin::Error;
use serde_json::Value;

use crate::shape::{Shape, WHOLE};

/// More GPUs no pod has on one node.
const MOST_GPUS: i64 = 64;
/// More pods of one shape are not counted.
const MOST_PODS: i64 = 1 << 40;

/// The arguments, defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// The resource of whole GPUs.
    pub(crate) whole: String,
    /// The resource of parts of one GPU, in thousandths.
    pub(crate) shared: String,
    /// The label of nodes that names the model of their GPUs.
    pub(crate) model: String,
    /// The annotation of pods that names the GPUs they are given.
    pub(crate) annotation: String,
    /// So many pods of each shape are expected; `None` for those that are on nodes.
    pub(crate) workload: Option<BTreeMap<Shape, f64>>,
}

impl Settings {
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let mut args = Args::of(value, "GPUFragmentationArgs");
        let mut text = |name, default: &str| match args.text(name) {
            Some("") | None => default.to_owned(),
            Some(text) => text.to_owned(),
        };
        let (whole, shared) =
            (text("gpuResource", "nvidia.com/gpu"), text("sharedResource", "gpu.longshore.dev/milli"));
        let model = text("modelLabel", "gpu.longshore.dev/model");
        let annotation = text("annotation", "gpu.longshore.dev/devices");
        if whole == shared {
            args.report("sharedResource", "must be another resource than gpuResource");
        }
        let mut workload = BTreeMap::new();
        for pods in args.objects("workload") {
            let (shape, count) = read(pods);
            *workload.entry(shape).or_insert(0.0) += count;
        }
        args.finish()?;
        let workload = (!workload.is_empty()).then_some(workload);
        Ok(Self { whole, shared, model, annotation, workload })
    }
}

/// An element of `workload`: a shape, and how many pods have it.
fn read(mut args: Args<'_>) -> (Shape, f64) {
    let cpu = match args.value("cpu").map(serde::Deserialize::deserialize) {
        Some(Ok(amount)) => Quantity::milli(amount),
        Some(Err(_)) => {
            args.report("cpu", "must be an amount such as 4 or 500m");
            0
        }
        None => 0,
    };
    let gpus = args.int("gpus", 0..=MOST_GPUS).unwrap_or(0);
    let milli = args.int("gpuMilli", 1..=WHOLE);
    if gpus > 0 && milli.is_some() {
        args.report("gpuMilli", "is a part of one GPU; leave out gpus");
    }
    let models = args.texts("models");
    let count = args.int("count", 1..=MOST_PODS).unwrap_or(1);
    args.close();
    let (gpus, milli) = match milli {
        Some(milli) => (1, milli),
        None => (gpus, if gpus > 0 { WHOLE } else { 0 }),
    };
    let models = if gpus > 0 { models } else { Vec::new() };
    (Shape { cpu, milli, gpus, models }, count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_workload_is_so_many_pods_of_each_shape() {
        let workload = json!([
            {"cpu": "4", "gpus": 1, "count": 10},
            {"cpu": 4, "gpus": 1},
            {"cpu": "500m", "gpuMilli": 460, "models": ["T4", "P100"], "count": 3},
            {"cpu": "1", "models": ["T4"]},
        ]);
        let read = Settings::read(&json!({"workload": workload})).unwrap();
        let shape = |cpu, milli, gpus, models: &[&str]| Shape {
            cpu,
            milli,
            gpus,
            models: models.iter().map(|model| (*model).to_owned()).collect(),
        };
        let want = [
            (shape(4000, 1000, 1, &[]), 11.0),
            (shape(500, 460, 1, &["T4", "P100"]), 3.0),
            (shape(1000, 0, 0, &[]), 1.0),
        ];
        assert_eq!(read.workload, Some(want.into()));
        let default = Settings::read(&json!(null)).unwrap();
        assert_eq!((default.whole.as_str(), default.workload), ("nvidia.com/gpu", None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = json!({"sharedResource": "nvidia.com/gpu", "workload": [{"gpus": 1, "gpuMilli": 500}, {"cpu": "x", "gpu": 1}]});
        let want = "sharedResource: must be another resource than gpuResource\n\
                    workload[0].gpuMilli: is a part of one GPU; leave out gpus\n\
                    workload[1].cpu: must be an amount such as 4 or 500m\n\
                    workload[1].gpu: unknown field; known fields: cpu, gpus, gpuMilli, models, count";
        assert_eq!(Settings::read(&wrong).unwrap_err().message(), want);
    }
}
