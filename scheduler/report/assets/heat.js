// The heat map: a cell for each node, filled from below by its share and coloured by it, so that it can be read without colours.

const MOST_ACROSS = 2000;

function cellSize(total) {
  if (total <= 60) return 30;
  if (total <= 300) return 20;
  if (total <= 1500) return 14;
  return 10;
}

class HeatMap {
  constructor(pick) {
    this.pick = pick;
    this.element = el("div", {
      className: "heat",
      tabIndex: 0,
      role: "group",
      "aria-label": "Heat map of nodes. Arrow keys go from node to node; what is said of the node stands below. The table under it has the same numbers.",
    });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.parts = [];
    this.order = [];
    this.chosen = -1;
    this.marked = -1;
    new ResizeObserver(() => this.layout()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    document.addEventListener("colours", () => this.draw());
  }

  // `groups`: { title, nodes }; `cell` says of a node what is requested and what there is.
  show(groups, cell) {
    this.groups = groups;
    this.cell = cell;
    this.size = cellSize(groups.reduce((sum, group) => sum + group.nodes.length, 0));
    this.parts = groups.map((group) => {
      const canvas = el("canvas", {});
      const part = { canvas, nodes: group.nodes };
      canvas.addEventListener("pointermove", (event) => this.point(part, event, false));
      canvas.addEventListener("pointerdown", (event) => this.point(part, event, true));
      part.text = el("span", { className: "of" });
      const id = freshId("group");
      const heading = group.title !== undefined && el("h3", { id }, group.title, part.text);
      part.element = el("div", { className: "part", role: heading && "group", "aria-labelledby": heading && id }, heading, canvas);
      return part;
    });
    this.order = groups.flatMap((group) => group.nodes);
    fill(this.element, this.parts.map((part) => part.element));
    this.layout();
  }

  layout() {
    const across = this.element.clientWidth;
    if (!across) return;
    const pitch = this.size + 2;
    const columns = Math.max(1, Math.floor(Math.min(MOST_ACROSS, across) / pitch));
    this.columns = columns;
    const ratio = devicePixelRatio || 1;
    for (const part of this.parts) {
      const wide = Math.min(columns, part.nodes.length) * pitch;
      const high = Math.ceil(part.nodes.length / columns) * pitch;
      part.canvas.width = Math.ceil(wide * ratio);
      part.canvas.height = Math.ceil(high * ratio);
      part.canvas.style.width = wide + "px";
      part.canvas.style.height = high + "px";
    }
    this.draw();
  }

  draw() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    const colours = {
      levels: [0, 1, 2, 3, 4, 5].map((at) => of("--level-" + at)),
      track: of("--track"),
      line: of("--line"),
      ink: of("--ink"),
      mark: of("--mark"),
    };
    const ratio = devicePixelRatio || 1;
    for (const part of this.parts) {
      const context = part.canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, part.canvas.width, part.canvas.height);
      part.nodes.forEach((node, at) => this.drawCell(context, colours, node, at));
      this.describe(part);
    }
  }

  drawCell(context, colours, node, at) {
    const pitch = this.size + 2;
    const size = this.size;
    const left = (at % this.columns) * pitch + 1;
    const top = Math.floor(at / this.columns) * pitch + 1;
    const [requested, there] = this.cell(node);
    if (there <= 0) {
      context.strokeStyle = colours.line;
      context.strokeRect(left + 0.5, top + 0.5, size - 1, size - 1);
    } else {
      const share = requested / there;
      context.fillStyle = colours.track;
      context.fillRect(left, top, size, size);
      const high = Math.min(size, Math.max(share > 0 ? 1 : 0, Math.round(share * size)));
      context.fillStyle = colours.levels[level(share)];
      context.fillRect(left, top + size - high, size, high);
      if (share > 1) {
        context.fillStyle = colours.track;
        context.fillRect(left + size * 0.4, top + size * 0.15, size * 0.2, size * 0.7);
      }
    }
    if (nodes.cordoned[node]) {
      context.strokeStyle = colours.ink;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(left, top + size);
      context.lineTo(left + size, top);
      context.stroke();
    }
    if (node === this.marked || node === this.chosen) {
      context.strokeStyle = node === this.chosen ? colours.ink : colours.mark;
      context.lineWidth = 2;
      context.strokeRect(left, top, size, size);
      context.lineWidth = 1;
    }
  }

  describe(part) {
    let [requested, there] = [0, 0];
    for (const node of part.nodes) {
      const [asked, has] = this.cell(node);
      requested += asked;
      there += has;
    }
    part.text.textContent = some(part.nodes.length, "node") + ", " + (there ? percent(requested / there) + " requested" : "none of it");
    part.canvas.setAttribute("role", "img");
    part.canvas.setAttribute("aria-label", part.text.textContent);
  }

  point(part, event, press) {
    const pitch = this.size + 2;
    const at = Math.floor(event.offsetX / pitch) + Math.floor(event.offsetY / pitch) * this.columns;
    const node = part.nodes[at];
    if (node !== undefined && (press || event.pointerType === "mouse")) this.choose(node);
  }

  choose(node) {
    if (node === this.chosen) return;
    this.chosen = node;
    this.draw();
    this.pick(node);
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns }[event.key];
    const ends = { Home: 0, End: this.order.length - 1 }[event.key];
    if ((by === undefined && ends === undefined) || !this.order.length) return;
    event.preventDefault();
    const now = this.order.indexOf(this.chosen);
    const next = ends !== undefined ? ends : now < 0 ? 0 : Math.max(0, Math.min(this.order.length - 1, now + by));
    this.choose(this.order[next]);
  }
}

// What the cells mean.
function legend() {
  const sample = (className, text) => el("li", {}, el("span", { className: "sample " + className, "aria-hidden": "true" }), text);
  return el(
    "ul",
    { className: "legend", "aria-label": "What the cells mean" },
    LEVELS.map((text, at) => sample("level-" + at, text)),
    sample("none", "has none of it"),
    sample("cordoned", "marked unschedulable"),
    sample("marked", "node of this step"),
  );
}
