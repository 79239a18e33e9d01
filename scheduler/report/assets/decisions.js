// What a running scheduler remembers of a pod.

function groupText(group) {
  const within = group.within ? [" in ", name(group.within)] : "";
  return el("p", {}, "Decided with its group ", name(group.name), within, ": ", name(group.outcome), ", places for " + count(group.fit) + " of " + count(group.minCount) + ". ", name(group.message || ""));
}

function attempt(one) {
  const when = el("time", { dateTime: one.time }, name(one.time || ""));
  const heading = el("h4", {}, "Attempt " + count(one.attempt) + ", ", when);
  return el(
    "article",
    { className: "attempt" },
    heading,
    el("p", { className: "verdict" }, el("span", { className: "badge " + (one.node ? "good" : "bad") }, name(one.status)), one.node ? [" ", name(one.node)] : ""),
    one.message && el("p", { className: "message" }, name(one.message)),
    one.group && groupText(one.group),
    one.evaluated !== undefined && funnel(one, one.evaluated),
    scoreTable(one),
    ties(one),
    one.scoresFrom === "NotKept" && note("The scores of this decision were not kept."),
    preemption(one.preemption, "h5"),
  );
}

function decisionsBody(of) {
  const list = listed(of.decisions);
  return [
    alike(of),
    list.length ? el("h3", {}, "What the scheduler decided") : note("The scheduler remembers no decision about this pod."),
    list.map(attempt),
    of.explanation && [el("h3", {}, "As the cluster is now"), explanationBody(of.explanation, "h4")],
  ];
}
