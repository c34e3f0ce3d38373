// The list of alerts, anomalies and other events of an asset and of its parts.

import { get } from "/viewer/live.js";
import { bold, moment, spell } from "/viewer/text.js";

const element = (id) => document.getElementById(id);
const mostShown = 40;
/** Assets whose events are asked for one by one; of more, those of the whole plant are looked through. */
const mostAsked = 24;

export class Events {
  follow(asset) {
    this.asset = asset;
    this.show([], new Set(), false);
  }

  /** Finds the events of the last day of the assets with these numbers. */
  async refresh(numbers, now) {
    const { asset } = this;
    if (!asset) return;
    const since = `since=${new Date(now - 86_400_000).toISOString()}`;
    let pages;
    let rules;
    try {
      const paths = numbers.length > mostAsked
        ? [`/api/v1/events?${since}&limit=10000`]
        : numbers.map((number) => `/api/v1/events?asset=${number}&${since}&limit=400`);
      [rules, ...pages] = await Promise.all([get("/api/v1/alerts"), ...paths.map(get)]);
    } catch {
      return;
    }
    if (asset !== this.asset) return;
    const wanted = new Set(numbers);
    const events = pages.flatMap((page) => page.events)
      .filter((event) => event.name !== "job" && wanted.has(event.asset));
    const alerts = new Set(rules.alerts.map((alert) => alert.name));
    this.show(events, alerts, pages.some((page) => page.cut));
  }

  show(events, alerts, isCut) {
    const isAlert = (event) => alerts.has(event.name) || /anomal|novel/i.test(event.name);
    const shown = events.sort((a, b) => Date.parse(b.start) - Date.parse(a.start)).slice(0, mostShown);
    const open = shown.filter((event) => event.open && isAlert(event));
    element("alert-count").textContent = open.length ? `${open.length} open` : "";
    const list = shown.map((event) => row(event, isAlert(event)));
    if (isCut || events.length > shown.length) {
      list.push(remark("there are more in the last 24 hours than are shown here"));
    } else if (!list.length) {
      list.push(remark("nothing in the last 24 hours"));
    }
    element("alerts").replaceChildren(...list);
  }
}

function remark(text) {
  const line = document.createElement("li");
  line.className = "none";
  line.textContent = text;
  return line;
}

function row(event, isAlert) {
  const row = document.createElement("li");
  row.className = isAlert && event.open ? "open" : "";
  const dot = document.createElement("i");
  const name = document.createElement("span");
  name.append(bold(event.name.replaceAll("-", " ")), event.label ? ` ${event.label}` : "");
  const when = document.createElement("span");
  when.className = "when";
  when.textContent = moment(Date.parse(event.start));
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
