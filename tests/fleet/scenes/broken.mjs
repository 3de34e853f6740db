// What `deskhand deploy check` finds, on the API: each broken example of its tests goes wrong as it says, and the mended
// one does not.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../story/lib/desk.mjs";
import { expect, expectEqual, until } from "../../story/lib/wait.mjs";
import { drain, evict, gatherOn, uncordon } from "../lib/drain.mjs";
import { isReady } from "../lib/fleet.mjs";
import { Timeline } from "../lib/timeline.mjs";

const examples = join(root, "crates/deploy/tests/check");
const hangSecs = 12;
const readyMs = 30_000;

const autoscaler = (one) => `/apis/autoscaling/v2/namespaces/${one.namespace}/horizontalpodautoscalers`;

/** One example in a namespace of its own. */
class Example {
  constructor(cluster, rule, kind) {
    Object.assign(this, { cluster, rule, kind, namespace: `${rule}-${kind}` });
    this.text = readFileSync(join(examples, rule, `${kind}.yaml`), "utf8");
    this.apps = `/apis/apps/v1/namespaces/${this.namespace}/deployments`;
    this.core = `/api/v1/namespaces/${this.namespace}`;
  }

  /** Without Pod Security's say: the examples are of one thing each. */
  make(labels = {}) {
    return this.cluster.api.create("/api/v1/namespaces", { metadata: { name: this.namespace, labels } });
  }

  apply(text = this.text, more = []) {
    const args = ["apply", "--server-side", "-n", this.namespace, ...more, "-f", "-"];
    return this.cluster.kubectl(args, { input: text });
  }

  /** Brings a quota before the pods that it counts: applied together, they could be there first, and stay. */
  async limit() {
    const quotas = this.text.split("\n---\n").filter((text) => /^kind: ResourceQuota$/m.test(text));
    if (quotas.length === 0) return;
    (await this.apply(quotas.join("\n---\n"))).ok();
    const counts = async () =>
      (await this.cluster.api.items(`${this.core}/resourcequotas`)).every((one) => one.status.hard);
    await until(`${this.namespace}'s quota counts`, counts, { within: readyMs });
  }

  /** With images whose pods never are ready. */
  broken() {
    return this.text.replaceAll(/(image: [^\s:]+):\S+/g, "$1:never-ready");
  }

  pods() {
    return this.cluster.api.items(`${this.core}/pods`);
  }

  async ready() {
    await until(
      `${this.namespace} has ready pods`,
      async () => {
        const [all, deployments, scalers] = await Promise.all([
          this.pods(),
          this.cluster.api.items(this.apps),
          this.cluster.api.items(autoscaler(this)),
        ]);
        const declared = deployments.reduce((sum, one) => sum + one.spec.replicas, 0);
        const wanted = Math.max(declared, ...scalers.map((one) => one.spec.minReplicas));
        return wanted > 0 && all.filter(isReady).length === wanted && all.length === wanted;
      },
      { within: readyMs },
    );
  }

  /** What the API said when a pod was to be made. */
  async refusal() {
    const events = await this.cluster.api.items(`${this.core}/events`);
    return events.find((one) => one.reason === "FailedCreate")?.message ?? "";
  }

  async remove() {
    await this.cluster.api.remove(`/api/v1/namespaces/${this.namespace}`);
  }
}

/** A node is emptied, or it is not while eviction is refused with this status. */
const drains = (status, before = async () => {}) => ({
  prepare: async (one) => {
    await gatherOn(one.cluster, "node-1");
    await before(one);
  },
  async broken(one) {
    const [pod] = await one.pods();
    const { status: said, body } = await evict(one.cluster, pod);
    expectEqual(said, status, "the eviction's status");
    const ended = await drain(one.cluster, "node-1", hangSecs);
    expectEqual(ended.code, 1, "the exit code of `kubectl drain`");
    expect(
      (await one.pods()).some((pod) => pod.spec.nodeName === "node-1"),
      "the node is empty",
    );
    return `${hangSecs} s in vain; ${status}: ${body.message}`;
  },
  async mended(one) {
    (await drain(one.cluster, "node-1", 60)).ok();
  },
});

const started = async (one) => {
  (await one.apply()).ok();
  await one.ready();
  await uncordon(one.cluster);
};

const neverReady = async (one) => {
  (await one.apply(one.broken())).ok();
  const areThere = async () =>
    (await one.pods()).filter((pod) => pod.status.phase === "Running").length === 3;
  await until("pods that never are ready run", areThere, { within: readyMs });
  await uncordon(one.cluster);
};

/** Pods are made, or the API refuses to make them and says this. */
const makes = (said, labels) => ({
  labels,
  async broken(one) {
    (await one.apply()).ok();
    const refused = async () => said.test(await one.refusal());
    await until(`the API refuses ${one.namespace}'s pods`, refused, { within: readyMs });
    expectEqual((await one.pods()).length, 0, "pods");
    return one.refusal();
  },
  async mended(one) {
    (await one.apply()).ok();
    await one.ready();
  },
});

/** The API takes it, or does not. */
const takes = (said) => ({
  async broken(one) {
    const { code, stderr } = await one.apply();
    expect(code !== 0 && said.test(stderr), `it is refused with ${said}: ${code} ${stderr}`);
    return stderr.trim().split("\n").pop().slice(0, 160);
  },
  async mended(one) {
    (await one.apply()).ok();
  },
});

