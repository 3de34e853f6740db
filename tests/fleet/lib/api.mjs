// The Kubernetes API as a client without any library speaks it: requests, and watches that keep every change.

import { Agent, request } from "node:https";

const timeoutMs = 30_000;

export class Api {
  #agent = new Agent({ keepAlive: true, rejectUnauthorized: false });

  constructor({ port, token }) {
    this.port = port;
    this.token = token;
  }

  /** One request. Answers the status and the body, whatever the status is. */
  send(method, path, body, type = "application/json") {
    return new Promise((done, failed) => {
      const data = body === undefined ? undefined : JSON.stringify(body);
      const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": type };
      // Node.js says it by itself for some methods only.
      if (data !== undefined) headers["Content-Length"] = Buffer.byteLength(data);
      const sent = request(
        { host: "127.0.0.1", port: this.port, method, path, agent: this.#agent, headers, timeout: timeoutMs },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (part) => (text += part));
          answer.on("end", () => {
            const isJson = answer.headers["content-type"]?.includes("json");
            done({ status: answer.statusCode, body: isJson ? JSON.parse(text) : text });
          });
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.on("error", failed);
      sent.end(data);
    });
  }

  async #ok(method, path, body, type) {
    const { status, body: answer } = await this.send(method, path, body, type);
    if (status < 300) return answer;
    throw new Error(`${method} ${path}: ${status} ${answer.message ?? answer}`);
  }

  get(path) {
    return this.#ok("GET", path);
  }

  async items(path) {
    return (await this.#ok("GET", path)).items;
  }

  create(path, body) {
    return this.#ok("POST", path, body);
  }

  merge(path, body) {
    return this.#ok("PATCH", path, body, "application/merge-patch+json");
  }

  async remove(path) {
    const { status, body } = await this.send("DELETE", path, { propagationPolicy: "Background" });
    if (status >= 300 && status !== 404) throw new Error(`DELETE ${path}: ${status} ${body.message ?? body}`);
  }

  /**
   * Follows a list. `changed` is called with the objects by name after each change, first with what there is.
   * Answers what ends it.
   */
  async watch(path, changed) {
    const list = await this.get(path);
    const objects = new Map(list.items.map((one) => [one.metadata.name, one]));
    changed(objects);
    const from = `${path}${path.includes("?") ? "&" : "?"}watch=1&resourceVersion=${list.metadata.resourceVersion}`;
    const headers = { Authorization: `Bearer ${this.token}` };
    const options = { host: "127.0.0.1", port: this.port, path: from, headers, rejectUnauthorized: false };
    const sent = request(options, (answer) => {
      let rest = "";
      answer.setEncoding("utf8");
      answer.on("data", (part) => {
        const lines = (rest + part).split("\n");
        rest = lines.pop();
        for (const line of lines.filter(Boolean)) {
          const { type, object } = JSON.parse(line);
          if (type === "DELETED") objects.delete(object.metadata.name);
          else if (type !== "BOOKMARK") objects.set(object.metadata.name, object);
          changed(objects);
        }
      });
      answer.on("error", () => {});
    });
    sent.on("error", () => {});
    sent.end();
    return () => sent.destroy();
  }

  close() {
    this.#agent.destroy();
  }
}
