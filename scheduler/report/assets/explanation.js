// One pod: which filters left which nodes, what the rest scored, and who would have to go.

const VERDICTS = {
  __proto__: null,
  Running: "runs",
  Scheduled: "is given a node",
  Preempting: "is given a node once others have made room",
  Unschedulable: "fits on no node",
  Gated: "is kept out of the queue",
  Skipped: "is not decided here",
  Error: "could not be decided: a plugin broke",
};

const BECAUSE = {
  __proto__: null,
  OnlyCandidate: "It is the only one where that helps.",
  FewestProtectedVictims: "There the fewest pods have to go that a PodDisruptionBudget protects.",
  LowestHighestPriority: "There the most important pod that has to go has the lowest priority.",
  LowestSumOfPriorities: "There the priorities of the pods that have to go have the lowest sum.",
  FewestVictims: "There the fewest pods have to go.",
  LatestStart: "There the most important pods that have to go started last.",
  AllEqual: "Others are as good; one of them was drawn.",
};

function listed(all) {
  return all && all.length ? all : [];
}

function howMany(group) {
  return group.count === undefined ? listed(group.nodes).length : group.count;
}

// Nodes left after each filter, as it was the first to reject them.
function funnel(of, total) {
  const plugins = new Map();
  for (const group of listed(of.filters)) {
    if (!plugins.has(group.plugin)) plugins.set(group.plugin, []);
    plugins.get(group.plugin).push(group);
  }
  const columns = [{ title: "Filter" }, { title: "Rejects", numeric: true }, { title: "Left", numeric: true }, { title: "Why, and which nodes", wide: true }];
  let left = total;
  const line = (title, rejected, why, kind) => [title, rejected ? number(rejected, "−" + count(rejected)) : "", [bar(total ? left / total : 0, kind), " ", number(left)], why];
  const rows = [line("All nodes", 0, "")];
  for (const [plugin, groups] of plugins) {
    const rejected = groups.reduce((sum, group) => sum + howMany(group), 0);
    left -= rejected;
    const why = groups.map((group) => {
      const helps = group.code === "Unschedulable" ? el("span", { className: "note" }, " (evicting pods could help)") : "";
      return el(
        "div",
        { className: "reason" },
        el("p", {}, el("strong", {}, count(howMany(group)) + ": "), name(listed(group.reasons).join(", ")), helps),
        el("p", { className: "note" }, nameList(listed(group.nodes), 12)),
      );
    });
    rows.push(line(plugin === "" ? "Several together" : name(plugin), rejected, why));
  }
  left = of.feasible;
  rows.push(line(el("strong", {}, "Fits on"), 0, "", left ? "good" : ""));
  return table("Which filter leaves which nodes: each node is counted at the first that rejects it", columns, rows);
}

// Totals by node, with a bar for what each plugin adds.
function scoreTable(of) {
  if (!listed(of.scores).length) return null;
  const add = (one) => one.score * one.weight;
  const all = of.scores[0].scores.map((one) => one.plugin);
  const adds = (plugin) => of.scores.some((scored) => scored.scores.some((one) => one.plugin === plugin && add(one) !== 0));
  const [plugins, idle] = [all.filter(adds), all.filter((plugin) => !adds(plugin))];
  const most = Math.max(1, ...of.scores.flatMap((scored) => scored.scores.map(add)));
  const columns = [{ title: "Node" }, { title: "Total", numeric: true }, ...plugins.map((plugin) => ({ title: name(plugin), numeric: true }))];
  const rows = of.scores.map((scored) => {
    const cells = plugins.map((plugin) => {
      const one = scored.scores.find((other) => other.plugin === plugin);
      if (!one) return "–";
      const how = one.weight === 1 ? "" : el("span", { className: "note" }, " " + count(one.score) + " × " + count(one.weight));
      return [bar(add(one) / most), " ", number(add(one)), how];
    });
    const who = [name(scored.node), scored.chosen ? el("span", { className: "badge good" }, "chosen") : ""];
    return [who, el("strong", {}, number(scored.total)), ...cells];
  });
  const caption = "Scores of the best nodes: what each plugin adds, its score from 0 to 100 times its weight";
  return [table(caption, columns, rows), idle.length ? note("To none of these nodes is anything added by ", nameList(idle, 20), ".") : null];
}

function ties(of) {
  if (of.tied === undefined || of.tied === null) return null;
  if (of.tied > 1) return note(count(of.tied) + " nodes have the highest total; which of them is taken is drawn.");
  return note("One node has the highest total.");
}

