// The page: chooses an asset, asks for its values again and again, and shows what arrives.

import { Live, get } from "/viewer/live.js";
import { Chart } from "/viewer/chart.js";
import { Events } from "/viewer/events.js";
import { Life } from "/viewer/life.js";
import { Tiles, Values, limits, oldAge } from "/viewer/values.js";
import { signIn } from "/viewer/sign-in.js";
import { bold, moment, quoted, spell } from "/viewer/text.js";

const element = (id) => document.getElementById(id);
/** Millimetres from the middle of the machine's axes to their ends. */
const travel = { x: 250, y: 200, z: 150 };

await signIn();

/** All assets of the plant, places in machines too. */
let assets = [];
let byDisplay = new Map();
let asset = null;
let scene = null;
/** The value in the chart, and what ends its subscription. */
let charted = null;
let endChart = () => {};
let connection = { state: "waiting", text: "connecting" };

const values = new Values((display) => byDisplay.get(display));
const tiles = new Tiles(element("tiles"), values, (value) => followChart(value));
const chart = new Chart(element("chart"), () => values.now);
const events = new Events();
const life = new Life();
const live = new Live((state, text) => {
  connection = { state, text };
  show();
});

start();

async function start() {
  element("empty-curl").textContent =
    `curl ${location.origin}/api/v2/write --data-binary \\\n  'spindle,line=L2,machine=CNC-3 vibration=1.2'`;
  try {
    const { makeScene } = await import("/viewer/scene.js");
    scene = await makeScene(element("scene"));
  } catch (reason) {
    const note = element("scene-note");
    note.hidden = false;
    const missing = await fetch("/viewer/three.js", { method: "HEAD" }).then((r) => r.status === 404, () => false);
    note.innerHTML = missing
      ? "The 3D view needs three.js, which is fetched once.<br>Run <code>make viewer</code> and reload this page."
      : "This browser shows no 3D (WebGL is off or missing).<br>Values and chart work all the same.";
  }
  element("asset").onchange = (event) => { location.hash = event.target.value; };
  window.onhashchange = openHash;
  again(findAssets, () => (assets.length ? 4000 + 5 * assets.length : 3000));
  again(refresh, () => 1000);
  again(() => events.refresh(numbers(), values.now), () => 4000);
  again(() => life.refresh(parts().some((part) => part.type === "tool")), () => 5000);
  setInterval(show, 500);
}

/** Runs a question as long as there is a connection, each time when the one before has ended. */
async function again(question, pause) {
  const started = Date.now();
  if (connection.state === "live") await question().catch(() => {});
  // What takes long is asked less often.
  setTimeout(() => again(question, pause), Math.max(pause(), 4 * (Date.now() - started)));
}

// MARK: Choosing

async function findAssets() {
  const page = await get("/api/v1/assets?limit=10000");
  assets = page.assets.filter((candidate) => !candidate.to);
  byDisplay = new Map(assets.map((candidate) => [candidate.display, candidate]));
  element("empty").hidden = assets.length > 0;
  fillChooser(page.cut);
  if (asset === null) openHash();
}

/** Assets with names, machines first, the others by type in the plant's order. */
function choices() {
  const types = new Map([["machine", []]]);
  for (const candidate of assets) {
    if (candidate.place || !candidate.name) continue;
    if (!types.has(candidate.type)) types.set(candidate.type, []);
    types.get(candidate.type).push(candidate);
  }
  for (const list of types.values()) {
    list.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  }
  return [...types].filter(([, list]) => list.length);
}

function fillChooser(isCut) {
  const box = element("asset");
  const types = choices();
  const wanted = types.flatMap(([, list]) => list.map(hashOf));
  if (!wanted.length || wanted.join("\n") === [...box.options].map((option) => option.value).join("\n")) return;
  const groups = types.map(([type, list]) => {
    const group = document.createElement("optgroup");
    group.label = type;
    group.append(...list.map((candidate) => new Option(candidate.name, hashOf(candidate))));
    return group;
  });
  if (isCut) groups[groups.length - 1].label += " (there are more than are listed)";
  box.replaceChildren(...groups);
  if (asset) box.value = hashOf(asset);
}

/** What stands in the address for an asset: `#CNC-3` for a machine, `#press/P1` for a press. */
function hashOf({ type, name }) {
  return `#${type === "machine" ? "" : `${encodeURIComponent(type)}/`}${encodeURIComponent(name)}`;
}

function openHash() {
  const { hash } = location;
  const all = choices().flatMap(([, list]) => list);
  let wanted = hash.slice(1);
  try { wanted = decodeURIComponent(wanted); } catch { /* Not made here: taken as it stands. */ }
  if (!wanted) {
    if (asset === null && all.length) {
      history.replaceState(null, "", hashOf(all[0]));
      choose(all[0]);
    }
    return;
  }
  const found = all.find((candidate) => hashOf(candidate) === hash)
    ?? all.find((candidate) => candidate.name === wanted);
  if (!found) return choose(null, wanted);
  if (found.id !== asset?.id) choose(found);
}

/** Shows an asset, or that there is none of the name. */
function choose(chosen, name = chosen.name) {
  const hasChanged = asset !== null || chosen !== null;
  asset = chosen;
  document.title = `${name} · Pollux`;
  element("title").textContent = name;
  element("asset").value = chosen ? hashOf(chosen) : "";
  if (!hasChanged) return show();
  document.querySelector("main").classList.toggle("flat", chosen !== null && chosen.type !== "machine");
  values.follow(chosen);
  events.follow(chosen);
  life.follow(chosen);
  followChart(null);
  scene?.forget();
  if (!chosen) return;
  refresh().catch(() => {});
  events.refresh(numbers(), values.now);
}

