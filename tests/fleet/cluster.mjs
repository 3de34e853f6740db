// The fleets on a real Kubernetes API, with real helm, and with KEDA and Kafka.
//
//   node tests/fleet/cluster.mjs [profiles|update|broken|chart|lag ...]     all of them where none is named
//
// FLEET_DESKHAND names another program than target/debug/deskhand, and DESKHAND_CLUSTER_DIR the folder where
// tests/fleet/cluster-dev keeps what it builds. Everything else is in a temporary folder, whose logs stay when something
// failed.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, programs } from "./lib/cluster.mjs";
import { program } from "./lib/fleet.mjs";
import { Processes } from "./lib/processes.mjs";
import { brokenOnes } from "./scenes/broken.mjs";
import { chart } from "./scenes/chart.mjs";
import { lagAsProfiled, lagQuickly } from "./scenes/lag.mjs";
import { everyProfile } from "./scenes/profiles.mjs";
import { updatesAndDrains } from "./scenes/update.mjs";

const scenes = {
  profiles: everyProfile,
  update: updatesAndDrains,
  broken: brokenOnes,
  chart,
  lag: lagQuickly,
};
/** What takes a quarter of an hour, and is only done where it is named. */
const long = { "lag-as-profiled": lagAsProfiled };

const asked = process.argv.slice(2);
const strange = asked.find((name) => !(name in scenes || name in long));
if (strange) {
  console.error(
    `${strange} is none of what is proven here; there are: ${Object.keys({ ...scenes, ...long }).join(", ")}`,
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "deskhand-fleet-"));
const processes = new Processes(folder);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    processes.kill();
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  });
}

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

/** Proves one thing and says how long it took; what fails ends the run. */
async function step(what, prove) {
  const begun = performance.now();
  try {
    const figures = await prove();
    console.log(`ok     ${what} (${seconds(begun)} s)${figures ? `\n         ${figures}` : ""}`);
  } catch (error) {
    console.log(`FAILED ${what} (${seconds(begun)} s)\n${error.message}`);
    throw error;
  }
}

const begun = performance.now();
let failed = true;
try {
  console.log(`the fleets of ${program()}`);
  const cluster = new Cluster({ bin: await programs(), folder, processes });
  // The settings of whoever runs this are not the fleets' settings.
  for (const name of Object.keys(process.env)) if (name.startsWith("DESKHAND_")) delete process.env[name];
  try {
    await step("a Kubernetes API with three nodes starts, and takes the kinds of operators", async () => {
      await cluster.start();
      await cluster.define(cluster.definitions);
      return (await cluster.api.get("/version")).gitVersion;
    });
    for (const name of asked.length ? asked : Object.keys(scenes))
      await { ...scenes, ...long }[name]({ cluster, step });
  } finally {
    await cluster.stop();
  }
  failed = false;
} catch (error) {
  if (process.env.FLEET_TRACE) console.log(error.stack);
}
if (failed) {
  rmSync(join(folder, "etcd"), { recursive: true, force: true });
  console.log(`logs and manifests stay in ${folder}`);
} else {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${failed ? "failed" : "all proven"} after ${seconds(begun)} s`);
process.exit(failed ? 1 : 0);
