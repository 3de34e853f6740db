// Programs that a run starts: each with a log of its own, all of them ended by their id when the run is over.

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const endingMs = 10_000;
/** Those that are run to their end and are not there yet. */
const passing = new Set();

/** What a program that came to its end said. */
export class Ended {
  constructor({ command, code, stdout, stderr }) {
    Object.assign(this, { command, code, stdout, stderr });
  }

  /** Throws unless it ended well. */
  ok() {
    if (this.code === 0) return this;
    throw new Error(`${this.command} ended with ${this.code}:\n${(this.stderr || this.stdout).slice(-4000)}`);
  }
}

/** Runs a program to its end, or kills it after `within` milliseconds; its code is then null. */
export function run(program, args, { within = 60_000, env = {}, input = "", cwd } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: "pipe" });
    passing.add(child);
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) child[stream].on("data", (data) => (said[stream] += data));
    const timer = setTimeout(() => child.kill("SIGKILL"), within);
    child.on("error", failed);
    child.on("close", (code) => {
      clearTimeout(timer);
      passing.delete(child);
      done(new Ended({ command: `${program.split("/").pop()} ${args.join(" ")}`, code, ...said }));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** The programs of one run. */
export class Processes {
  #running = [];

  constructor(folder) {
    this.folder = folder;
  }

  log(name) {
    return join(this.folder, `${name}.log`);
  }

  /** Starts one that stays. What it says goes to its log. */
  start(name, program, args, { env = {}, cwd } = {}) {
    const log = openSync(this.log(name), "a");
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["pipe", log, log] });
    closeSync(log);
    const one = { name, child, ended: null };
    child.on("error", (error) => (one.ended = error.message));
    child.on("exit", (code, signal) => (one.ended ??= String(signal ?? code)));
    child.stdin.on("error", () => {});
    this.#running.push(one);
    return child;
  }

  /** Throws if one of them is no longer there. */
  check() {
    for (const { name, ended } of this.#running) {
      if (ended !== null) throw new Error(`${name} ended (${ended}):\n${this.tail(name)}`);
    }
  }

  tail(name, length = 2000) {
    const size = statSync(this.log(name)).size;
    return readFileSync(this.log(name), "utf8").slice(-Math.min(size, length));
  }

  /** Ends them, the latest first. */
  async stop() {
    for (const one of this.#running.reverse()) {
      if (one.ended !== null) continue;
      const gone = new Promise((done) => one.child.once("exit", done));
      one.child.kill("SIGTERM");
      const timer = setTimeout(() => one.child.kill("SIGKILL"), endingMs);
      await gone;
      clearTimeout(timer);
    }
    this.#running = [];
  }

  /** As the last resort of a run that is interrupted. */
  kill() {
    for (const child of passing) child.kill("SIGTERM");
    for (const one of this.#running) if (one.ended === null) one.child.kill("SIGKILL");
  }
}
