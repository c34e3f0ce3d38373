// A line over the last minutes on a canvas: axis with round numbers, gaps stay gaps.

const span = 120_000;

export class Chart {
  constructor(canvas) {
    this.canvas = canvas;
    this.points = [];
    this.limit = null;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  clear() {
    this.points = [];
    this.draw();
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
    if (!points.length) {
      pen.fillText("no values in this span", 44, height / 2);
      return;
    }
    const end = points[points.length - 1].time;
    const start = end - span;
    const seen = points.filter((point) => point.time >= start && point.value !== null);
    const top = niceTop(Math.max(0.001, ...seen.map((point) => point.value)) * 1.15);
    const box = { left: 44, right: width - 8, top: 6, bottom: height - 20 };
    const x = (time) => box.left + ((time - start) / span) * (box.right - box.left);
    const y = (value) => box.bottom - (value / top) * (box.bottom - box.top);
    this.drawGrid(pen, box, top, y, start, end, x);
    this.drawLine(pen, points, start, x, y, box);
  }

  drawGrid(pen, box, top, y, start, end, x) {
    pen.strokeStyle = "#1f2a35";
    pen.lineWidth = 1;
    pen.textAlign = "right";
    for (let step = 0; step <= 4; step += 1) {
      const value = (top * step) / 4;
      const level = Math.round(y(value)) + 0.5;
      pen.beginPath();
      pen.moveTo(box.left, level);
      pen.lineTo(box.right, level);
      pen.stroke();
      pen.fillText(String(Number(value.toPrecision(3))), box.left - 8, level + 4);
    }
    pen.textAlign = "center";
    for (let time = Math.ceil(start / 30_000) * 30_000; time <= end; time += 30_000) {
      const text = new Date(time).toLocaleTimeString([], { hour12: false });
      if (x(time) > box.left + 20 && x(time) < box.right - 24) pen.fillText(text, x(time), box.bottom + 16);
    }
  }

  drawLine(pen, points, start, x, y, box) {
    const runs = [];
    let run = [];
    let last = null;
    for (const point of points) {
      const isHole = point.value === null || (last !== null && point.time - last > 15_000);
      if (isHole && run.length) { runs.push(run); run = []; }
      if (point.value !== null && point.time >= start - 2_000) run.push(point);
      last = point.time;
    }
    if (run.length) runs.push(run);
    pen.save();
    pen.beginPath();
    pen.rect(box.left, 0, box.right - box.left, box.bottom + 1);
    pen.clip();
    const fill = pen.createLinearGradient(0, box.top, 0, box.bottom);
    fill.addColorStop(0, "#7fb7d655");
    fill.addColorStop(1, "#7fb7d600");
    for (const part of runs) {
      pen.beginPath();
      part.forEach((point, index) => (index ? pen.lineTo : pen.moveTo).call(pen, x(point.time), y(point.value)));
      pen.strokeStyle = "#7fb7d6";
      pen.lineWidth = 1.6;
      pen.lineJoin = "round";
      pen.stroke();
      pen.lineTo(x(part[part.length - 1].time), box.bottom);
      pen.lineTo(x(part[0].time), box.bottom);
      pen.fillStyle = fill;
      pen.fill();
    }
    pen.restore();
    const newest = points[points.length - 1];
    if (newest.value === null) return;
    pen.beginPath();
    pen.arc(Math.min(x(newest.time), box.right - 2), y(newest.value), 3, 0, Math.PI * 2);
    pen.fillStyle = "#dbe4ec";
    pen.fill();
  }
}

function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 3, 4, 5, 6, 8, 10]) if (step * power >= value) return step * power;
  return 10 * power;
}
