// The chart with real helm: tried, installed, upgraded, taken back, tested, removed; and what happens in which order.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "../../story/lib/desk.mjs";
import { expect, expectEqual, until } from "../../story/lib/wait.mjs";
import { home, profiles } from "../lib/fleet.mjs";
import { Timeline } from "../lib/timeline.mjs";

const release = "deskhand";
const helmMs = 120_000;
/** What an upgrade that cannot succeed is given. */
const failingSecs = 15;
const images = { first: "0.1.0", next: "0.2.0" };

const pathOf = (group, plural) => `/${group}/namespaces/${home}/${plural}`;
const deployments = pathOf("apis/apps/v1", "deployments");
const component = (pod) => pod.metadata.labels["app.kubernetes.io/component"];
const imageOf = (object) => (object.spec.template ?? object).spec.containers[0].image;

class Chart {
  constructor(cluster, files, { set = [], namespace = home } = {}) {
    const values = files.flatMap((file) => ["-f", join(Chart.folder, file)]);
    const all = [...values, ...set.map((one) => `--set=${one}`)];
    Object.assign(this, { cluster, values: all, namespace });
  }

  /** The chart under test: FLEET_CHART, or this checkout's. */
  static get folder() {
    return resolve(process.env.FLEET_CHART ?? join(root, "charts/deskhand"));
  }

  helm(args) {
    return this.cluster.helm([...args, "--namespace", this.namespace], { within: helmMs });
  }

  async ok(args) {
    const ended = (await this.helm(args)).ok();
    expect(!/warning/i.test(ended.stderr), `helm passes on a warning:\n${ended.stderr}`);
    return ended.stdout;
  }

  /** As a pipeline does it. */
  upgrade(tag, secs = 60) {
    const patience = ["--wait", "--rollback-on-failure", `--timeout=${secs}s`];
    return [
      "upgrade",
      "--install",
      release,
      Chart.folder,
      ...this.values,
      `--set=image.tag=${tag}`,
      ...patience,
    ];
  }

  deployments() {
    return this.cluster.api.items(deployments);
  }

  async revision() {
    const { version, info } = JSON.parse(await this.ok(["status", release, "-o", "json"]));
    return `${version} ${info.status}`;
  }

  /** What happens to pods while `during` goes on: "the first of COMPONENT with IMAGE is there", "… ended". */
  async order(during) {
    const seen = [];
    const note = (what) => seen.includes(what) || seen.push(what);
    // In all namespaces, since a fleet may have several.
    const stop = await this.cluster.api.watch("/api/v1/pods", (pods) => {
      for (const pod of pods.values()) {
        const tag = imageOf(pod).split(":").pop();
        note(`${component(pod)} ${tag}`);
        if (pod.status.phase === "Succeeded") note(`${component(pod)} ${tag} ended`);
      }
    });
    try {
      await during();
    } finally {
      stop();
    }
    return seen;
  }

  async timeline(during) {
    const objects = await this.deployments();
    const timeline = await Timeline.of(this.cluster.api, objects);
    try {
      await during();
    } finally {
      timeline.end();
    }
    for (const one of objects) {
      const { least } = timeline.extremes(one);
      expect(
        least >= one.spec.replicas,
        `${one.spec.replicas} stay ready; ${one.metadata.name}: ${timeline.text(one)}`,
      );
    }
  }
}

/** Everything of the release that is still there. */
async function leftOver(cluster) {
  const kinds =
    "deployments,statefulsets,daemonsets,jobs,cronjobs,pods,services,configmaps,secrets,serviceaccounts,ingresses,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,persistentvolumeclaims";
  const args = ["get", kinds, "-n", home, "-l", `app.kubernetes.io/instance=${release}`, "-o", "name"];
  return (await cluster.kubectl(args)).ok().stdout.trim().split("\n").filter(Boolean);
}

/** A migration that failed stays for a while to be looked at, and no other does. */
async function removeFailedMigration(cluster) {
  const path = pathOf("apis/batch/v1", "jobs");
  const jobs = await cluster.api.items(path);
  expectEqual(
    jobs.map((job) => imageOf(job).split(":").pop()),
    ["never-ends"],
    "jobs that are still there",
  );
  await cluster.api.remove(`${path}/${jobs[0].metadata.name}`);
}

const before = (seen, first, second) => {
  const [a, b] = [seen.indexOf(first), seen.indexOf(second)];
  return a >= 0 && b >= 0 && a < b;
};

async function runsTests(chart) {
  const said = await chart.ok(["test", release, "--timeout=60s"]);
  const passed = said.match(/Phase:\s+Succeeded/g)?.length ?? 0;
  expect(passed > 0 && !/Phase:\s+Failed/.test(said), said);
  return `${passed} succeeded`;
}

