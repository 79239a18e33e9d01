// What is left: free and stranded amounts, and the largest pod that still fits.

function largestText(part, resource) {
  const found = part.largest.find(([of]) => of === resource);
  if (!found) return "none";
  const [, node, free] = found;
  const others = free.map((value, at) => (at !== resource && value > 0 && nodes.has[at][node] ? amount(resources[at], value) + " " + resources[at] : ""));
  const beside = others.filter(Boolean).slice(0, 3).join(", ");
  return [
    el("strong", {}, quantity(resources[resource], free[resource])),
    " on ",
    name(nodes.names[node]),
    el("span", { className: "note" }, beside ? [" with ", name(beside)] : " with nothing else"),
  ];
}

function capacityTable(divided) {
  const columns = [
    { title: divided.label === null ? "Nodes" : name(divided.label) },
    { title: "Resource" },
    { title: "Allocatable", numeric: true },
    { title: "Requested", numeric: true },
    { title: "Free", numeric: true },
    { title: "Stranded", numeric: true },
    { title: "Most that one pod can ask for", wide: true },
  ];
  const bodies = divided.groups.map((part) => {
    const left = part.left.filter(([, allocatable, requested]) => allocatable > 0 || requested > 0).sort((a, b) => a[0] - b[0]);
    const about = [some(part.nodes, "node"), part.cordoned ? count(part.cordoned) + " unschedulable" : "", part.tainted ? count(part.tainted) + " tainted" : ""];
    const rows = left.map(([resource, allocatable, requested, free, stranded], at) => {
      const of = resources[resource];
      const ratio = free > 0 ? el("span", { className: "note" }, " " + percent(stranded / free)) : "";
      const cells = [name(of), quantity(of, allocatable), quantity(of, requested), quantity(of, free), [quantity(of, stranded), stranded > 0 ? ratio : ""], largestText(part, resource)];
      const made = el("tr", {}, cells.map((cell, column) => el("td", { className: (columns[column + 1].numeric ? "numeric" : "") + (columns[column + 1].wide ? " wide" : "") }, cell)));
      if (at === 0) {
        const title = part.value === null ? (divided.label === null ? "All nodes" : "without this label") : name(part.value || "(empty)");
        made.prepend(el("th", { scope: "rowgroup", rowSpan: left.length }, title, el("span", { className: "note block" }, about.filter(Boolean).join(", "))));
      }
      return made;
    });
    return el("tbody", {}, rows);
  });
  return scroller(el("table", {}, el("caption", {}, "What is left at the end, ", divided.label === null ? "of all nodes" : ["by ", name(divided.label)]), head(columns), bodies));
}

function capacity() {
  const place = el("div", {});
  const now = { run: 0, label: runs[0].capacity.length > 1 ? 1 : 0 };
  const draw = () => fill(place, runs[now.run].capacity[now.label] ? capacityTable(runs[now.run].capacity[now.label]) : "");
  const labels = runs[0].capacity.map((divided, at) => [String(at), divided.label === null ? "nothing" : divided.label]);
  const set = (field) => (value) => {
    now[field] = Number(value);
    draw();
  };
  draw();
  return section(
    "What is left",
    "left",
    note(
      "Free is what pods do not ask for, on nodes that are not marked unschedulable. Stranded is the part of it that pods cannot use which ask for CPU and memory in the same proportion as all pods of the cluster together: something else runs out first. ",
      "The largest pod fits if it tolerates the taints of its node; affinity and other constraints are not looked at.",
    ),
    el(
      "div",
      { className: "controls" },
      runs.length > 1 && choice("Profile", runs.map((run, at) => [String(at), run.name]), "0", set("run")),
      choice("By", labels, String(now.label), set("label")),
    ),
    place,
  );
}
