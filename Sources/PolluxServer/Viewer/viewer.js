// The page: chooses a machine, subscribes to its values, and shows what arrives.

import { Live, ask, get } from "/viewer/live.js";
import { Chart } from "/viewer/chart.js";
import { signIn } from "/viewer/sign-in.js";

const element = (id) => document.getElementById(id);

/** What is shown of a machine: [part or "" for the machine itself, measure, name, digits, tile?]. */
const measures = [
  ["spindle", "vibration", "Vibration", 2, true],
  ["spindle", "rpm", "Spindle speed", 0, true],
  ["spindle", "temperature", "Spindle temperature", 1, true],
  ["spindle", "load", "Spindle load", 0, true],
  ["", "power", "Power", 2, true],
  ["", "parts", "Parts", 0, true],
  ["", "state", "State", 0, false],
  ["tool", "cutting", "Cutting", 0, false],
  ["axes", "x", "X", 1, false],
  ["axes", "y", "Y", 1, false],
  ["axes", "z", "Z", 1, false],
];
/** Units that go without saying when nothing is declared. */
const usual = { rpm: "1/min", vibration: "mm/s", temperature: "°C", load: "%", power: "kW" };
/** ISO 20816: vibration above which a spindle is in the alarm zone, in mm/s. */
const alarm = 7.1;
const travel = { x: 250, y: 200, z: 150 };

await signIn();

const chart = new Chart(element("chart"));
let scene = null;
let machine = null;
let endings = [];
let values = {};
let newest = 0;

const live = new Live((state, text) => {
  const box = element("connection");
  box.className = `connection ${state}`;
  box.lastElementChild.textContent = text;
});

start();

async function start() {
  element("empty-curl").textContent =
    `curl ${location.origin}/api/v2/write --data-binary \\\n  'spindle,line=L2,machine=CNC-3 vibration=1.2'`;
  makeTiles();
  showTiles();
  showEvents([], new Set());
  chart.draw();
  try {
    const { makeScene } = await import("/viewer/scene.js");
    scene = await makeScene(element("scene"));
    element("legend").hidden = false;
  } catch (reason) {
    const note = element("scene-note");
    note.hidden = false;
    const missing = await fetch("/viewer/three.js", { method: "HEAD" }).then((r) => r.status === 404, () => false);
    note.innerHTML = missing
      ? "The 3D view needs three.js, which is fetched once.<br>Run <code>make viewer</code> and reload this page."
      : "This browser shows no 3D (WebGL is off or missing).<br>Values and chart work all the same.";
  }
  element("machine").onchange = (event) => choose(event.target.value);
  await findMachines();
  setInterval(findMachines, 4000);
  setInterval(findEvents, 2500);
  setInterval(askLife, 5000);
  setInterval(showAges, 1000);
  requestAnimationFrame(function paint() {
    if (paint.dirty !== newest) chart.draw();
    paint.dirty = newest;
    setTimeout(() => requestAnimationFrame(paint), 100);
  });
}

async function findMachines() {
  let names = [];
  try {
    const answer = await get("/api/v1/assets?type=machine&limit=500");
    names = answer.assets.filter((asset) => asset.name && !asset.to).map((asset) => asset.name);
  } catch { /* No such type yet, or no server: the connection pill tells the second. */ }
  names.sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  const box = element("machine");
  const known = [...box.options].map((option) => option.value).join("\n");
  if (names.length && known !== names.join("\n")) {
    box.replaceChildren(...names.map((name) => new Option(name, name, false, name === machine)));
  }
  element("empty").hidden = machine !== null || names.length > 0;
  if (machine === null && names.length) {
    const wanted = decodeURIComponent(location.hash.slice(1));
    choose(names.includes(wanted) ? wanted : names[0]);
  }
}

function choose(name) {
  for (const end of endings) end();
  endings = [];
  values = {};
  newest = 0;
  machine = name;
  location.hash = encodeURIComponent(name);
  element("machine").value = name;
  element("title").textContent = name;
  element("subtitle").textContent = "waiting for values";
  showEvents([], new Set());
  chart.clear();
  scene?.forget();
  showTiles();
  for (const entry of measures) follow(name, entry);
  findEvents();
  askLife();
}

