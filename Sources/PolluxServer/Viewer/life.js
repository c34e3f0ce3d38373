// The panel of the tool's remaining life, for assets that have a tool.

import { ask } from "/viewer/live.js";
import { quoted, spell } from "/viewer/text.js";

const element = (id) => document.getElementById(id);

export class Life {
  follow(asset) {
    this.asset = asset;
    this.pause = 0;
    this.show(null, [], "");
  }

  /** Called every few seconds; what was refused is asked again after a minute. */
  async refresh(hasTool) {
    element("life").hidden = !hasTool;
    const { asset } = this;
    if (!asset || !hasTool || Date.now() < this.pause) return;
    let answer = null;
    let problem = "";
    try {
      answer = await ask(`remaining life of tool of ${asset.type} ${quoted(asset.name)}`);
    } catch (reason) {
      problem = reason.message;
    }
    if (asset !== this.asset) return;
    if (problem) this.pause = Date.now() + 60_000;
    this.show(answer?.rows[0] ?? null, answer?.columns ?? [], problem);
  }

  /** The answer of `remaining life of tool of …`: p10, p50, p90 and used, in minutes of cut. */
  show(row, columns, problem) {
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
}
