//! The nodes and pods of a trace, and in which order they come.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use serde_json::{Value, json};

/// The resource of whole GPUs.
pub(crate) const WHOLE: &str = "nvidia.com/gpu";
/// The resource of thousandths of one GPU.
pub(crate) const SHARED: &str = "gpu.longshore.dev/milli";
/// The label of the model.
pub(crate) const MODEL: &str = "gpu.longshore.dev/model";
/// Thousandths of a GPU.
pub(crate) const GPU: i64 = 1000;
/// Pods arrive until they have asked for this share of all GPUs.
const ARRIVALS: f64 = 1.3;

/// A pod of a trace.
pub(crate) struct Task {
    pub(crate) pod: Arc<Pod>,
    name: String,
    cpu: i64,
    pub(crate) gpus: i64,
    /// Of each GPU, in thousandths.
    pub(crate) milli: i64,
    models: Vec<String>,
}

/// A node of the cluster.
pub(crate) struct Machine {
    node: Arc<Node>,
    pub(crate) gpus: usize,
}

/// A trace: a cluster and pods.
pub(crate) struct Trace {
    pub(crate) machines: Vec<Machine>,
    pub(crate) tasks: Vec<Task>,
}

impl Trace {
    /// Reads the nodes with GPUs and the pods of one trace.
    ///
    /// # Errors
    /// A file that cannot be read, by line.
    pub(crate) fn read(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let machines = rows(&folder.join("openb_node_list_gpu_node.csv"), machine)?;
        let tasks = rows(&folder.join(format!("openb_pod_list_{name}.csv")), task)?;
        Ok(Self { machines, tasks })
    }

    /// Thousandths of all GPUs.
    pub(crate) fn capacity(&self) -> i64 {
        self.machines.iter().map(|machine| machine.gpus as i64 * GPU).sum()
    }

    /// How many pods have each shape, as the plugin's args have it.
    pub(crate) fn workload(&self) -> Value {
        let mut counts: BTreeMap<(i64, i64, i64, &[String]), usize> = BTreeMap::new();
        for task in &self.tasks {
            *counts.entry((task.cpu, task.gpus, task.milli, &task.models)).or_default() += 1;
        }
        let shape = |((cpu, gpus, milli, models), count): ((i64, i64, i64, &[String]), usize)| {
            let mut shape = json!({"cpu": format!("{cpu}m"), "count": count, "models": models});
            match (gpus, milli) {
                (0, _) => {}
                (1, milli) if milli < GPU => shape["gpuMilli"] = milli.into(),
                _ => shape["gpus"] = gpus.into(),
            }
            shape
        };
        counts.into_iter().map(shape).collect()
    }

    /// The pods that arrive: all of them in random order, and then some of them again until they ask for enough; or not all of
    /// them, where they ask for more.
    pub(crate) fn arrivals(&self, chance: &mut Chance) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.tasks.len()).collect();
        order.sort_by(|a, b| self.tasks[*a].name.cmp(&self.tasks[*b].name));
        chance.shuffle(&mut order);
        let enough = ARRIVALS * self.capacity() as f64;
        let asks = |task: usize| self.tasks[task].milli * self.tasks[task].gpus;
        let mut asked: i64 = order.iter().map(|task| asks(*task)).sum();
        if asked as f64 > enough {
            while asked as f64 > enough {
                let gone = order.remove(chance.below(order.len()));
                asked -= asks(gone);
            }
            return order;
        }
        loop {
            let again = chance.below(self.tasks.len());
            if (asked + self.tasks[again].milli) as f64 > enough {
                return order;
            }
            asked += asks(again);
            order.push(again);
        }
    }

    /// The nodes, each with a number before its name: of equally good ones the first by name is taken.
    pub(crate) fn nodes(&self, chance: &mut Chance) -> Vec<Arc<Node>> {
        let mut numbers: Vec<usize> = (0..self.machines.len()).collect();
        chance.shuffle(&mut numbers);
        let renamed = |(machine, number): (&Machine, usize)| {
            let mut node = Node::clone(&machine.node);
            node.name = format!("{number:04}-{}", node.name).into();
            Arc::new(node)
        };
        self.machines.iter().zip(numbers).map(renamed).collect()
    }
}

