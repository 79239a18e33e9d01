// Puts the page together.

function heading() {
  const titles = { Simulation: "Simulation", Comparison: "Comparison of profiles", Explanation: page.explanations && page.explanations.length > 1 ? "Pods, explained" : "A pod, explained" };
  const rules = page.rules || (page.explanations && page.explanations[0] && page.explanations[0].rules);
  const gates = rules && rules.featureGates ? Object.entries(rules.featureGates).map(([gate, on]) => gate + "=" + on) : [];
  const line = rules && ["Decided by the rules of Kubernetes ", name(rules.kubernetes), " (kube-scheduler ", name(rules.kubeScheduler), rules.experimental ? ", experimental" : "", gates.length ? [", ", name(gates.join(", "))] : "", ")"];
  return el("div", { className: "title" }, el("h1", {}, titles[page.kind]), line && el("p", { className: "note" }, line));
}

function sections() {
  if (page.kind === "Explanation") {
    return listed(page.explanations).map((of, at) => {
      return section(name(of.pod || "A pod"), "pod-" + (at + 1), of.kind === "DecisionList" ? decisionsBody(of) : explanationBody(of, "h3"));
    });
  }
  const first = page.kind === "Comparison" ? compare() : overview();
  return [first, nodes.names.length && new NodesView().element, unplaced(), nodes.names.length && capacity(), new PodsView().element].filter(Boolean);
}

// Light or dark, as it was chosen here or as the system has it.
function theme() {
  const select = document.getElementById("theme");
  const root = document.documentElement;
  const set = (value) => {
    if (value) root.dataset.theme = value;
    else delete root.dataset.theme;
    document.dispatchEvent(new Event("colours"));
  };
  try {
    select.value = localStorage.getItem("longshore-theme") || "";
  } catch {
    // Files may have no storage; then it is as the system has it.
  }
  set(select.value);
  select.addEventListener("change", () => {
    set(select.value);
    try {
      localStorage.setItem("longshore-theme", select.value);
    } catch {
      // It holds for this time.
    }
  });
}

// Paper is light.
function printing() {
  const redraw = () => document.dispatchEvent(new Event("colours"));
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.printing = "yes";
    for (const details of document.querySelectorAll("details:not([open])")) details.open = details.dataset.opened = true;
    redraw();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.printing;
    for (const details of document.querySelectorAll("details[data-opened]")) {
      details.open = false;
      delete details.dataset.opened;
    }
    redraw();
  });
}

function start() {
  const all = sections();
  const main = document.getElementById("main");
  add(main, [heading(), all]);
  const links = all.map((part) => el("li", {}, el("a", { href: "#" + part.id }, el("bdi", {}, part.querySelector("h2").textContent))));
  if (all.length > 1) add(document.getElementById("sections"), links.slice(0, 12));
  document.title = "Longshore: " + main.querySelector("h1").textContent;
  theme();
  printing();
  document.documentElement.dataset.ready = "yes";
}

start();
