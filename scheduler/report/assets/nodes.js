// Nodes before and after, and every step in between.

const PLAY_MILLISECONDS = 12000;

function groupChoices() {
  const labels = nodes.labels.map((label, at) => [String(at), label.label]);
  return [...labels, ["", "nothing"]];
}

// Nodes by the values of a label, those without it last.
function grouped(label) {
  const all = nodes.names.map((_, at) => at).sort((a, b) => byNumber.compare(nodes.names[a], nodes.names[b]));
  if (label === "") return [{ nodes: all }];
  const { values, of } = nodes.labels[label];
  const parts = new Map([...values.keys(), -1].map((value) => [value, []]));
  for (const node of all) parts.get(of[node] - 1).push(node);
  const titled = [...parts].map(([value, part]) => ({ title: value < 0 ? "without this label" : name(values[value] || "(empty)"), nodes: part }));
  return titled.filter((group) => group.nodes.length);
}

const byNumber = new Intl.Collator("en", { numeric: true });

// What a step did, in a line.
function stepText(run, step) {
  const { pod, did, node, by } = run.steps;
  const who = name(pods.names[pod[step]]);
  const where = node[step] ? name(nodes.names[node[step] - 1]) : "a node that is not known";
  if (did[step] === PLACED) return [who, " is placed on ", where];
  if (did[step] === EVICTED) return [who, " is evicted from ", where, by[step] ? [" for ", name(pods.names[by[step] - 1])] : ""];
  return [who, " gets no node"];
}

class NodesView {
  constructor() {
    this.resource = 0;
    this.label = nodes.labels.length ? "0" : "";
    this.run = 0;
    this.moments = [];
    this.heat = new HeatMap((node) => this.detail(node));
    this.status = el("p", { className: "status", role: "status", "aria-live": "polite" });
    this.node = el("div", { className: "card empty", role: "status", "aria-live": "polite" }, note("Point at a node, or go to one with the arrow keys, to see what it has."));
    this.slider = el("input", { type: "range", min: 0, step: 1, "aria-label": "Steps done", oninput: () => this.go(Number(this.slider.value)) });
    this.play = el("button", { type: "button", onclick: () => this.toggle() }, "Play");
    this.table = new LongTable("", this.columns(), (node) => this.cells(node));
    this.element = this.build();
    this.choose();
  }

  moment() {
    this.moments[this.run] ||= new Moment(runs[this.run]);
    return this.moments[this.run];
  }

  build() {
    const shown = [...resources.keys(), resources.length].filter((at) => at === resources.length || nodes.has[at].some(Boolean));
    const controls = el(
      "div",
      { className: "controls" },
      runs.length > 1 && choice("Profile", runs.map((run, at) => [String(at), run.name]), "0", (run) => this.set({ run: Number(run) })),
      choice("Resource", shown.map((at) => [String(at), resourceName(at)]), "0", (at) => this.set({ resource: Number(at) })),
      choice("Grouped by", groupChoices(), this.label, (label) => this.set({ label })),
    );
    const button = (text, label, go) => el("button", { type: "button", "aria-label": label, onclick: () => this.go(go()) }, text);
    this.steps = el(
      "div",
      { className: "steps" },
      button("Before", "Before the first step", () => 0),
      button("−1", "One step back", () => Math.max(0, this.moment().at - 1)),
      this.slider,
      button("+1", "One step on", () => Math.min(this.moment().length, this.moment().at + 1)),
      button("After", "After the last step", () => this.moment().length),
      this.play,
    );
    return section(
      "Nodes",
      "nodes",
      note("How full each node is of one resource: what pods on it ask for, against what it has. The slider goes through the decisions, from before the first to after the last."),
      controls,
      this.steps,
      this.status,
      legend(),
      this.heat.element,
      this.node,
      el("h3", {}, "The same as a table"),
      this.table.element,
    );
  }

  set(change) {
    Object.assign(this, change);
    this.choose();
  }

  // Begins anew with the run, the resource and the label that are chosen; the step stays where it can.
  choose() {
    const moment = this.moment();
    const first = this.heat.groups === undefined;
    this.slider.max = moment.length;
    this.steps.hidden = moment.length === 0;
    const groups = grouped(this.label);
    this.heat.show(groups, (node) => moment.cell(this.resource, node));
    this.order = groups.flatMap((group) => group.nodes);
    this.labelOf = (node) => (this.label === "" ? "" : nodes.labels[this.label].values[nodes.labels[this.label].of[node] - 1] || "");
    this.go(first ? moment.length : Math.min(moment.length, Number(this.slider.value)));
    this.table.show(this.order);
  }

