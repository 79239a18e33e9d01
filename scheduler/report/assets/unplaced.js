// Pods without a node: workload, reason, and the change that helps most.

const CHANGED = { __proto__: null, Pod: "the pod", Node: "a node", Both: "a node and the pod", Cluster: "the cluster" };

function fixText(fix) {
  const where = fix.on && fix.on.length ? [" (opens ", nameList(fix.on.map((node) => nodes.names[node]), 3), ")"] : "";
  return [name(fix.change), where];
}

function fixesOf(group) {
  if (!group.fixes.length) {
    if (group.reason === "SchedulingGated") return "Remove its scheduling gates.";
    return group.tried ? "No change was found that helps." : "It was not tried what would help; longshore explain does that.";
  }
  const [best, ...others] = group.fixes;
  return [
    el("p", {}, fixText(best)),
    el("p", { className: "note" }, "Changes ", name(CHANGED[best.of] || best.of), group.pods.length > 1 ? "; tried for the first of these pods." : "."),
    others.length > 0 &&
      el("details", {}, el("summary", {}, some(others.length, "other change") + " would help"), el("ul", {}, others.map((fix) => el("li", {}, fixText(fix))))),
  ];
}

// Groups by workload, the workload with most pods first.
function byOwner(groups) {
  const owners = new Map();
  for (const group of groups) {
    const key = group.owner === null || group.owner === undefined ? "pod:" + group.pods[0] : "owner:" + group.owner;
    if (!owners.has(key)) owners.set(key, []);
    owners.get(key).push(group);
  }
  const size = (parts) => parts.reduce((sum, group) => sum + group.pods.length, 0);
  return [...owners.values()].map((parts) => [parts, size(parts)]).sort((a, b) => b[1] - a[1]);
}

function unplacedTable(run, caption) {
  const rows = byOwner(run.unplaced).flatMap(([parts, size]) => parts.map((group, at) => [parts, size, group, at]));
  const columns = [{ title: "Workload" }, { title: "Pods", numeric: true }, { title: "Why", wide: true }, { title: "Change that helps most", wide: true }];
  const cells = (index) => {
    const [parts, size, group, at] = rows[index];
    const own = group.owner ? name(group.owner) : name(pods.names[group.pods[0]]);
    const who = at > 0 ? ["and of ", own] : [own, parts.length > 1 ? el("span", { className: "note" }, " " + some(size, "pod") + ", " + parts.length + " reasons") : ""];
    const why = [
      el("p", { className: "badge" + (group.reason === "Unschedulable" ? " bad" : "") }, name(group.reason)),
      el("p", {}, name(group.message)),
      (group.owner || group.pods.length > 1) && el("details", {}, el("summary", {}, group.pods.length === 1 ? "The pod" : "The pods"), el("p", {}, nameList(group.pods.map((pod) => pods.names[pod]), MOST_NAMES))),
    ];
    return row(columns, [who, number(group.pods.length), why, fixesOf(group)]);
  };
  return growing(caption, columns, rows.length, cells, 25);
}

function unplaced() {
  const total = (run) => run.unplaced.reduce((sum, group) => sum + group.pods.length, 0);
  const parts = runs.map((run) => {
    const of = runs.length > 1 ? [" with ", name(run.name)] : "";
    if (!run.unplaced.length) return note("No pod is pending", of, ".");
    return unplacedTable(run, ["Pending pods", of, " (", count(total(run)), ")"]);
  });
  return section(
    "Pods without a node",
    "pending",
    note("By workload and by reason. Each change was tried on the cluster as it is at the end, and helps the first pod of its row."),
    parts,
  );
}
