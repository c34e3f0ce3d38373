// Words and numbers as people read them.

export function bold(text) {
  const b = document.createElement("b");
  b.textContent = text;
  return b;
}

/** A name as the language wants it. */
export function quoted(name) {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A length of time. */
export function spell(seconds) {
  if (seconds <= 0) return "none left";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** A number in about four digits; whole ones whole. */
export function number(value) {
  const size = Math.abs(value);
  if (size >= 1e10 || (size > 0 && size < 1e-4)) return value.toExponential(3);
  if (size > 0 && size < 0.1) return String(Number(value.toPrecision(3)));
  const digits = Number.isInteger(value) || size >= 1000 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The time of day, with the date unless it is today's. */
export function moment(milliseconds) {
  const date = new Date(milliseconds);
  const time = date.toLocaleTimeString([], { hour12: false });
  if (date.toDateString() === new Date().toDateString()) return time;
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  const day = { day: "numeric", month: "short", ...(isThisYear ? {} : { year: "numeric" }) };
  return `${date.toLocaleDateString("en-GB", day)}, ${time}`;
}

/** Seconds of a length of time as answers write it, such as `-1h5m`; null for `none`. */
export function seconds(text) {
  const sizes = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 };
  let sum = 0;
  let isKnown = false;
  for (const [, count, unit] of (text ?? "").matchAll(/(\d+)(ms|us|ns|h|m|s)/g)) {
    sum += Number(count) * sizes[unit];
    isKnown = true;
  }
  if (!isKnown) return null;
  return text.startsWith("-") ? -sum : sum;
}
