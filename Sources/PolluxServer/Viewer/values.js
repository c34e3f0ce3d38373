// The newest values of an asset and of all that is in it, and the tiles that show them.

import { ask } from "/viewer/live.js";
import { number, quoted, seconds, spell } from "/viewer/text.js";

/** Seconds after which a value is shown as old. */
export const oldAge = 30;
const mostTiles = 60;

/** What comes first, where it is there: [type of the part or "", measure]. */
const first = [
  ["spindle", "vibration"], ["spindle", "rpm"], ["spindle", "temperature"], ["spindle", "load"],
  ["", "power"], ["", "parts"], ["", "state"],
];

export class Values {
  /** @param {(display: string) => {type: string} | undefined} find an asset by its display name */
  constructor(find) {
    this.find = find;
    this.asset = null;
    this.list = [];
    this.isAsked = false;
    this.lead = 0;
  }

  follow(asset) {
    this.asset = asset;
    this.list = [];
    this.isAsked = false;
  }

  /** The server's clock, which made the ages; in milliseconds. */
  get now() { return Date.now() + this.lead; }

  /** The time of the newest value, 0 without one. */
  get newest() { return this.list.reduce((newest, value) => Math.max(newest, value.time), 0); }

  /** Seconds since a value. */
  age(time) { return Math.max(0, (this.now - time) / 1000); }

  /** The value of a measure of the asset itself (`""`) or of a part of it. */
  of(part, measure) {
    return this.list.find((value) => value.part === part && value.measure === measure);
  }

  /** Asks once. */
  async refresh() {
    const { asset } = this;
    if (!asset) return;
    const answer = await ask(`latest everything of ${asset.type} ${quoted(asset.name)}`);
    if (asset !== this.asset) return;
    const [row] = answer.rows;
    if (row) this.lead = Date.parse(row.time) + (seconds(row.age) ?? 0) * 1000 - Date.now();
    this.isAsked = true;
    this.list = answer.rows.map((row) => this.value(row)).sort((a, b) => a.rank - b.rank);
  }

  value(row) {
    const part = row.asset === this.asset.display ? "" : this.find(row.asset)?.type ?? row.asset;
    const place = first.findIndex(([type, measure]) => type === part && measure === row.measure);
    const isNumber = row.value !== null && row.value.trim() !== "" && Number.isFinite(Number(row.value));
    return {
      key: `${row.asset} ${row.measure}`, asset: row.asset, part, measure: row.measure,
      unit: row.unit ?? "", time: Date.parse(row.time), isNumber,
      value: isNumber ? Number(row.value) : row.value, rank: place < 0 ? first.length : place,
    };
  }

  /** What a value is called: `Spindle vibration`, or `SP-7 vibration` where there are several spindles. */
  title(value) {
    const isAlone = this.list.every((other) =>
      other.part !== value.part || other.measure !== value.measure || other.asset === value.asset);
    const measure = value.measure.replaceAll("-", " ");
    if (!isAlone) return `${value.asset} ${measure}`;
    const words = value.part ? `${value.part} ${measure}` : measure;
    return words.charAt(0).toUpperCase() + words.slice(1);
  }
}

/** Millimetres per second of the units in which speeds of vibration are measured. */
const speeds = { "mm/s": 1, "m/s": 1000, "cm/s": 10, "µm/s": 0.001, "um/s": 0.001, "in/s": 25.4 };

/**
 * ISO 20816: the vibration above which a spindle is in the alarm zone (7.1 mm/s) and in the zone
 * before (4.5 mm/s), in the value's own unit; null for a value these limits say nothing about.
 */
export function limits(value) {
  const size = value?.part === "spindle" && value.measure === "vibration" ? speeds[value.unit] : undefined;
  if (!size) return null;
  const own = (limit) => Number((limit / size).toPrecision(6));
  return { warn: own(4.5), alarm: own(7.1) };
}

export class Tiles {
  /** @param {(value: object) => void} onChoose for the tile of a number that was clicked */
  constructor(box, values, onChoose) {
    Object.assign(this, { box, values, onChoose });
    this.tiles = new Map();
  }

  /** Shows what is known; all of it as old when the connection is lost. */
  show(chosen, isLost) {
    const { values, tiles } = this;
    const list = values.list.slice(0, mostTiles);
    const keys = list.map((value) => value.key);
    if (keys.join("\n") !== [...tiles.keys()].join("\n")) this.build(list);
    for (const value of list) {
      const tile = tiles.get(value.key);
      const [name, box, age] = tile.children;
      name.textContent = values.title(value);
      tile.title = `${value.measure} of ${value.asset}`;
      const text = value.value === null ? "–" : value.isNumber ? number(value.value) : value.value;
      box.replaceChildren(text);
      box.classList.toggle("long", text.length + value.unit.length > 9);
      if (value.unit) {
        const unit = document.createElement("small");
        unit.textContent = value.unit;
        box.append(unit);
      }
      const isOld = values.age(value.time) > oldAge;
      age.textContent = isOld ? `${spell(values.age(value.time))} ago` : "";
      const limit = limits(value);
      tile.disabled = !value.isNumber;
      tile.setAttribute("aria-pressed", String(value.key === chosen));
      tile.classList.toggle("old", isOld || isLost);
      tile.classList.toggle("bad", Boolean(limit && value.value >= limit.alarm));
      tile.classList.toggle("warn", Boolean(limit && value.value >= limit.warn && value.value < limit.alarm));
    }
  }

  build(list) {
    this.tiles.clear();
    for (const { key } of list) {
      const tile = document.createElement("button");
      tile.className = "tile";
      tile.innerHTML = '<span class="name"></span><span class="value"></span><span class="age"></span>';
      tile.onclick = () => this.onChoose(this.values.list.find((value) => value.key === key));
      this.tiles.set(key, tile);
    }
    const more = this.values.list.length - list.length;
    const note = document.createElement("p");
    note.textContent = `${more} more: choose a part, or ask`;
    const question = document.createElement("code");
    const { asset } = this.values;
    if (asset) question.textContent = `latest everything of ${asset.type} ${quoted(asset.name)}`;
    note.append(" ", question);
    this.box.replaceChildren(...this.tiles.values(), ...(more > 0 ? [note] : []));
  }
}
