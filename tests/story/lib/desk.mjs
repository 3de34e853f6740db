// Deskhand itself, as a person starts it: one process or several, stopped the hard way and started again.

import { spawn } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { until } from "./wait.mjs";

export const root = resolve(import.meta.dirname, "../../..");

/** The program under test: STORY_DESKHAND, or the debug build of this checkout. */
export function program() {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const path = resolve(process.env.STORY_DESKHAND ?? join(target, "debug/deskhand"));
  if (!existsSync(path)) throw new Error(`${path} is missing: build it with cargo build -p deskhand`);
  return path;
}

/** The settings of whoever runs the tests are not the tests' settings. */
function environment(more) {
  const own = Object.entries(process.env).filter(([name]) => !/^(DESKHAND|STORY)_/.test(name));
  return { ...Object.fromEntries(own), ...more };
}

export async function freePort() {
  const listener = createServer();
  await new Promise((done) => listener.listen(0, "127.0.0.1", done));
  const { port } = listener.address();
  await new Promise((done) => listener.close(done));
  return port;
}

/** Runs a command of the program to its end. */
export function command(args, env = {}) {
  return new Promise((done, failed) => {
    const child = spawn(program(), args, { env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
    const out = { stdout: "", stderr: "", code: null };
    for (const stream of ["stdout", "stderr"]) child[stream].on("data", (data) => (out[stream] += data));
    child.on("error", failed);
    child.on("close", (code) => done({ ...out, code }));
  });
}

/** One `deskhand serve`, which can be killed and started again with the same arguments. */
export class Server {
  output = "";
  #child = null;

  constructor({ args, env = {}, folder, log }) {
    this.args = args;
    this.env = env;
    this.folder = folder;
    this.log = createWriteStream(log, { flags: "a" });
  }

  get running() {
    return this.#child !== null;
  }

  start() {
    const child = spawn(program(), ["serve", ...this.args], {
      cwd: this.folder,
      env: environment(this.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        this.output += data;
        this.log.write(data);
      });
    }
    child.on("error", (error) => (this.output += `\n${error}\n`));
    child.on("exit", (code, signal) => {
      if (this.#child === child) this.#child = null;
      this.output += `\n[ended: ${signal ?? code}]\n`;
    });
  }

  /** Waits for a line of this process's output since its last start. */
  async says(pattern) {
    const from = this.output.lastIndexOf("[ended");
    return until(
      `the program prints ${pattern}`,
      () => {
        const found = this.output.slice(Math.max(0, from)).match(pattern);
        if (!found && !this.running) throw new Error(`the program ended:\n${this.output.slice(-2000)}`);
        return found;
      },
      { fatal: true },
    );
  }

  /** As the power cut does it: no signal handler runs. */
  async kill() {
    await this.#end("SIGKILL");
  }

  async stop() {
    await this.#end("SIGTERM");
  }

  async #end(signal) {
    const child = this.#child;
    if (!child) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await gone;
  }
}

/** Waits until the program answers that it is ready. */
export async function ready(url) {
  await until(`${url} is ready`, async () => {
    try {
      return (await fetch(`${url}/ready`)).ok;
    } catch {
      return false;
    }
  });
}
