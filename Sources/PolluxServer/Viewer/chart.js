// A line over the last two minutes on a canvas: axis with round numbers, gaps stay gaps.

import { number, seconds } from "/viewer/text.js";

const span = 120_000;

export class Chart {
  /** @param {() => number} now the time at the right edge, in milliseconds */
  constructor(canvas, now) {
    this.canvas = canvas;
    this.now = now;
    this.clear();
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  clear() {
    this.points = [];
    this.isStep = false;
    this.gap = Infinity;
    this.draw();
  }

  /** Starts again with the samples of a column: how its curve runs decides on steps and gaps. */
  begin(column) {
    this.points = [];
    this.isStep = column?.shape === "step";
    this.gap = (seconds(column?.gap) ?? Infinity) * 1000;
  }

  /** Adds a point; a later word about the same instant replaces the earlier one. */
  add(time, value) {
    const points = this.points;
    let index = points.length;
    while (index > 0 && points[index - 1].time > time) index -= 1;
    if (index > 0 && points[index - 1].time === time) points[index - 1].value = value;
    else points.splice(index, 0, { time, value });
    const oldest = points[points.length - 1].time - span * 1.2;
    while (points.length && points[0].time < oldest) points.shift();
  }

  draw() {
    const { canvas, points } = this;
    const ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (!width || !height) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = "11.5px Inter, 'Segoe UI', system-ui, sans-serif";
    pen.fillStyle = "#8496a6";
    const end = this.now();
    const start = end - span;
    const seen = points.filter((point) => point.time >= start && point.value !== null);
    this.levels = seen.length ? levels(seen.map((point) => Number(point.value))) : [];
    if (!seen.length) {
      pen.fillText("no values in the last two minutes", 14, height / 2);
      return;
    }
    const labels = this.levels.map(label);
    const room = Math.max(...labels.map((text) => pen.measureText(text).width));
    const box = { left: Math.ceil(room) + 16, right: width - 8, top: 8, bottom: height - 20 };
    const [low, high] = [this.levels[0], this.levels[this.levels.length - 1]];
    const x = (time) => box.left + ((time - start) / span) * (box.right - box.left);
    const y = (value) => box.bottom - ((value - low) / (high - low)) * (box.bottom - box.top);
    this.drawGrid(pen, box, labels, y, start, end, x);
    this.drawLine(pen, start, x, y, box);
  }

  drawGrid(pen, box, labels, y, start, end, x) {
    pen.lineWidth = 1;
    pen.textAlign = "right";
    this.levels.forEach((value, index) => {
      const level = Math.round(y(value)) + 0.5;
      pen.strokeStyle = value === 0 ? "#33444f" : "#1f2a35";
      pen.beginPath();
      pen.moveTo(box.left, level);
      pen.lineTo(box.right, level);
      pen.stroke();
      pen.fillText(labels[index], box.left - 8, level + 4);
    });
    pen.textAlign = "center";
    for (let time = Math.ceil(start / 30_000) * 30_000; time <= end; time += 30_000) {
      const text = new Date(time).toLocaleTimeString([], { hour12: false });
      if (x(time) > box.left + 20 && x(time) < box.right - 24) pen.fillText(text, x(time), box.bottom + 16);
    }
  }

  /** The points in runs without a hole. */
  runs(start) {
    const runs = [];
    let run = [];
    let last = null;
    for (const point of this.points) {
      const isHole = point.value === null || (last !== null && point.time - last > this.gap);
      if (isHole && run.length) { runs.push(run); run = []; }
      if (point.value !== null && point.time >= start - 2_000) run.push(point);
      last = point.time;
    }
    if (run.length) runs.push(run);
    return runs;
  }

  drawLine(pen, start, x, y, box) {
    pen.save();
    pen.beginPath();
    pen.rect(box.left, 0, box.right - box.left, box.bottom + 1);
    pen.clip();
    const fill = pen.createLinearGradient(0, box.top, 0, box.bottom);
    fill.addColorStop(0, "#7fb7d655");
    fill.addColorStop(1, "#7fb7d611");
    for (const part of this.runs(start)) {
      pen.beginPath();
      part.forEach((point, index) => {
        if (index && this.isStep) pen.lineTo(x(point.time), y(part[index - 1].value));
        (index ? pen.lineTo : pen.moveTo).call(pen, x(point.time), y(point.value));
      });
      pen.strokeStyle = "#7fb7d6";
      pen.lineWidth = 1.6;
      pen.lineJoin = "round";
      pen.stroke();
      pen.lineTo(x(part[part.length - 1].time), y(0));
      pen.lineTo(x(part[0].time), y(0));
      pen.fillStyle = fill;
      pen.fill();
      // A point between holes is a run without length.
      if (part.length === 1) dot(pen, x(part[0].time), y(part[0].value), 2, "#7fb7d6");
    }
    pen.restore();
    const newest = this.points[this.points.length - 1];
    if (newest.value === null) return;
    dot(pen, Math.min(x(newest.time), box.right - 2), y(newest.value), 3, "#dbe4ec");
  }
}

function dot(pen, x, y, radius, color) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, Math.PI * 2);
  pen.fillStyle = color;
  pen.fill();
}

/** Round levels from below the least to above the greatest value, with 0 among them. */
export function levels(seen) {
  const low = seen.reduce((least, value) => Math.min(least, value), 0);
  const high = seen.reduce((most, value) => Math.max(most, value), 0);
  const reach = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(reach / 5));
  const step = [1, 2, 2.5, 5, 10].map((size) => size * power).find((size) => size * 5 >= reach * 1.0001);
  const from = Math.floor((low - reach * 0.02 * (low < 0)) / step);
  const to = Math.ceil((high + reach * 0.02 * (high > 0)) / step) || (low < 0 ? 0 : 1);
  return Array.from({ length: to - from + 1 }, (_, index) => Number(((from + index) * step).toPrecision(12)));
}

function label(value) {
  if (Math.abs(value) >= 1e6) return value.toLocaleString("en", { notation: "compact" });
  return Math.abs(value) >= 1000 ? number(value) : String(Number(value.toPrecision(4)));
}