/** Subscribes to one measure; one that does not exist yet is asked for again later. */
function follow(name, [part, measure]) {
  const key = `${part}.${measure}`;
  const where = `${part ? `${part} of ` : ""}machine ${quoted(name)}`;
  let end = () => {};
  let timer = 0;
  let column = null;
  const begin = () => {
    end = live.subscribe({ query: `watch [${measure}] of ${where} last 2m` }, {
      subscribed: (columns) => {
        column = columns.find((c) => c.name === measure)
          ?? columns.find((c) => ["float", "integer", "boolean", "text"].includes(c.type));
      },
      rows: (rows) => { if (column) take(key, column, rows); },
      error: () => { end(); timer = setTimeout(begin, 8000); },
    });
  };
  begin();
  endings.push(() => { end(); clearTimeout(timer); });
}

function take(key, column, rows) {
  const old = values[key];
  for (const row of rows) {
    const time = Date.parse(row.time);
    const value = row[column.name];
    if (key === "spindle.vibration") chart.add(time, value ?? null);
    if (value === null || value === undefined) continue;
    if (!values[key] || time >= values[key].time) {
      values[key] = { time, value, unit: column.unit ?? "", item: row.asset };
    }
    newest = Math.max(newest, time);
  }
  if (values[key] !== old) show();
}

function show() {
  showTiles();
  const value = (key) => values[key]?.value;
  const vibration = value("spindle.vibration");
  const position = (axis) => Math.max(-1, Math.min(1, (value(`axes.${axis}`) ?? 0) / travel[axis]));
  const unit = values["spindle.vibration"]?.unit || usual.vibration;
  element("chart-unit").textContent = unit;
  element("legend-top").textContent = `${alarm} ${unit}`;
  const state = value(".state");
  const rpm = value("spindle.rpm") ?? 0;
  scene?.show({
    rpm, heat: Math.min(1, (vibration ?? 0) / alarm),
    x: position("x"), y: position("y"), z: position("z"), cutting: value("tool.cutting") === true,
  });
  scene?.setLamp(lampOf(state, rpm));
  const words = [];
  if (state) words.push(["", state]);
  const spindle = values["spindle.vibration"]?.item ?? values["spindle.rpm"]?.item;
  if (spindle) words.push(["spindle ", String(spindle)]);
  const line = element("subtitle");
  line.replaceChildren();
  words.forEach(([before, text], index) => {
    if (index) line.append(" · ");
    line.append(before, bold(text));
  });
}

function lampOf(state, rpm) {
  if (/fault|alarm|error|stop/i.test(state ?? "")) return "red";
  if (/run|cut|work|active/i.test(state ?? "") || (!state && rpm > 1)) return "green";
  return state ? "amber" : "";
}

function makeTiles() {
  const list = measures.filter((entry) => entry[4]).map(([part, measure, name]) => {
    const tile = document.createElement("div");
    tile.className = "tile";
    tile.id = `tile-${part}.${measure}`;
    tile.innerHTML = '<div class="name"></div><div class="value"></div>';
    tile.firstElementChild.textContent = name;
    return tile;
  });
  element("tiles").replaceChildren(...list);
}

function showTiles() {
  for (const [part, measure, , digits, isTile] of measures) {
    if (!isTile) continue;
    const tile = element(`tile-${part}.${measure}`);
    const found = values[`${part}.${measure}`];
    const box = tile.lastElementChild;
    box.replaceChildren(found ? format(found.value, digits) : "–");
    const unit = found ? found.unit || usual[measure] || "" : "";
    if (unit) {
      const small = document.createElement("small");
      small.textContent = unit;
      box.append(small);
    }
    const isVibration = measure === "vibration" && found;
    tile.classList.toggle("bad", Boolean(isVibration && found.value >= alarm));
    tile.classList.toggle("warn", Boolean(isVibration && found.value >= 4.5 && found.value < alarm));
  }
}

function showAges() {
  element("clock").textContent = newest
    ? new Date(newest).toLocaleTimeString([], { hour12: false }) : "";
  for (const [part, measure, , , isTile] of measures) {
    const found = values[`${part}.${measure}`];
    if (isTile) element(`tile-${part}.${measure}`).classList.toggle("old", Boolean(found && newest - found.time > 30000));
  }
}

