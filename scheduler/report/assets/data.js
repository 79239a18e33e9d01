// What the document says, unpacked. Nodes, pods and resources are numbers from 0; where a column says "none" it has 0 and
// counts from 1.

const page = JSON.parse(document.getElementById("data").textContent);

// A column: an array, runs of equal values, or bytes.
function ints(column) {
  if (Array.isArray(column)) return column;
  if (column.runs) {
    const values = [];
    for (let at = 0; at < column.runs.length; at += 2) {
      for (let left = column.runs[at + 1]; left > 0; left -= 1) values.push(column.runs[at]);
    }
    return values;
  }
  const bytes = atob(column.bytes);
  const values = new Array(bytes.length / column.width);
  for (let at = 0; at < values.length; at += 1) {
    let value = 0;
    for (let byte = column.width - 1; byte >= 0; byte -= 1) {
      value = value * 256 + bytes.charCodeAt(at * column.width + byte);
    }
    values[at] = value;
  }
  return values;
}

// Names that leave out what the one before begins with.
function names(packed) {
  const shared = ints(packed.shared);
  let last = "";
  return packed.rest.map((rest, at) => (last = last.slice(0, shared[at]) + rest));
}

const resources = page.resources || [];

const nodes = page.nodes && {
  names: names(page.nodes.names),
  allocatable: page.nodes.allocatable.map(ints),
  before: page.nodes.before.map(ints),
  has: page.nodes.has.map(ints),
  podsBefore: ints(page.nodes.podsBefore),
  allowedPods: ints(page.nodes.allowedPods),
  cordoned: ints(page.nodes.cordoned),
  taints: ints(page.nodes.taints.of).map((at) => page.nodes.taints.texts[at]),
  labels: page.nodes.labels.map((label) => ({ ...label, of: ints(label.of) })),
};

const pods = page.pods && {
  names: names(page.pods.names),
  owners: page.pods.owners,
  owner: ints(page.pods.owner),
  asks: ints(page.pods.asks),
  requests: page.pods.requests,
};

const tries = page.tries && {
  priority: ints(page.tries.priority),
  attempts: ints(page.tries.attempts),
  score: ints(page.tries.score),
};

const PLACED = 0;
const PENDING = 1;
const EVICTED = 2;

const runs = page.runs.map((run) => ({
  ...run,
  steps: { pod: ints(run.steps.pod), did: ints(run.steps.did), node: ints(run.steps.node), by: ints(run.steps.by) },
  movable: ints(run.movable),
  unplaced: run.unplaced.map((group) => ({ ...group, pods: ints(group.pods) })),
}));

const moved = page.moved && { pod: ints(page.moved.pod), nodes: page.moved.nodes.map(ints) };

// The amounts that a pod asks for, by resource.
function requestsOf(pod) {
  return pods.requests[pods.asks[pod] - 1];
}

// The cluster after so many steps of a run. Going from one place to another costs the steps between.
class Moment {
  constructor(run) {
    this.run = run;
    this.at = 0;
    this.requested = nodes.before.map((column) => Float64Array.from(column));
    this.pods = Float64Array.from(nodes.podsBefore);
  }

  get length() {
    return this.run.steps.pod.length;
  }

  go(to) {
    while (this.at < to) this.apply(this.at++, 1);
    while (this.at > to) this.apply(--this.at, -1);
  }

  apply(step, direction) {
    const { did, node, pod } = this.run.steps;
    const on = node[step] - 1;
    if (on < 0 || did[step] === PENDING) return;
    const sign = did[step] === PLACED ? direction : -direction;
    this.pods[on] += sign;
    const asks = requestsOf(pod[step]);
    for (let resource = 0; resource < asks.length; resource += 1) {
      if (asks[resource] !== 0) this.requested[resource][on] += sign * asks[resource];
    }
  }

  // Requested and allocatable of a node; pods count as a resource behind all others.
  cell(resource, node) {
    if (resource === resources.length) return [this.pods[node], nodes.allowedPods[node]];
    return [this.requested[resource][node], nodes.allocatable[resource][node]];
  }
}

// Where pods are at the end of a run: the number of the last step of each, or -1.
function lastSteps(run) {
  if (!run.last) {
    run.last = new Int32Array(pods.names.length).fill(-1);
    run.steps.pod.forEach((pod, step) => (run.last[pod] = step));
  }
  return run.last;
}
