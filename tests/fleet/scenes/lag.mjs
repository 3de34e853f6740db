// Lag becomes replicas: a real topic, KEDA's operator and adapter, and the autoscaler's controller; and given the same
// lags, the simulator wants the same replicas at each of the controller's looks.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../story/lib/desk.mjs";
import { expect, expectEqual, until } from "../../story/lib/wait.mjs";
import { Fleet, home } from "../lib/fleet.mjs";
import { Kafka } from "../lib/kafka.mjs";
import { startKeda, told } from "../lib/keda.mjs";
import { at, decisions, lags } from "../lib/looks.mjs";
import { run } from "../lib/processes.mjs";

const workers = { namespace: home, name: "deskhand-workers" };
const deployment = `/apis/apps/v1/namespaces/${home}/deployments/${workers.name}`;
const partitions = 12;
const events = 1_200;
const buildMs = 20 * 60_000;

/** Shorter times than the profile's, so that all that can happen happens in minutes. */
const quick = `workers:
  scaling:
    scaleUp:
      stabilizationWindowSeconds: 0
      policies:
        - {type: Pods, value: 2, periodSeconds: 30}
    scaleDown:
      stabilizationWindowSeconds: 45
      policies:
        - {type: Pods, value: 3, periodSeconds: 15}
`;

/**
 * Lags, and at how many looks they stay, for a target of so many events a replica. `null`: the group has committed
 * nothing. What is a tenth too much for 10 replicas still is let be, and 12 are what the partitions keep busy.
 */
const quickly = (target) => [
  [0, 1],
  [2 * target, 1],
  [2 * target + 1, 2],
  [10 * target, 8],
  [11 * target, 1],
  [11 * target + 1, 2],
  [null, 3],
  [12 * target + 1, 1],
  [12 * target - 1, 1],
  [6 * target, 3],
  [0, 5],
];
const asProfiled = (target) => [
  [0, 1],
  [2 * target, 1],
  [2 * target + 1, 1],
  [12 * target + 1, 5],
  [8 * target, 8],
  [0, 50],
];

/** Offsets with this lag in all, most of it on the first partitions. */
function commitsFor(ends, lag) {
  let rest = lag;
  return ends.map((end) => {
    const take = Math.min(end, rest);
    rest -= take;
    return end - take;
  });
}

/** The simulator, as the crate's example drives it. */
const cargo = (verb, input) =>
  run(process.env.CARGO ?? "cargo", [verb, "--quiet", "-p", "deskhand-deploy", "--example", "follow"], {
    cwd: root,
    input,
    within: buildMs,
  });

class Following {
  constructor(cluster, kafka, object) {
    Object.assign(this, { cluster, kafka, object });
    const { topic, consumerGroup } = object.spec.triggers[0].metadata;
    Object.assign(this, { topic, group: consumerGroup });
    this.scales = [];
    this.states = [];
  }

  decisions() {
    return decisions(this.cluster.processes.log("kube-controller-manager"), workers);
  }

  async looks(count) {
    const had = this.decisions().length;
    const within = (count + 2) * this.cluster.syncSecs * 1000;
    await until(`the controller looks ${count} times more`, () => this.decisions().length >= had + count, {
      within,
    });
  }

  /** Sets the lag. What is noted as the state holds from when it is set until the next is begun. */
  async set(lag) {
    const ends = this.ends ?? (await this.kafka.ends(this.topic));
    this.ends = ends;
    const last = this.states.at(-1);
    if (last) last.untilMs = Date.now();
    const offsets = lag === null ? ends.map(() => null) : commitsFor(ends, lag);
    if (lag === null) await this.kafka.forget(this.group, this.topic);
    else await this.kafka.commit(this.group, this.topic, offsets);
    const state = ends.map((end, index) => ({ committed: offsets[index], end, earliest: 0 }));
    const sum = state.reduce((sum, one) => sum + one.end - (one.committed ?? 0), 0);
    this.states.push({ atMs: Date.now(), untilMs: Number.POSITIVE_INFINITY, state, sum });
  }

  /** What the controller saw at each look, and what it decided. */
  seen() {
    const keda = lags(this.cluster.processes.log("operator"));
    let last = 0;
    return this.decisions().map(({ atMs, from, to }) => {
      const look = keda.findLast((one) => one.atMs > last && one.atMs <= atMs);
      last = atMs;
      const scale = at(this.scales, look?.atMs ?? atMs - 50);
      const spec = from ?? scale.spec;
      const known = look && this.states.find((state) => state.atMs < look.atMs && look.atMs < state.untilMs);
      if (known) expectEqual(look.lag, known.sum, "the lag that KEDA finds");
      // A look while offsets were being set: KEDA says the sum, and where it lies does not count.
      const between = () => [
        { committed: 0, end: look.lag, earliest: 0 },
        ...Array(partitions - 1).fill({ committed: 0, end: 0, earliest: 0 }),
      ];
      const state = look && (known?.state ?? between());
      return {
        atMs,
        spec,
        status: scale?.status ?? spec,
        partitions: state,
        lag: look?.lag,
        isBetween: Boolean(look && !known),
        decided: to ?? spec,
      };
    });
  }