/** The asset, the places in it, and what has values and is mounted in it. */
function parts() {
  if (!asset) return [];
  const found = new Set([asset]);
  for (const candidate of assets) {
    if (candidate.display.startsWith(`${asset.display}/`)) found.add(candidate);
  }
  for (const value of values.list) {
    const part = byDisplay.get(value.asset);
    if (part) found.add(part);
  }
  return [...found];
}

function numbers() { return parts().map((part) => part.id); }

// MARK: Values

async function refresh() {
  const before = values.list.length;
  await values.refresh();
  const still = values.list.find((value) => value.key === charted?.key);
  if (!still && values.list.length) followChart(values.list.find((value) => value.isNumber) ?? null);
  if (!before && values.list.length) events.refresh(numbers(), values.now);
  show();
}

/** Subscribes to the samples of one value; what is refused is asked for again later. */
function followChart(value) {
  if (value && value.key === charted?.key) return;
  endChart();
  charted = value;
  chart.clear();
  show();
  if (!value) return;
  const whole = `${asset.type} ${quoted(asset.name)}`;
  const where = value.part ? `${value.part} of ${whole}` : whole;
  let end = () => {};
  let timer = 0;
  const begin = () => {
    end = live.subscribe({ query: `watch [${value.measure}] of ${where} last 2m` }, {
      subscribed: (columns) => chart.begin(columns.find((column) => column.name === value.measure)),
      rows: (rows) => {
        for (const row of rows) {
          if (row.asset === value.asset) chart.add(Date.parse(row.time), row[value.measure] ?? null);
        }
        chart.draw();
      },
      error: () => { end(); timer = setTimeout(begin, 8000); },
    });
  };
  begin();
  endChart = () => { end(); clearTimeout(timer); };
}

function show() {
  const isLost = connection.state !== "live";
  const { newest } = values;
  const silence = newest ? values.age(newest) : 0;
  const isOld = isLost || silence > oldAge;
  tiles.show(charted?.key, isLost);
  showConnection(isLost, silence);
  showCaption(isLost, isOld, silence);
  element("clock").textContent = newest ? moment(newest) : "";
  const limit = limits(values.list.find((value) => limits(value)));
  element("legend").hidden = !scene || !limit || asset?.type !== "machine";
  if (limit) {
    element("legend-top").textContent = `${limit.alarm.toLocaleString("en")} ${values.of("spindle", "vibration").unit}`;
  }
  element("chart-name").textContent = charted ? values.title(charted) : "Chart";
  element("chart-unit").textContent = values.list.find((value) => value.key === charted?.key)?.unit ?? "";
  element("chart").setAttribute("aria-label", `${element("chart-name").textContent} over the last two minutes`);
  chart.draw();
  showScene(limit, isOld);
}

function showConnection(isLost, silence) {
  const box = element("connection");
  const isSilent = !isLost && silence > oldAge;
  box.className = `connection ${isSilent ? "silent" : connection.state}`;
  box.lastElementChild.textContent = isSilent ? `no values for ${spell(silence)}` : connection.text;
}

function showCaption(isLost, isOld, silence) {
  const line = element("subtitle");
  line.replaceChildren();
  if (!asset) {
    if (assets.length && location.hash.length > 1) line.append("there is no such asset in this plant");
    return;
  }
  const words = [];
  const state = values.of("", "state")?.value;
  if (asset.type !== "machine") words.push([asset.type]);
  if (state) words.push([isOld ? "was " : "", state]);
  const spindle = values.of("spindle", "vibration") ?? values.of("spindle", "rpm");
  // A spindle without a name says no more than the machine's.
  if (asset.type === "machine" && spindle && !byDisplay.get(spindle.asset)?.place) {
    words.push(["spindle ", spindle.asset]);
  }
  if (isLost) words.push(["not connected"]);
  else if (isOld) words.push([`no values for ${spell(silence)}`]);
  else if (!values.list.length) words.push([values.isAsked ? "no values yet" : "waiting for values"]);
  words.forEach(([before, text], index) => {
    if (index) line.append(" · ");
    line.append(before, ...(text ? [bold(String(text))] : []));
  });
}

function showScene(limit, isOld) {
  if (!scene) return;
  if (isOld || !values.list.length) return scene.forget();
  const value = (part, measure) => values.of(part, measure)?.value;
  const position = (axis) => Math.max(-1, Math.min(1, (value("axes", axis) || 0) / travel[axis]));
  const vibration = value("spindle", "vibration") || 0;
  const rpm = value("spindle", "rpm") || 0;
  scene.show({
    rpm, heat: limit ? Math.max(0, Math.min(1, vibration / limit.alarm)) : 0, known: limit !== null,
    x: position("x"), y: position("y"), z: position("z"),
  });
  scene.setLamp(lampOf(value("", "state"), rpm));
}

function lampOf(state, rpm) {
  if (/fault|alarm|error|stop/i.test(state ?? "")) return "red";
  if (/run|cut|work|active/i.test(state ?? "") || (!state && rpm > 1)) return "green";
  return state ? "amber" : "";
}