// `level` is that of its heading, as h3.
function preemption(of, level) {
  if (!of) return null;
  const parts = [el(level, {}, "Preemption")];
  if (of.node) {
    const victims = listed(of.victims);
    parts.push(el("p", {}, some(victims.length, "pod has", "pods have") + " to go from ", name(of.node), ": ", nameList(victims, 20), ". ", BECAUSE[of.decidedBy] || ""));
  } else if (of.message) {
    parts.push(el("p", {}, name(of.message)));
  }
  if (of.tried !== undefined && of.tried !== null) parts.push(note("Evictions were tried on " + some(of.tried, "node") + " and help on " + count(of.helped || 0) + " of them."));
  const candidates = listed(of.candidates);
  if (candidates.length) {
    const columns = [
      { title: "Node" },
      { title: "Pods to go", numeric: true },
      { title: "Of these protected", numeric: true },
      { title: "Highest priority", numeric: true },
      { title: "Who", wide: true },
    ];
    const cells = (at) => {
      const one = candidates[at];
      const who = [name(one.node), one.node === of.node ? el("span", { className: "badge good" }, "chosen") : ""];
      const highest = one.highestPriority === undefined ? "–" : count(one.highestPriority);
      return [who, number(one.count === undefined ? listed(one.victims).length : one.count), number(one.protected), highest, nameList(listed(one.victims), 10)];
    };
    parts.push(growing("Nodes where evicting pods helps (" + count(candidates.length) + ")", columns, candidates.length, cells, 20));
  }
  if (listed(of.failures).length) {
    const rows = of.failures.map((failure) => [count(listed(failure.nodes).length), name(listed(failure.reasons).join(", ")), nameList(listed(failure.nodes), 12)]);
    parts.push(table("Nodes where it does not help", [{ title: "Nodes", numeric: true }, { title: "Why", wide: true }, { title: "Which", wide: true }], rows));
  }
  return parts;
}

function help(of, level) {
  const parts = [];
  if (listed(of.relaxations).length) {
    const rows = of.relaxations.map((change) => [name(change.change), name(CHANGED[change.of] || change.of), number(change.nodes), nameList(listed(change.on), 8)]);
    const columns = [{ title: "Change" }, { title: "Of" }, { title: "Opens nodes", numeric: true }, { title: "Which", wide: true }];
    parts.push(el(level, {}, "What would help"), table("Changes that would give it a node; all of them were tried", columns, rows));
  }
  if (listed(of.nearest).length) {
    const rows = of.nearest.map((miss) => [nameList(listed(miss.nodes), 8), listed(miss.problems).map((problem) => el("p", {}, name(problem)))]);
    parts.push(table("Nodes that come nearest", [{ title: "Nodes" }, { title: "What stands in the way", wide: true }], rows));
  }
  const searches = of.devices ? [["on all nodes", listed(of.devices.everywhere)], ["by node", listed(of.devices.byNode)]] : [];
  for (const [where, list] of searches.filter(([, all]) => all.length)) {
    const rows = list.map((search) => [name(search.claim), name(search.request || "–"), count(search.free), count(search.devices), [name(search.text), " ", nameList(listed(search.nodes), 8)]]);
    const columns = [{ title: "Claim" }, { title: "Request" }, { title: "Free", numeric: true }, { title: "Devices", numeric: true }, { title: "What it finds", wide: true }];
    parts.push(table("Devices, " + where, columns, rows));
  }
  return parts;
}

function verdict(of) {
  const kind = { Scheduled: "good", Running: "good", Preempting: "warn" }[of.status] || "bad";
  const where = of.node ? [of.status === "Running" ? " on " : ": ", name(of.node)] : "";
  return el("p", { className: "verdict" }, el("span", { className: "badge " + kind }, name(of.status)), " ", name(of.pod), " " + (VERDICTS[of.status] || ""), where, ".");
}

function alike(of) {
  return listed(of.alike).length ? note("The same goes for ", nameList(of.alike, 20), ".") : null;
}

function facts(of) {
  const fact = (title, text) => (text === undefined || text === null ? null : [el("dt", {}, title), el("dd", {}, text)]);
  return el("dl", { className: "facts" }, [
    fact("Profile", of.profile && name(of.profile)),
    fact("Priority", of.priority === undefined ? null : count(of.priority)),
    fact("Decided before it", of.decidedBefore === undefined ? null : some(of.decidedBefore, "pod")),
    fact("Cause", of.cause && name(of.cause)),
  ]);
}

function preFilter(of) {
  if (!of) return null;
  const who = of.plugin ? name(of.plugin) : "PreFilter";
  if (listed(of.reasons).length) return el("p", {}, who, " rejects it for all nodes: ", name(of.reasons.join(", ")), ".");
  return of.nodes ? el("p", {}, who, " leaves " + some(of.nodes.length, "node") + ": ", nameList(of.nodes, 12), ".") : null;
}

function explanationBody(of, level) {
  return [
    verdict(of),
    alike(of),
    of.message && el("p", { className: "message" }, name(of.message)),
    facts(of),
    listed(of.notes).map((text) => note(name(text))),
    of.status === "Running" ? null : [preFilter(of.preFilter), funnel(of, of.nodes), scoreTable(of), ties(of), preemption(of.preemption, level), help(of, level)],
  ];
}