async function oneLife({ cluster, step }, { name, values, migratesFirst, stays }) {
  const chart = new Chart(cluster, values);
  await cluster.namespace(home);
  await cluster.disks(`chart-${name}`, 4);
  await step(
    `${name}: helm install${migratesFirst ? ", and the migration ends before anything else begins" : ""}`,
    async () => {
      const seen = await chart.order(() => chart.ok(chart.upgrade(images.first)));
      if (migratesFirst)
        expect(before(seen, "migrate 0.1.0 ended", "api 0.1.0"), `the order was: ${seen.join(", ")}`);
      expectEqual(await chart.revision(), "1 deployed", "the release");
      return seen.join(", ");
    },
  );
  await step(
    `${name}: helm upgrade migrates, then updates; what was scaled stays so, and all stay ready`,
    async () => {
      const scalers = await cluster.api.items(pathOf("apis/autoscaling/v2", "horizontalpodautoscalers"));
      for (const one of scalers) {
        await cluster.api.merge(`${deployments}/${one.metadata.name}/scale`, { spec: { replicas: 4 } });
      }
      const areReady = async () =>
        (await chart.deployments()).every((one) => one.status.readyReplicas === one.spec.replicas);
      await until("all are ready", areReady, { within: 30_000 });
      const replicas = async () => (await chart.deployments()).map((one) => one.spec.replicas);
      const scaled = await replicas();
      let seen = [];
      await chart.timeline(
        async () => (seen = await chart.order(() => chart.ok(chart.upgrade(images.next)))),
      );
      expectEqual(await replicas(), scaled, "replicas after the upgrade");
      for (const part of ["api 0.2.0", "web 0.2.0"]) {
        expect(before(seen, "migrate 0.2.0 ended", part), `the order was: ${seen.join(", ")}`);
      }
      expectEqual(await chart.revision(), "2 deployed", "the release");
      return `${scaled.join(" and ")} replicas; ${seen.join(", ")}`;
    },
  );
  for (const [tag, what, touched] of [
    ["never-ends", "a migration that does not end", false],
    ["never-ready", "pods that do not get ready", true],
  ]) {
    await step(`${name}: helm upgrade to ${what} is taken back by itself, and all stay ready`, async () => {
      let seen = [];
      const trial = async () => {
        expectEqual((await chart.helm(chart.upgrade(tag, failingSecs))).code, 1, "helm's exit code");
      };
      await chart.timeline(async () => (seen = await chart.order(trial)));
      expectEqual(seen.includes(`api ${tag}`), touched, `there are pods of it; ${seen.join(", ")}`);
      const tags = (await chart.deployments()).map((one) => imageOf(one).split(":").pop());
      expectEqual(new Set(tags).size === 1 && tags[0], images.next, "the image after it");
      if (!touched) await removeFailedMigration(cluster);
      return chart.revision();
    });
  }
  await step(`${name}: helm rollback goes back to the first, and all stay ready`, async () => {
    await chart.timeline(() => chart.ok(["rollback", release, "1", "--wait", "--timeout=60s"]));
    for (const one of await chart.deployments())
      expect(imageOf(one).endsWith(`:${images.first}`), imageOf(one));
    return chart.revision();
  });
  await step(`${name}: helm test runs its tests`, () => runsTests(chart));
  await step(`${name}: helm uninstall leaves ${stays.length ? "the data alone" : "nothing"}`, async () => {
    await chart.ok(["uninstall", release, "--wait", "--timeout=60s"]);
    let left = [];
    const isGone = async () => {
      left = await leftOver(cluster);
      return JSON.stringify(left) === JSON.stringify(stays);
    };
    await until(`only ${stays} stays`, isGone, { within: 30_000 }).catch((error) => {
      throw new Error(`${error.message}; there is ${left}`);
    });
  });
  await cluster.removeNamespaces([home]);
}

/** Namespaces that a chart brings, or that its user makes. */
async function removeAllOf(cluster) {
  const all = await cluster.api.items("/api/v1/namespaces");
  const names = all.map((one) => one.metadata.name).filter((name) => name.startsWith(home));
  await cluster.removeNamespaces(names);
}

/** Secrets have to be there before pods, and namespaces before Secrets, so these are made by hand as the guide says. */
const ownNamespaces = {
  profile: "namespaced",
  name: "namespaced in namespaces that are there",
  set: ["namespaces.create=false"],
  namespace: `${home}-backend`,
  namespaces: ["bff", "backend", "workers", "queue", "monitoring"].map((part) => `${home}-${part}`),
};

export async function chart({ cluster, step }) {
  expect(existsSync(join(Chart.folder, "Chart.yaml")), `there is no chart in ${Chart.folder}`);
  for (const { profile, name = profile, namespaces = [home], ...settings } of [
    ...profiles.map((profile) => ({ profile })),
    ownNamespaces,
  ]) {
    await step(
      `${name}: helm tries, installs, tests, upgrades after the migration, removes, and installs again`,
      async () => {
        const trial = new Chart(cluster, [`profiles/${profile}.yaml`], settings);
        for (const one of namespaces) await cluster.namespace(one);
        await cluster.disks(`helm-${name}`);
        try {
          await trial.ok(["install", release, Chart.folder, ...trial.values, "--dry-run=server"]);
          await trial.ok(trial.upgrade(images.first));
          await runsTests(trial);
          const seen = await trial.order(() => trial.ok(trial.upgrade(images.next)));
          expect(before(seen, "migrate 0.2.0 ended", "api 0.2.0"), `the order was: ${seen.join(", ")}`);
          expectEqual(await trial.revision(), "2 deployed", "the release");
          await trial.ok(["uninstall", release, "--wait", "--timeout=60s"]);
          // Some of what it brought stays, and is its own again.
          await trial.ok(trial.upgrade(images.next));
          await trial.ok(["uninstall", release, "--timeout=60s"]);
        } finally {
          await removeAllOf(cluster);
        }
      },
    );
  }
  const lives = [
    { name: "production", values: [], migratesFirst: true, stays: [] },
    {
      name: "local",
      values: ["values-dev.yaml"],
      migratesFirst: false,
      stays: ["persistentvolumeclaim/data-deskhand-postgres-0"],
    },
  ];
  for (const life of lives) await oneLife({ cluster, step }, life);
}
