// Elements of the page. Text enters it here, as text.

function el(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === false || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list" && name !== "role") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  add(made, children);
  return made;
}

function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

function fill(parent, ...children) {
  parent.replaceChildren();
  add(parent, children);
}

// A name from the cluster: its direction is its own and ends with it.
function name(text) {
  return el("bdi", { className: "name" }, text);
}

function nameList(all, most) {
  const shown = all.slice(0, most || 5).flatMap((one, at) => [at ? ", " : "", name(one)]);
  return all.length > (most || 5) ? [...shown, " and " + count(all.length - (most || 5)) + " more"] : shown;
}

// The first names, and behind a switch the others, of which the page has so many at the most.
const MOST_NAMES = 500;

function longList(all) {
  if (!all.length) return "none";
  if (all.length <= 6) return nameList(all, 6);
  const others = el("details", {}, el("summary", {}, count(all.length - 6) + " more"), el("p", {}, nameList(all.slice(6), MOST_NAMES)));
  return [nameList(all.slice(0, 6), 6), others];
}

let serial = 0;
function freshId(prefix) {
  serial += 1;
  return prefix + "-" + serial;
}

// A part of the report with a heading and an entry in the navigation.
function section(title, id, ...children) {
  const heading = freshId("heading");
  const made = el("section", { id, "aria-labelledby": heading }, el("h2", { id: heading }, title), ...children);
  return made;
}

// A choice among options: pairs of a value and a text.
function choice(label, options, chosen, change) {
  const select = el("select", { onchange: () => change(select.value) });
  for (const [value, text] of options) select.append(el("option", { value, dir: "auto" }, text));
  select.value = chosen;
  return el("label", { className: "choice" }, el("span", {}, label), select);
}

// A bar of a share from 0 to 1; the number stands beside it, so it says nothing to a screen reader.
function bar(share, kind) {
  const inner = el("span", { className: "fill" + (kind ? " " + kind : "") });
  inner.style.width = Math.max(0, Math.min(1, share || 0)) * 100 + "%";
  return el("span", { className: "meter", "aria-hidden": "true" }, inner);
}

function note(...text) {
  return el("p", { className: "note" }, ...text);
}

// A number: what is read of it, and what it is.
function number(value, text) {
  return el("data", { value: String(value) }, text === undefined ? count(value) : text);
}

function quantity(resource, value) {
  return number(value, amount(resource, value));
}

function share(value) {
  return Number.isFinite(value) ? number(value, percent(value)) : "–";
}
