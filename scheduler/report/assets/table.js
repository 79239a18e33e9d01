// Tables. A column is { title, numeric, wide }; a cell is what `add` takes.

function head(columns) {
  const cells = columns.map((column) => {
    return el("th", { scope: "col", className: column.numeric ? "numeric" : "" }, column.title);
  });
  return el("thead", {}, el("tr", {}, cells));
}

function row(columns, cells) {
  const made = cells.map((cell, at) => {
    const className = (columns[at].numeric ? "numeric" : "") + (columns[at].wide ? " wide" : "");
    if (at === 0) return el("th", { scope: "row", className }, cell);
    return el("td", { className }, cell);
  });
  return el("tr", {}, made);
}

// Around a table that may be wider than there is room. Then it can be reached with the keyboard, to scroll it.
function scroller(made) {
  made.caption.id ||= freshId("caption");
  const around = el("div", { className: "scroll" }, made);
  new ResizeObserver(() => {
    const wide = around.scrollWidth > around.clientWidth;
    const properties = { tabindex: "0", role: "region", "aria-labelledby": made.caption.id };
    for (const [property, value] of Object.entries(properties)) {
      if (wide) around.setAttribute(property, value);
      else around.removeAttribute(property);
    }
  }).observe(around);
  return around;
}

// A table with all its rows.
function table(caption, columns, rows) {
  const body = el("tbody", {}, rows.map((cells) => (cells instanceof Node ? cells : row(columns, cells))));
  return scroller(el("table", {}, el("caption", {}, caption), head(columns), body));
}

// A table of which the first rows are there, and more when they are asked for.
function growing(caption, columns, total, cellsOf, first) {
  const body = el("tbody", {});
  const more = el("button", { type: "button", className: "more" });
  let shown = 0;
  const grow = (by) => {
    const until = Math.min(total, shown + by);
    for (; shown < until; shown += 1) {
      const cells = cellsOf(shown);
      body.append(cells instanceof Node ? cells : row(columns, cells));
    }
    more.hidden = shown >= total;
    more.textContent = "Show more (" + count(total - shown) + " left)";
  };
  more.addEventListener("click", () => grow(first * 4));
  grow(first);
  return el("div", {}, scroller(el("table", {}, el("caption", {}, caption), head(columns), body)), more);
}

const ROW = 34;
const PRINTED = 100;

// A table of any length: only the rows are there that are seen. All rows are equally high.
class LongTable {
  constructor(caption, columns, cellsOf) {
    this.columns = columns;
    this.cellsOf = cellsOf;
    this.rows = [];
    this.top = el("tr", { "aria-hidden": "true" }, el("td", { colSpan: columns.length, className: "space" }));
    this.bottom = el("tr", { "aria-hidden": "true" }, el("td", { colSpan: columns.length, className: "space" }));
    this.body = el("tbody", {}, this.top, this.bottom);
    const id = freshId("caption");
    this.caption = el("caption", { id }, caption);
    this.table = el("table", { className: "long", "aria-rowcount": 1 }, this.caption, head(columns), this.body);
    this.viewport = el("div", { className: "viewport", tabIndex: 0, role: "region", "aria-labelledby": id }, this.table);
    this.rest = el("p", { className: "note rest", hidden: true });
    this.element = el("div", {}, this.viewport, this.rest);
    this.viewport.addEventListener("scroll", () => this.draw());
    this.viewport.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this.viewport);
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
  }

  // Shows these rows, which are what `cellsOf` is asked about.
  show(rows) {
    this.rows = rows;
    this.drawn = undefined;
    this.table.setAttribute("aria-rowcount", rows.length + 1);
    this.viewport.scrollTop = 0;
    this.draw();
  }

  // Where rows have a button, the arrow keys go from row to row; the tabulator leaves the table.
  key(event) {
    const page = Math.max(1, Math.floor(this.viewport.clientHeight / ROW) - 2);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || !this.body.querySelector("button")) return;
    event.preventDefault();
    const row = event.target.closest("tr");
    const now = row ? Number(row.getAttribute("aria-rowindex")) - 2 : by > 0 ? -1 : 0;
    const next = Math.max(0, Math.min(this.rows.length - 1, now + by));
    const high = this.table.tHead.offsetHeight + this.caption.offsetHeight;
    const above = high + next * ROW - this.table.tHead.offsetHeight;
    const below = high + (next + 1) * ROW - this.viewport.clientHeight;
    this.viewport.scrollTop = Math.min(above, Math.max(below, this.viewport.scrollTop));
    this.draw();
    this.body.querySelector('tr[aria-rowindex="' + (next + 2) + '"] button')?.focus({ preventScroll: true });
  }

  print(begin) {
    this.printing = begin;
    this.drawn = undefined;
    const left = this.rows.length - PRINTED;
    this.rest.hidden = !begin || left <= 0;
    this.rest.textContent = "and " + count(left) + " more rows, which are in the document";
    this.draw();
  }

  draw() {
    const high = this.viewport.clientHeight || 400;
    let first = Math.max(0, Math.floor(this.viewport.scrollTop / ROW) - 8);
    let last = Math.min(this.rows.length, first + Math.ceil(high / ROW) + 16);
    if (this.printing) [first, last] = [0, Math.min(this.rows.length, PRINTED)];
    first = Math.min(first, Math.max(0, this.rows.length - 1));
    const key = first + "-" + last;
    if (key === this.drawn) return;
    this.drawn = key;
    const held = document.activeElement && this.body.contains(document.activeElement) && document.activeElement.dataset.row;
    while (this.top.nextSibling !== this.bottom) this.top.nextSibling.remove();
    for (let at = first; at < last; at += 1) {
      const made = row(this.columns, this.cellsOf(this.rows[at]));
      made.setAttribute("aria-rowindex", at + 2);
      this.bottom.before(made);
    }
    this.top.firstChild.style.height = (this.printing ? 0 : first * ROW) + "px";
    this.bottom.firstChild.style.height = (this.printing ? 0 : (this.rows.length - last) * ROW) + "px";
    if (held) this.body.querySelector('[data-row="' + Number(held) + '"]')?.focus({ preventScroll: true });
  }
}