  /** What the simulator makes of the same. */
  async simulated(seen) {
    const lines = [{ spec: this.object.spec, syncSecs: this.cluster.syncSecs }, ...seen];
    const input = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    writeFileSync(join(this.cluster.folder, "looks.jsonl"), input);
    const { stdout } = (await cargo("run", input)).ok();
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  }
}

async function follows({ cluster, step }, { name, values, courseFor }) {
  const kafka = new Kafka(cluster);
  let course;
  let following;
  let fleet;
  await step(
    `${name}: KEDA makes an autoscaler of the workers' ScaledObject, with Kafka's own lag`,
    async () => {
      (await cargo("build")).ok();
      await Promise.all([kafka.start(), startKeda(cluster)]);
      const set = ["bus.kind=external", `bus.url=kafka://${kafka.address}`];
      fleet = new Fleet(cluster, { profile: "support-fleet", set, values, name });
      await fleet.render();
      const [object] = fleet.of("ScaledObject");
      course = courseFor(Number(object.spec.triggers[0].metadata.lagThreshold));
      following = new Following(cluster, kafka, object);
      await kafka.makeTopic(following.topic, partitions);
      await kafka.send(following.topic, events);
      await following.set(course[0][0]);
      await cluster.namespace(home);
      await cluster.disks(name);
      // KEDA reads all variables of what it scales, also those that its trigger does not ask for.
      await cluster.api.create(`/api/v1/namespaces/${home}/secrets`, {
        metadata: { name: "deskhand-secrets" },
        stringData: { DESKHAND_SECRET_KEY: "nothing", POSTGRES_PASSWORD: "nothing" },
      });
      await fleet.apply();
      following.stop = await cluster.api.watch(`/apis/apps/v1/namespaces/${home}/deployments`, (all) => {
        const one = all.get(workers.name);
        following.scales.push({
          atMs: Date.now(),
          spec: one.spec.replicas,
          status: one.status.replicas ?? 0,
        });
      });
      const path = `/apis/keda.sh/v1alpha1/namespaces/${home}/scaledobjects/${object.metadata.name}`;
      const isReady = async () => {
        cluster.processes.check();
        const conditions = (await cluster.api.get(path)).status?.conditions ?? [];
        return conditions.some((is) => is.type === "Ready" && is.status === "True");
      };
      await until("the ScaledObject is ready", isReady, { within: 60_000 });
      const [autoscaler] = await cluster.api.items(
        `/apis/autoscaling/v2/namespaces/${home}/horizontalpodautoscalers`,
      );
      expectEqual(autoscaler.metadata.name, workers.name, "the autoscaler's name");
      following.metric = autoscaler.spec.metrics[0].external.metric.name;
      return following.metric;
    },
  );
  const asked = [];
  await step(`${name}: lag becomes replicas`, async () => {
    for (const [index, [lag, looks]] of course.entries()) {
      if (index > 0) await following.set(lag);
      asked.push({
        lag,
        milli: await told(cluster, { ...workers, metric: following.metric }),
        index: following.states.length - 1,
      });
      await following.looks(looks);
    }
    await fleet.ready(fleet.of("Deployment").find((one) => one.metadata.name === workers.name));
    const { spec, status } = await cluster.api.get(deployment);
    expectEqual([spec.replicas, status.readyReplicas], [2, 2], "replicas in the end");
    const counts = following.decisions().map((one) => one.to);
    expect(Math.max(...counts) > 2, `replicas were ${counts.join(" ")}`);
    return `lags ${course.map(([lag]) => lag ?? "uncommitted").join(", ")}; replicas ${counts.filter((count, index) => count !== counts[index - 1]).join(" ")}`;
  });
  await step(`${name}: the simulator wants the same at every look`, async () => {
    following.stop();
    const seen = following.seen();
    const ours = await following.simulated(seen);
    expectEqual(ours.length, seen.length, "looks");
    const differ = seen.flatMap((look, index) =>
      (ours[index].replicas ?? look.spec) === look.decided
        ? []
        : [
            `look ${index}: ${JSON.stringify({ ...look, partitions: undefined })}, ours ${JSON.stringify(ours[index])}`,
          ],
    );
    expect(differ.length === 0, differ.join("\n"));
    for (const { lag, milli, index } of asked) {
      const look = seen.findIndex((one) => one.partitions === following.states[index].state);
      if (look >= 0)
        expectEqual(ours[look].toldMilli, milli, `what the autoscaler is told of a lag of ${lag}`);
    }
    const changes = seen.filter((look) => look.decided !== look.spec).length;
    const between = seen.filter((look) => look.isBetween).length;
    return `${seen.length} looks, ${changes} of them changes, ${between} while offsets were set; ${seen.map((look) => `${look.lag ?? "-"}:${look.decided}`).join(" ")}`;
  });
  await fleet.remove();
}

export const lagQuickly = (run) => follows(run, { name: "lag", values: quick, courseFor: quickly });
export const lagAsProfiled = (run) =>
  follows(run, { name: "lag as profiled", values: "", courseFor: asProfiled });
