// The connection to the server: one WebSocket, subscriptions that survive a reconnect, and queries.

import { signIn } from "/viewer/sign-in.js";

export class Live {
  /** @param {(state: "live"|"waiting"|"lost", text: string) => void} onState */
  constructor(onState) {
    this.onState = onState;
    this.subscriptions = new Map();
    this.attempt = 0;
    this.number = 0;
    this.connect();
  }

  /** Subscribes to rows; returns a function that ends the subscription. */
  subscribe(message, handlers) {
    const id = `v${++this.number}`;
    this.subscriptions.set(id, { message, handlers, columns: [] });
    this.send({ ...message, type: "subscribe", id });
    return () => {
      if (this.subscriptions.delete(id)) this.send({ type: "unsubscribe", id });
    };
  }

  connect() {
    this.onState("waiting", this.attempt ? "reconnecting" : "connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/live`);
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      this.onState("live", "live");
      for (const [id, entry] of this.subscriptions) this.send({ ...entry.message, type: "subscribe", id });
    };
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.attempt += 1;
      const pause = Math.min(10, 0.5 * 2 ** Math.min(this.attempt, 5)) * (0.8 + 0.4 * Math.random());
      this.onState("lost", `connection lost, next attempt in ${Math.ceil(pause)} s`);
      setTimeout(() => signIn().then(() => this.connect()), pause * 1000);
    };
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  receive(message) {
    const entry = this.subscriptions.get(message.id);
    if (!entry) return;
    const { handlers } = entry;
    if (message.type === "subscribed") {
      entry.columns = message.columns ?? [];
      handlers.subscribed?.(entry.columns);
    } else if (message.type === "rows") {
      const rows = message.rows.map((row) => asObject(entry.columns, row));
      handlers.rows?.(rows, message, entry.columns);
    } else if (message.type === "alert") {
      handlers.alert?.(message);
    } else if (message.type === "error") {
      handlers.error?.(message.error);
    }
  }
}

/** Runs one query; throws an Error with the server's message. */
export async function ask(query) {
  const response = await fetch("/api/v1/query", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
  return { columns: answer.columns, rows: answer.rows.map((row) => asObject(answer.columns, row)) };
}

/** Reads one resource. */
export async function get(path) {
  const response = await fetch(path);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error?.message ?? response.statusText);
  return answer;
}

function asObject(columns, row) {
  const object = {};
  columns.forEach((column, index) => { object[column.name] = row[index]; });
  return object;
}