async function askLife() {
  if (machine === null) return;
  const asked = machine;
  let answer = null;
  let problem = "";
  try {
    answer = await ask(`remaining life of tool of machine ${quoted(asked)}`);
  } catch (reason) {
    problem = reason.message;
  }
  if (asked !== machine) return;
  showLife(answer?.rows[0] ?? null, answer?.columns ?? [], problem);
}

/** The answer of `remaining life of tool …`: p10, p50, p90 and used, in minutes of cut. */
function showLife(row, columns, problem) {
  const minutes = (name) => {
    const column = columns.find((candidate) => candidate.name === name);
    const value = row && column ? row[name] : null;
    return typeof value === "number" ? value : null;
  };
  const [low, middle, high, used] = ["p10", "p50", "p90", "used"].map(minutes);
  element("life-tool").textContent = row?.asset ?? "";
  element("life-value").textContent = middle === null ? "–" : `${spell(middle * 60)} of cut`;
  element("life-bounds").textContent =
    low !== null && high !== null ? `80 % sure: ${spell(low * 60)} to ${spell(high * 60)}` : "";
  element("life-note").textContent = problem || (row?.note ?? (row ? "" : "not known yet"));
  const share = middle !== null && used !== null ? middle / Math.max(1e-9, middle + used) : 0;
  const bar = element("life-bar");
  bar.style.width = `${Math.round(share * 100)}%`;
  bar.style.background = share < 0.1 ? "var(--bad)" : share < 0.3 ? "var(--warn)" : "var(--good)";
}

function spell(seconds) {
  if (seconds <= 0) return "none left";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

async function findEvents() {
  if (machine === null) return;
  const asked = machine;
  let events = [];
  let alerts = new Set();
  try {
    const since = new Date((newest || Date.now()) - 86400000).toISOString();
    const [page, rules] = await Promise.all([
      get(`/api/v1/events?since=${since}&limit=400`), get("/api/v1/alerts"),
    ]);
    events = page.events;
    alerts = new Set(rules.alerts.map((alert) => alert.name));
  } catch {
    return;
  }
  if (asked !== machine) return;
  showEvents(events.filter((event) => event.name !== "job" && belongs(event, asked)), alerts);
}

function showEvents(events, alerts) {
  const shown = events
    .sort((a, b) => Date.parse(b.start) - Date.parse(a.start))
    .slice(0, 40);
  const open = shown.filter((event) => event.open && (alerts.has(event.name) || isAnomaly(event)));
  element("alert-count").textContent = open.length ? `${open.length} open` : "";
  const list = shown.map((event) => eventRow(event, alerts.has(event.name) || isAnomaly(event)));
  if (!list.length) {
    const none = document.createElement("li");
    none.className = "none";
    none.textContent = "nothing so far";
    list.push(none);
  }
  element("alerts").replaceChildren(...list);
}

const isAnomaly = (event) => /anomal|novel/i.test(event.name);

/** Events of the machine, of its parts (`CNC-3/spindle`), and of the items now mounted in it. */
function belongs(event, name) {
  const items = Object.values(values).map((value) => value.item);
  return event.display === name || event.display.startsWith(`${name}/`) || items.includes(event.display);
}

function eventRow(event, isAlert) {
  const row = document.createElement("li");
  row.className = isAlert && event.open ? "open" : "";
  const dot = document.createElement("i");
  const name = document.createElement("span");
  name.append(bold(event.name.replaceAll("-", " ")), event.label ? ` ${event.label}` : "");
  const when = document.createElement("span");
  when.className = "when";
  when.textContent = new Date(event.start).toLocaleTimeString([], { hour12: false });
  const more = document.createElement("span");
  more.className = "more";
  const length = event.end && event.end !== event.start
    ? `for ${spell((Date.parse(event.end) - Date.parse(event.start)) / 1000)}` : event.open ? "still open" : "";
  const notes = Object.entries(event.attributes).slice(0, 4)
    .map(([key, value]) => `${key} ${typeof value === "number" ? Number(value.toPrecision(4)) : value}`);
  more.textContent = [event.display, length, ...notes].filter(Boolean).join(" · ");
  row.append(dot, name, when, more);
  return row;
}

function bold(text) {
  const b = document.createElement("b");
  b.textContent = text;
  return b;
}

function format(value, digits) {
  if (typeof value === "number") {
    return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }
  return String(value);
}

function quoted(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
