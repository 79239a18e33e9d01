use longshore_framework::node_metrics::NodeMetric;

use super::*;

const GOOD: &str = r#"{
  "timestamp": 100, "source": "Prometheus",
  "window": {"duration": "15m", "start": -800, "end": 100},
  "data": {"NodeMetricsMap": {
    "n0": {
      "metrics": [
        {"name": "", "type": "CPU", "operator": "AVG", "rollup": "15m", "value": 12.5},
        {"type": "Memory", "operator": "Latest", "value": 3}
      ],
      "tags": {}, "metadata": {"dataCenter": "x"}
    },
    "n1.zone": {"metrics": null}
  }}
}"#;

fn source(text: &str) -> Source {
    Source { name: "metrics.json".to_string(), text: text.as_bytes().to_vec() }
}

#[track_caller]
fn check_refused(text: &str, lines: &[&str]) {
    let said = MeasuredFile::read(source(text)).unwrap_err().to_string();
    assert_eq!(said.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn a_file_is_read_as_measured_now() {
    let sample = MeasuredFile::read(source(GOOD)).unwrap().sample;
    assert_eq!(sample.window, Some(Window { start: Timestamp(-800_000), end: Timestamp(100_000) }));
    let says = |metric: &NodeMetric| {
        format!("{} {} {} {}", metric.kind, metric.operator, metric.rollup, metric.value)
    };
    let node = &sample.nodes["n0"];
    assert_eq!(node.at, Timestamp(0));
    assert_eq!(node.metrics.iter().map(says).collect::<Vec<_>>(), ["CPU AVG 15m 12.5", "Memory Latest  3"]);
    assert!(sample.nodes["n1.zone"].metrics.is_empty());
    // In YAML as well.
    assert!(MeasuredFile::read(source("data: {NodeMetricsMap: {}}")).is_ok());
}

#[test]
fn an_answer_is_as_old_as_it_says_and_not_younger_than_it_is() {
    let at = |now: i64| measured_answer(GOOD.as_bytes(), Timestamp(now)).unwrap().nodes["n0"].at.0;
    assert_eq!((at(500_000), at(50_000)), (100_000, 50_000));
    let more = GOOD.replace("\"source\"", "\"added\": 1, \"source\"");
    assert!(measured_answer(more.as_bytes(), Timestamp(0)).is_ok());
    let wrong = measured_answer(GOOD.replace("12.5", "\"12.5\"").as_bytes(), Timestamp(0)).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "data.NodeMetricsMap.n0.metrics[0].value: must be a finite number, such as 12.5, not \"12.5\""
    );
    assert!(measured_answer(b"<html>", Timestamp(0)).unwrap_err().to_string().starts_with("it is no JSON"));
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_line() {
    check_refused(
        &GOOD.replace("12.5", "\"NaN\"").replace("\"AVG\"", "1"),
        &[
            "metrics.json:7: data.NodeMetricsMap.n0.metrics[0].operator: must be a string, not 1",
            "metrics.json:7: data.NodeMetricsMap.n0.metrics[0].value: must be a finite number, such as 12.5, not \"NaN\"",
        ],
    );
    check_refused(
        "data:\n  NodeMetricsMap:\n    n0:\n      metrics:\n      - {type: CPU, value: .nan}\n",
        &[
            "metrics.json:5:28: is not valid YAML: \".nan\" is a non-finite number, which JSON cannot hold; put it in quotes",
        ],
    );
    check_refused(
        &GOOD.replace("\"rollup\"", "\"rolup\"").replace("\"timestamp\": 100", "\"timestamp\": \"now\""),
        &[
            "metrics.json:2: timestamp: must be a whole number from -9223372036854775 to 9223372036854775, not \"now\"",
            "metrics.json:7: data.NodeMetricsMap.n0.metrics[0].rolup: unknown field; did you mean rollup?",
        ],
    );
    check_refused(
        "{}",
        &["metrics.json:1: data.NodeMetricsMap: is required: an object with a field for each node"],
    );
    check_refused(
        "[]",
        &["metrics.json:1: must be the JSON of a load watcher: an object with timestamp, window and data"],
    );
    check_refused("a: 1\n---\nb: 1\n", &["metrics.json: has 2 documents; the JSON of a load watcher is one"]);
    assert!(MeasuredFile::read(source("{\"data\": ")).unwrap_err().to_string().contains("ends too early"));
}

#[test]
fn nodes_that_are_not_there_are_told_with_their_line() {
    let file = MeasuredFile::read(source(GOOD)).unwrap();
    assert_eq!(file.check_nodes(["n0", "n1.zone", "n2"].into_iter()), Ok(()));
    let said = file.check_nodes(["n0", "n1.zones"].into_iter()).unwrap_err().to_string();
    assert_eq!(
        said,
        "metrics.json:12: data.NodeMetricsMap.n1.zone: there is no such node in the cluster; did you mean n1.zones?"
    );
    let said = file.check_nodes(["other", "n1.zone"].into_iter()).unwrap_err().to_string();
    assert!(said.ends_with("leave it out, or add the node"), "{said}");
}