  go(to) {
    const moment = this.moment();
    moment.go(to);
    this.slider.value = to;
    const step = to - 1;
    const node = step < 0 ? 0 : moment.run.steps.node[step];
    this.heat.marked = to < moment.length ? node - 1 : -1;
    this.heat.draw();
    const where = to === 0 ? "Before the first step" : ["Step ", count(to), " of ", count(moment.length), to === moment.length ? ", the last: " : ": "];
    this.slider.setAttribute("aria-valuetext", to === 0 ? "before the first step" : "step " + to + " of " + moment.length);
    fill(this.status, where, step < 0 ? "." : [stepText(moment.run, step), "."]);
    fill(this.table.caption, name(resourceName(this.resource)), " of every node, ", to === 0 ? "before the first step" : to === moment.length ? "after the last step" : "after step " + count(to));
    this.table.drawn = undefined;
    this.table.draw();
    if (this.heat.chosen >= 0) this.detail(this.heat.chosen);
  }

  toggle() {
    if (this.timer) return this.pause();
    const moment = this.moment();
    const from = moment.at === moment.length ? 0 : moment.at;
    const began = performance.now();
    const pace = Math.max(1, moment.length) / PLAY_MILLISECONDS;
    this.play.textContent = "Pause";
    this.status.setAttribute("aria-live", "off");
    const tick = () => {
      const to = Math.min(moment.length, from + Math.floor((performance.now() - began) * Math.min(pace, 0.01 + pace)));
      if (moment !== this.moment()) return this.pause();
      if (to !== moment.at) this.go(to);
      if (to >= moment.length) return this.pause();
      this.timer = requestAnimationFrame(tick);
    };
    this.timer = requestAnimationFrame(tick);
  }

  pause() {
    cancelAnimationFrame(this.timer);
    this.timer = undefined;
    this.play.textContent = "Play";
    this.status.setAttribute("aria-live", "polite");
  }

  // All that is known of a node.
  detail(node) {
    const moment = this.moment();
    const rows = [...resources.keys(), resources.length].filter((at) => at === resources.length || nodes.has[at][node]);
    const cells = rows.map((at) => {
      const [requested, there] = moment.cell(at, node);
      const before = at === resources.length ? nodes.podsBefore[node] : nodes.before[at][node];
      const of = resourceName(at);
      return [name(of), quantity(of, before), quantity(of, requested), quantity(of, there), there > 0 ? share(requested / there) : "–"];
    });
    const labels = nodes.labels.map((label) => (label.of[node] ? [name(label.label), " = ", name(label.values[label.of[node] - 1] || "(empty)")] : null));
    const facts = labels.filter(Boolean);
    const columns = ["Resource", "Before", "Now", "Allocatable", "Share"].map((title, at) => ({ title, numeric: at > 0 }));
    this.node.classList.remove("empty");
    fill(
      this.node,
      el("h3", {}, name(nodes.names[node])),
      nodes.cordoned[node] ? el("p", { className: "badge" }, "marked unschedulable") : "",
      nodes.taints[node] ? el("p", {}, "Taints: ", name(nodes.taints[node])) : "",
      el("p", { className: "note" }, facts.flatMap((fact, at) => [at ? " · " : "", fact])),
      table(["Resources of ", name(nodes.names[node])], columns, cells),
    );
  }

  columns() {
    return [
      { title: "Node" },
      { title: "Group" },
      { title: "Before", numeric: true },
      { title: "Now", numeric: true },
      { title: "Allocatable", numeric: true },
      { title: "Share", numeric: true },
      { title: "Pods before", numeric: true },
      { title: "Pods now", numeric: true },
      { title: "Remarks" },
    ];
  }

  cells(node) {
    const moment = this.moment();
    const at = this.resource;
    const [requested, there] = moment.cell(at, node);
    const before = at === resources.length ? nodes.podsBefore[node] : nodes.before[at][node];
    const of = resourceName(at);
    const remarks = [nodes.cordoned[node] ? "unschedulable" : "", nodes.taints[node] ? "tainted" : ""].filter(Boolean).join(", ");
    return [
      name(nodes.names[node]),
      name(this.labelOf(node)),
      there > 0 || before ? quantity(of, before) : "–",
      there > 0 || requested ? quantity(of, requested) : "–",
      there > 0 ? quantity(of, there) : "–",
      there > 0 ? [bar(requested / there, requested > there ? "over" : ""), " ", share(requested / there)] : "–",
      number(nodes.podsBefore[node]),
      number(moment.pods[node]),
      remarks,
    ];
  }
}
