// The numbers that come first.

function tile(value, text, kind) {
  return el("div", { className: "tile" + (kind ? " " + kind : "") }, el("dd", {}, value), el("dt", {}, text));
}

function tiles(...all) {
  return el("dl", { className: "tiles" }, all);
}

// Nodes by share in ten parts.
function histogram(parts) {
  const most = Math.max(1, ...parts);
  const columns = parts.map((nodes) => {
    const column = el("span", {});
    column.style.height = (nodes ? Math.max(8, (nodes / most) * 100) : 0) + "%";
    return column;
  });
  const text = parts.map((nodes, at) => (nodes ? at * 10 + " to " + (at + 1) * 10 + " %: " + some(nodes, "node") : ""));
  return el("span", { className: "histogram", role: "img", "aria-label": text.filter(Boolean).join("; ") }, columns);
}

function utilisation(caption, list) {
  const columns = [
    { title: "Resource" },
    { title: "Nodes", numeric: true },
    { title: "Requested", numeric: true },
    { title: "Allocatable", numeric: true },
    { title: "Mean of the nodes", numeric: true },
    { title: "Spread", numeric: true },
    { title: "Nodes by how full they are, 0 to 100 %" },
  ];
  const rows = list.map((of) => [
    name(of.resource),
    number(of.nodes),
    quantity(of.resource, of.requested),
    quantity(of.resource, of.allocatable),
    [bar(of.mean), " ", share(of.mean)],
    share(of.spread),
    histogram(of.histogram),
  ]);
  return table(caption, columns, rows);
}

function devices(list) {
  const columns = [{ title: "Devices" }, { title: "There are", numeric: true }, { title: "In use", numeric: true }, { title: "Share", numeric: true }];
  const rows = list.map((of) => [
    [of.driver ? "driver " : "class ", name(of.driver || of.class || "")],
    number(of.devices),
    number(of.inUse),
    share(of.share),
  ]);
  return table("Devices in use at the end", columns, rows);
}

function overview() {
  const of = page.summary;
  const open = (of.notPlaced || 0) + (of.refused || 0);
  return section(
    "Overview",
    "overview",
    tiles(
      tile(number(of.nodes), "nodes"),
      tile(number(of.running), "pods ran before"),
      tile(number(of.scheduled), "pods were placed", "good"),
      tile(number(of.pending), "pods are pending", of.pending ? "bad" : ""),
      tile(number(of.evicted), "pods were evicted", of.evicted ? "warn" : ""),
      tile(number(of.skipped), "pods were not decided"),
    ),
    open === 0 && note("Every pod that was to be placed has a node."),
    utilisation("How full the nodes are at the end", of.utilisation || []),
    of.devices && devices(of.devices),
    page.leftOut &&
      growing(
        "Not in the simulation (" + count(page.leftOut.length) + ")",
        [{ title: "What" }, { title: "Object" }, { title: "Why", wide: true }],
        page.leftOut.length,
        (at) => [page.leftOut[at][0], name(page.leftOut[at][1]), name(page.leftOut[at][2])],
        20,
      ),
  );
}