/** Pods find a node, or wait for one for ever. */
const schedules = (said) => ({
  async broken(one) {
    (await one.apply()).ok();
    const waits = async () => {
      const [pod] = await one.pods();
      return pod?.status.conditions?.find((is) => is.type === "PodScheduled" && said.test(is.message))
        ?.message;
    };
    return await until(`a pod of ${one.namespace} waits for a node`, waits, { within: readyMs });
  },
  async mended(one) {
    (await one.apply()).ok();
    await one.ready();
  },
});

/** An update comes to its end, or does not. */
const updates = {
  async prepare(one) {
    (await one.apply()).ok();
    await one.ready();
  },
  async status(one, secs) {
    (await one.apply(one.text.replaceAll(":1.4.2", ":1.4.3"))).ok();
    const args = ["rollout", "status", "deployment", "-n", one.namespace, `--timeout=${secs}s`];
    return one.cluster.kubectl(args);
  },
  async broken(one) {
    expectEqual((await updates.status(one, hangSecs)).code, 1, "the exit code of `kubectl rollout status`");
    return `${hangSecs} s in vain; ${await one.refusal()}`;
  },
  async mended(one) {
    (await updates.status(one, 60)).ok();
  },
};

/** The fewest that are ready during an update. */
const capacity = (fewest) => async (one) => {
  const deployments = await one.cluster.api.items(one.apps);
  const timeline = await Timeline.of(one.cluster.api, deployments);
  (await updates.status(one, 60)).ok();
  timeline.end();
  expectEqual(
    timeline.extremes(deployments[0]).least,
    fewest,
    `ready at the least, ${timeline.text(deployments[0])}`,
  );
  return timeline.text(deployments[0]);
};

/** What was scaled to 6 after the next apply. */
const reapplied = (replicas) => async (one) => {
  const name = (await one.cluster.api.items(one.apps))[0].metadata.name;
  const scale = `${one.apps}/${name}/scale`;
  await one.cluster.api.merge(scale, { spec: { replicas: 6 } });
  (await one.apply(one.text, ["--force-conflicts"])).ok();
  expectEqual((await one.cluster.api.get(scale)).spec.replicas, replicas, "replicas after the next apply");
  return `6, and ${replicas} after the next apply`;
};

const conditionOf = (type, status, said) => async (one) => {
  (await one.apply()).ok();
  return await until(
    `${one.namespace}: ${type} is ${status}`,
    async () => {
      const conditions = (await one.cluster.api.items(autoscaler(one))).flatMap(
        (found) => found.status?.conditions ?? [],
      );
      return conditions.find((is) => is.type === type && is.status === status && said.test(is.message))
        ?.message;
    },
    { within: readyMs },
  );
};

const endpoints = (some) => async (one) => {
  (await one.apply()).ok();
  await one.ready();
  const look = async () => {
    const slices = await one.cluster.api.items(
      `/apis/discovery.k8s.io/v1/namespaces/${one.namespace}/endpointslices`,
    );
    const whole = slices.filter((slice) => slice.ports?.length && slice.endpoints?.length);
    return slices.length > 0 && whole.length > 0 === some;
  };
  await until(`${one.namespace}: pods behind the Service are ${some ? "there" : "missing"}`, look, {
    within: readyMs,
  });
  return "no address behind the Service";
};

const baseline = { "pod-security.kubernetes.io/enforce": "baseline" };
const isBaseline = makes(/violates PodSecurity "baseline/, baseline);

const cases = {
  "pdb-blocks-drain": drains(429, started),
  "pdb-keeps-broken-pods": drains(429, neverReady),
  "pdb-overlap": drains(500, started),
  "surge-exceeds-quota": updates,
  "update-loses-capacity": { prepare: updates.prepare, broken: capacity(2), mended: capacity(3) },
  "quota-needs-requests": makes(/must specify/),
  "service-account-missing": makes(/serviceaccount .* not found/),
  "claim-missing": schedules(/not found/),
  "replicas-beside-autoscaler": { prepare: started, broken: reapplied(3), mended: reapplied(6) },
  "autoscaler-target-missing": {
    broken: conditionOf("AbleToScale", "False", /not found/),
    mended: conditionOf("AbleToScale", "True", /./),
  },
  "service-selects-nothing": { broken: endpoints(false), mended: endpoints(true) },
  "service-port-missing": { broken: endpoints(false), mended: endpoints(true) },
  "autoscaler-range": takes(/must be greater than or equal to `?minReplicas/),
  "api-version-gone": takes(/no matches for kind/),
  "selector-misses-own-pods": takes(/`selector` does not match template `labels`/),
  "request-above-limit": takes(/must be less than or equal to/),
  "host-namespace": isBaseline,
  "unsafe-sysctl": isBaseline,
  "runtime-socket": isBaseline,
  "privileged-container": isBaseline,
  "unmasked-proc": takes(/hostUsers/),
};

export async function brokenOnes({ cluster, step }) {
  expect(existsSync(examples), `the examples of deploy check are missing: ${examples}`);
  await cluster.disks("examples", 2);
  for (const [rule, { labels, prepare, broken, mended }] of Object.entries(cases)) {
    await step(`${rule}: goes wrong as predicted, and right when it is mended`, async () => {
      const said = {};
      for (const [kind, prove] of Object.entries({ broken, mended })) {
        const one = new Example(cluster, rule, kind);
        // The tests of `deploy check` hold it to what the examples say of themselves.
        const [, finds] = one.text.match(/^# finds: (.*)\n/);
        expect(
          finds.split(", ").includes(kind === "broken" ? rule : "nothing"),
          `${kind}.yaml is of ${rule}`,
        );
        await one.make(labels);
        try {
          await one.limit();
          await prepare?.(one);
          said[kind] = await prove(one);
        } finally {
          await uncordon(cluster);
          await one.remove();
        }
      }
      return said.broken;
    });
  }
}