/// A generator of random numbers (splitmix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % (end.max(1) as u64)).unwrap_or(0)
    }

    fn shuffle(&mut self, list: &mut [usize]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end + 1));
        }
    }
}

/// A row of a CSV file, by the names of its columns.
type Row<'t> = BTreeMap<&'t str, &'t str>;

fn rows<T>(file: &Path, read: fn(&Row<'_>) -> anyhow::Result<T>) -> anyhow::Result<Vec<T>> {
    let text = fs::read_to_string(file).with_context(|| format!("{}: cannot be read", file.display()))?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let row = |(at, line): (usize, &str)| {
        let row: Row<'_> = names.iter().copied().zip(line.split(',')).collect();
        read(&row).with_context(|| format!("{}:{}", file.display(), at + 2))
    };
    lines.enumerate().map(row).collect()
}

fn number(row: &Row<'_>, name: &str) -> anyhow::Result<i64> {
    match row.get(name).copied().unwrap_or_default() {
        "" => Ok(0),
        text => text.parse().with_context(|| format!("{name}: {text:?} is no whole number")),
    }
}

fn machine(row: &Row<'_>) -> anyhow::Result<Machine> {
    let (cpu, memory, gpus) = (number(row, "cpu_milli")?, number(row, "memory_mib")?, number(row, "gpu")?);
    let resources = json!({
        "cpu": format!("{cpu}m"), "memory": format!("{memory}Mi"), "pods": "1000", WHOLE: gpus.to_string(),
        SHARED: (gpus * GPU).to_string(),
    });
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": row.get("sn"), "labels": {MODEL: row.get("model")}},
        "status": {"allocatable": resources, "capacity": resources, "conditions": [{"type": "Ready", "status": "True"}]},
    });
    let read = longshore_manifest::read_values(&[node]);
    let node = read.nodes.first().cloned().ok_or_else(|| anyhow!("is no node"))?;
    Ok(Machine { node, gpus: usize::try_from(gpus)? })
}

fn task(row: &Row<'_>) -> anyhow::Result<Task> {
    let name = row.get("name").copied().unwrap_or_default();
    let (cpu, memory) = (number(row, "cpu_milli")?, number(row, "memory_mib")?);
    let (gpus, milli) = (number(row, "num_gpu")?, number(row, "gpu_milli")?);
    let milli = if gpus == 0 { 0 } else { milli.min(GPU) };
    if gpus > 1 && milli < GPU {
        bail!("{name} asks for parts of {gpus} GPUs");
    }
    let spec = row.get("gpu_spec").copied().filter(|_| gpus > 0).unwrap_or_default();
    let models: Vec<String> = spec.split('|').filter(|model| !model.is_empty()).map(str::to_string).collect();
    let mut requests = json!({"cpu": format!("{cpu}m"), "memory": format!("{memory}Mi")});
    match (gpus, milli) {
        (0, _) => {}
        (1, milli) if milli < GPU => requests[SHARED] = milli.to_string().into(),
        _ => requests[WHOLE] = gpus.to_string().into(),
    }
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "openb"},
        "spec": {"containers": [{"name": "main", "image": "openb", "resources": {"requests": requests, "limits": requests}}]},
    });
    if !models.is_empty() {
        let terms = json!([{"matchExpressions": [{"key": MODEL, "operator": "In", "values": models}]}]);
        pod["spec"]["affinity"] = json!({"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}});
    }
    let read = longshore_manifest::read_values(&[pod]);
    let pod = read.pods.first().cloned().ok_or_else(|| anyhow!("is no pod"))?;
    Ok(Task { pod, name: name.to_string(), cpu, gpus, milli, models })
}
