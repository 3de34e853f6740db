// The whole story of one customer's question, in a real browser against the real program.
//
//   node tests/story/story.mjs [sqlite|postgres|split|apart ...]     all of them where none is named
//
// sqlite: one process, embedded database. postgres: one process. split: two processes that share the roles.
// apart: three, of which one has the page and nothing else.
// PostgreSQL is started in a temporary folder, unless STORY_POSTGRES_URL names a fresh, empty database; that
// serves one case. STORY_DESKHAND names another program than target/debug/deskhand.

import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "./lib/browser.mjs";
import { freePort, program, Server } from "./lib/desk.mjs";
import { Play } from "./lib/play.mjs";
import { Postgres } from "./lib/postgres.mjs";
import { Site } from "./lib/site.mjs";
import { expectEqual } from "./lib/wait.mjs";
import { claim } from "./scenes/claim.mjs";
import { crash } from "./scenes/crash.mjs";
import { close, histories, search } from "./scenes/end.mjs";
import { reminder } from "./scenes/reminder.mjs";
import { say } from "./scenes/say.mjs";
import { setup } from "./scenes/setup.mjs";
import { visitor } from "./scenes/visitor.mjs";

const scenes = [setup, visitor, claim, say, crash, reminder, histories, search, close];
const cases = ["sqlite", "postgres", "split", "apart"];

const postgres = new Postgres();

/** The processes of a case; `front` is the one that prints the first link, the second one has the workers. */
async function makeDesk(name, folder, logs) {
  const port = await freePort();
  const listen = ["--listen", `127.0.0.1:${port}`];
  const server = (args, number, env = {}) => {
    const own = join(folder, `process-${number}`);
    mkdirSync(own);
    return new Server({ args, env, folder: own, log: join(logs, `deskhand-${number}.log`) });
  };
  const url = `http://127.0.0.1:${port}`;
  if (name === "sqlite") {
    const front = server([...listen, "--data-dir", join(folder, "data")], 1);
    return { url, folder, front, servers: [front] };
  }
  const database = ["--database-url", process.env.STORY_POSTGRES_URL ?? (await postgres.database())];
  if (name === "postgres") {
    const front = server([...listen, ...database, "--data-dir", join(folder, "data")], 1);
    return { url, folder, front, servers: [front] };
  }
  const env = { DESKHAND_SECRET_KEY: randomBytes(32).toString("base64") };
  const back = server([...database, "--roles", "channels,relay,clock,workers"], 2, env);
  if (name === "apart") {
    const api = `127.0.0.1:${await freePort()}`;
    const front = server(["--listen", api, ...database, "--roles", "api"], 1, {
      ...env,
      DESKHAND_PUBLIC_URL: url,
    });
    const page = server([...listen, "--roles", "web"], 3, { DESKHAND_API_URL: `http://${api}` });
    return { url, folder, front, servers: [front, back, page] };
  }
  const front = server([...listen, ...database, "--roles", "web,api"], 1, env);
  return { url, folder, front, servers: [front, back] };
}

async function run(name) {
  const play = new Play(name);
  const folder = mkdtempSync(join(tmpdir(), `deskhand-story-${name}-`));
  const site = new Site();
  const story = { play, site };
  try {
    story.desk = await makeDesk(name, folder, play.folder);
    await site.start();
    story.browser = await launch();
    for (const scene of scenes) if (!play.hopeless) await scene(story);
    await play.step("the program ends in order when it is asked to, and complained of nothing", async () => {
      await story.browser.close();
      for (const server of story.desk.servers) await server.stop();
      const complaints = story.desk.servers.flatMap((server) =>
        server.output.split("\n").filter((line) => /\bERROR\b|panicked at/.test(line)),
      );
      expectEqual(complaints, [], "complaints in the log");
    });
  } catch (error) {
    play.failed += 1;
    console.log(`FAILED [${name}] ${error.stack}`);
  } finally {
    await story.browser?.close().catch(() => {});
    for (const server of story.desk?.servers ?? []) await server.kill();
    await site.stop().catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }
  return play;
}

const asked = process.argv.slice(2);
const strange = asked.find((name) => !cases.includes(name));
if (strange) {
  console.error(`${strange} is no case of the story; there are: ${cases.join(", ")}`);
  process.exit(2);
}
const wanted = asked.length ? asked : cases;
if (process.env.STORY_POSTGRES_URL && wanted.filter((name) => name !== "sqlite").length > 1) {
  console.error(
    "STORY_POSTGRES_URL is one database and serves one case: name the case: postgres, split or apart",
  );
  process.exit(2);
}

let [passed, failed] = [0, 0];
try {
  console.log(`the story, with ${program()}`);
  for (const name of wanted) {
    const begun = performance.now();
    const play = await run(name);
    passed += play.passed;
    failed += play.failed;
    console.log(
      `       [${name}] ${((performance.now() - begun) / 1000).toFixed(0)} s, pictures in ${play.folder}`,
    );
  }
} finally {
  await postgres.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
