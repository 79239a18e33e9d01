// Profiles side by side.

function difference(first, other, of) {
  const by = other - first;
  if (!by) return "";
  return el("span", { className: "difference" }, " (" + (by > 0 ? "+" : "−") + of(Math.abs(by)) + ")");
}

function compareNumbers() {
  const first = runs[0].counts;
  const columns = [{ title: "" }, ...runs.map((run) => ({ title: name(run.name), numeric: true }))];
  const points = (value) => tenth.format(value * 100) + " points";
  const line = (title, pick, of, by) => {
    return [title, ...runs.map((run, at) => [number(pick(run.counts), of(pick(run.counts))), at ? difference(pick(first), pick(run.counts), by || of) : ""])];
  };
  const rows = [
    ["Profile", ...runs.map((run) => name(run.counts.profile))],
    line("Pods placed", (of) => of.scheduled, count),
    line("Pods pending", (of) => of.pending, count),
    line("Pods evicted", (of) => of.evicted, count),
    line("Pods not decided", (of) => of.skipped, count),
    line("Nodes in use", (of) => of.nodesInUse, count),
  ];
  if (runs.some((run) => run.counts.cost)) {
    rows.push(line("Cost of the nodes in use", (of) => of.cost.total, (value) => exact.format(value)));
    rows.push(line("Nodes in use without a price", (of) => of.cost.unpriced, count));
  }
  for (const of of first.utilisation) {
    const pick = (field) => (counts) => (counts.utilisation.find((other) => other.resource === of.resource) || { [field]: NaN })[field];
    if (runs.some((run) => pick("requested")(run.counts))) {
      rows.push(line([name(of.resource), " requested, mean of the nodes"], pick("mean"), percent, points));
      rows.push(line([name(of.resource), " requested, spread"], pick("spread"), percent, points));
    }
  }
  return table("What each profile makes of the cluster; in brackets the difference to the first", columns, rows);
}

// Nodes that only the first of two runs uses.
function emptied(first, other) {
  return nodes.names.map((_, at) => at).filter((node) => first.movable[node] > 0 && other.movable[node] === 0);
}

function emptiedNodes() {
  const rows = [];
  for (const other of runs.slice(1)) {
    const [gone, taken] = [emptied(runs[0], other), emptied(other, runs[0])];
    const list = (all) => longList(all.map((node) => nodes.names[node]));
    rows.push([name(other.name), number(gone.length), list(gone), number(taken.length), list(taken)]);
  }
  const columns = [
    { title: "Profile" },
    { title: "Emptied", numeric: true },
    { title: "Nodes that it leaves empty and the first uses", wide: true },
    { title: "Taken", numeric: true },
    { title: "Nodes that it uses and the first leaves empty", wide: true },
  ];
  return table(["Nodes in use, compared with ", name(runs[0].name)], columns, rows);
}

function movedPods() {
  if (!moved.pod.length) return note("Every pod ends on the same node with all profiles.");
  const columns = [{ title: "Pod" }, ...runs.map((run) => ({ title: name(run.name) }))];
  const cells = (at) => [name(pods.names[moved.pod[at]]), ...moved.nodes.map((of) => (of[at] ? name(nodes.names[of[at] - 1]) : "no node"))];
  const list = new LongTable(["Pods that do not end alike (", count(moved.pod.length), ")"], columns, cells);
  list.show(moved.pod.map((_, at) => at));
  return list.element;
}

function compare() {
  return section(
    "Profiles side by side",
    "profiles",
    tiles(
      tile(number(nodes.names.length), "nodes"),
      tile(number(runs.length), "profiles"),
      tile(number(moved.pod.length), "pods end on another node", moved.pod.length ? "warn" : "good"),
    ),
    compareNumbers(),
    emptiedNodes(),
    movedPods(),
  );
}
