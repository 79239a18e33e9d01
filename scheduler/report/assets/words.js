// Amounts and numbers as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });

const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

function inBytes(resource) {
  return resource === "memory" || resource === "ephemeral-storage" || resource.startsWith("hugepages-");
}

// 1500 of cpu is 1.5, bytes have a unit, all else is a number.
function amount(resource, value) {
  if (resource === "cpu") return exact.format(value / 1000);
  if (!inBytes(resource)) return whole.format(value);
  let unit = 0;
  let left = value;
  while (Math.abs(left) >= 1024 && unit < BINARY.length - 1) {
    left /= 1024;
    unit += 1;
  }
  return short.format(left) + (unit ? " " + BINARY[unit] : "");
}

function count(value) {
  return whole.format(value);
}

function percent(share) {
  return Number.isFinite(share) ? tenth.format(share * 100) + " %" : "–";
}

// One pod, 2 pods.
function some(value, one, many) {
  return count(value) + " " + (value === 1 ? one : many || one + "s");
}

function resourceName(at) {
  return at === resources.length ? "pods" : resources[at];
}

// What a pod asks for, in a line.
function asked(pod) {
  const asks = requestsOf(pod);
  if (!asks) return "–";
  const parts = asks.map((value, at) => (value ? amount(resources[at], value) + " " + resources[at] : ""));
  return parts.filter(Boolean).join(", ") || "nothing";
}

// A share in one of five parts, and a sixth for more than there is.
function level(share) {
  if (share > 1) return 5;
  return Math.min(4, Math.max(0, Math.floor(share * 5)));
}

const LEVELS = ["under 20 %", "20 to 40 %", "40 to 60 %", "60 to 80 %", "80 to 100 %", "more than there is"];
