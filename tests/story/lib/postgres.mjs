// A PostgreSQL server of the story's own, or the one that STORY_POSTGRES_URL names.

import { execFile, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./desk.mjs";
import { until } from "./wait.mjs";

const run = promisify(execFile);

// Arguments: folder, port, folder of PostgreSQL's programs. It goes on until its standard input ends, which it
// also does when the story is killed: then the server is stopped and the folder removed.
const guard = `
exec >"$1/log" 2>&1
trap '' INT TERM HUP
"$3/initdb" -D "$1/data" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 || exit 1
"$3/postgres" -D "$1/data" -k "$1" -p "$2" -c listen_addresses=127.0.0.1 -c max_connections=200 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$1"
`;

/** The first folder that holds all these programs of PostgreSQL: Debian keeps them out of PATH. */
function folderOf(...programs) {
  const installed = existsSync("/usr/lib/postgresql")
    ? readdirSync("/usr/lib/postgresql")
        .sort()
        .reverse()
        .map((v) => `/usr/lib/postgresql/${v}/bin`)
    : [];
  const folders = [...(process.env.PATH ?? "").split(":"), ...installed];
  const found = folders.find((folder) => programs.every((program) => existsSync(join(folder, program))));
  if (!found) throw new Error(`PostgreSQL's programs ${programs.join(" and ")} are missing: run make setup`);
  return found;
}

/** The server refuses to run as root, so there the account `postgres` runs it. */
function account() {
  if (process.getuid() !== 0) return {};
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((l) => l.startsWith("postgres:"));
  if (!line) throw new Error("as root, the story needs the account postgres: run make setup");
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

export class Postgres {
  #guard = null;
  #databases = 0;

  async start() {
    const folder = mkdtempSync(join(tmpdir(), "deskhand-story-postgres-"));
    const user = account();
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
    this.port = await freePort();
    this.folder = folder;
    this.psql = join(folderOf("psql"), "psql");
    const programs = folderOf("initdb", "postgres");
    this.#guard = spawn("/bin/sh", ["-c", guard, "guard", folder, String(this.port), programs], {
      cwd: "/",
      ...user,
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    await until("PostgreSQL answers", () => this.#sql("SELECT 1"), { within: 60_000 });
    for (const sql of [
      "CREATE ROLE deskhand LOGIN",
      "CREATE ROLE deskhand_app NOLOGIN",
      "CREATE ROLE deskhand_system NOLOGIN",
      "GRANT deskhand_app, deskhand_system TO deskhand",
    ]) {
      await this.#sql(sql);
    }
  }

  async #sql(sql) {
    const where = ["-h", "127.0.0.1", "-p", String(this.port), "-U", "postgres", "-d", "postgres"];
    const { stdout } = await run(this.psql, ["-X", "-A", "-t", "-q", ...where, "-c", sql]);
    return stdout || true;
  }

  /** The URL of a new, empty database. */
  async database() {
    if (!this.#guard) await this.start();
    const name = `story_${++this.#databases}`;
    await this.#sql(`CREATE DATABASE ${name} OWNER deskhand TEMPLATE template0`);
    return `postgres://deskhand@127.0.0.1:${this.port}/${name}`;
  }

  async stop() {
    const child = this.#guard;
    this.#guard = null;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.stdin.end();
    await gone;
  }
}
