// Every pod that was decided, to search and to look at.

class PodsView {
  constructor() {
    this.shown = el("p", { className: "status", role: "status" });
    this.search = el("input", { type: "search", placeholder: "Part of a name or of a workload", oninput: () => this.filter() });
    this.card = el("div", { className: "card", tabIndex: -1, hidden: true });
    const columns = [{ title: "Pod" }, { title: "Workload" }, { title: "Asks for" }, ...runs.map((run) => ({ title: runs.length > 1 ? name(run.name) : "Node at the end" }))];
    this.table = new LongTable("Pods that were decided", columns, (pod) => this.cells(pod));
    this.which = "all";
    const kinds = [["all", "all"], ["placed", "placed"], ["pending", "without a node"], ["evicted", "evicted"]];
    this.element = section(
      "Pods",
      "pods",
      note("Choose a pod to see what became of it: with the keyboard, go down the list with the arrow keys and press Enter. Why it went where it went, plugin by plugin, is what longshore explain shows, also with -o html."),
      el(
        "div",
        { className: "controls" },
        el("label", { className: "choice grow" }, el("span", {}, "Search"), this.search),
        choice("Show", kinds, "all", (which) => {
          this.which = which;
          this.filter();
        }),
      ),
      this.shown,
      this.table.element,
      this.card,
    );
    this.order = this.inOrder();
    this.filter();
  }

  // In the order of the first run's last steps; pods of other runs behind them.
  inOrder() {
    const last = lastSteps(runs[0]);
    const known = pods.names.map((_, at) => at).filter((pod) => runs.some((run) => lastSteps(run)[pod] >= 0));
    const rank = (pod) => (last[pod] < 0 ? Infinity : last[pod]);
    return known.sort((a, b) => rank(a) - rank(b) || a - b);
  }

  is(which, pod) {
    if (which === "all") return true;
    const did = { placed: PLACED, pending: PENDING, evicted: EVICTED }[which];
    return runs.some((run) => lastSteps(run)[pod] >= 0 && run.steps.did[lastSteps(run)[pod]] === did);
  }

  filter() {
    const text = this.search.value.trim().toLowerCase();
    const owner = (pod) => (pods.owner[pod] ? pods.owners[pods.owner[pod] - 1] : "");
    const has = (pod) => !text || pods.names[pod].toLowerCase().includes(text) || owner(pod).toLowerCase().includes(text);
    const found = this.order.filter((pod) => this.is(this.which, pod) && has(pod));
    this.shown.textContent = some(found.length, "pod") + " of " + count(this.order.length);
    this.table.show(found);
  }

  end(run, pod) {
    const step = lastSteps(run)[pod];
    if (step < 0) return "–";
    const did = run.steps.did[step];
    if (did === PENDING) return "no node";
    const node = run.steps.node[step] ? name(nodes.names[run.steps.node[step] - 1]) : "?";
    return did === EVICTED ? ["evicted from ", node] : node;
  }

  cells(pod) {
    const open = el("button", { type: "button", className: "link", tabIndex: -1, "data-row": pod, onclick: () => this.open(pod) }, name(pods.names[pod]));
    return [open, pods.owner[pod] ? name(pods.owners[pods.owner[pod] - 1]) : "–", name(asked(pod)), ...runs.map((run) => this.end(run, pod))];
  }

  open(pod) {
    const fact = (title, text) => [el("dt", {}, title), el("dd", {}, text)];
    const facts = [fact("Workload", pods.owner[pod] ? name(pods.owners[pods.owner[pod] - 1]) : "none"), fact("Asks for", name(asked(pod)))];
    if (tries && lastSteps(runs[0])[pod] >= 0) {
      if (tries.attempts[pod]) facts.push(fact("Priority", count(tries.priority[pod])), fact("Attempts", count(tries.attempts[pod])));
      if (tries.score[pod]) facts.push(fact("Score of its node", count(tries.score[pod] - 1)));
    }
    const parts = runs.map((run) => this.story(run, pod));
    this.card.hidden = false;
    fill(this.card, el("h3", {}, name(pods.names[pod])), el("dl", { className: "facts" }, facts), parts);
    this.card.focus();
  }

  // What a run did to the pod, and for it.
  story(run, pod) {
    const lines = [];
    const { pod: who, did, by } = run.steps;
    who.forEach((other, step) => {
      if (other === pod || by[step] - 1 === pod) lines.push(el("li", {}, "Step " + count(step + 1) + ": ", stepText(run, step), "."));
    });
    const group = run.unplaced.find((of) => of.pods.includes(pod));
    const why = group && [el("p", {}, el("strong", {}, name(group.reason), ": "), name(group.message)), el("div", {}, el("strong", {}, "What would help: "), fixesOf(group))];
    return [runs.length > 1 && el("h4", {}, name(run.name)), lines.length ? el("ol", { className: "story" }, lines) : note("Nothing was done to it."), why];
  }
}
