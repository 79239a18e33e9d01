//! Reading manifests: pods as a watch delivers them, a list as `kubectl` prints it, documents as people write them.

use std::fmt::Write;

use criterion::{Criterion, Throughput};

const PODS: usize = 1_000;

pub(crate) fn benches(c: &mut Criterion) {
    let pods: Vec<String> = (0..PODS).map(json).collect();
    let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#, pods.join(","));
    let documents = yaml();
    let mut group = c.benchmark_group("manifests");
    group.sample_size(20);
    group.throughput(Throughput::Elements(PODS as u64));
    group.bench_function("watched-pods", |b| {
        b.iter(|| pods.iter().map(|json| longshore_manifest::watched_pod(json)).collect::<Vec<_>>());
    });
    group.bench_function("json-list", |b| b.iter(|| longshore_manifest::read_str(&list)));
    group.bench_function("yaml-documents", |b| b.iter(|| longshore_manifest::read_str(&documents)));
    group.finish();
}

fn json(at: usize) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p{at}","namespace":"default","uid":"u{at}","labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"c","image":"registry.example/web:1","resources":{{"requests":{{"cpu":"100m","memory":"500Mi"}}}}}}]}}}}"#
    )
}

fn yaml() -> String {
    let mut yaml = String::new();
    for at in 0..PODS {
        let _ = write!(
            yaml,
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: p{at}\n  labels: {{app: web}}\nspec:\n  containers:\n  - name: c\n    image: registry.example/web:1\n    resources:\n      requests: {{cpu: 100m, memory: 500Mi}}\n"
        );
    }
    yaml
}
