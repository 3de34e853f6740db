// Fleets on the cluster: rendered by the program, applied as a user applies them, and looked at.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "../../story/lib/desk.mjs";
import { expect, until } from "../../story/lib/wait.mjs";
import { run } from "./processes.mjs";

export const profiles = ["support-fleet", "namespaced", "basic", "local", "production", "event-platform"];
export const home = "deskhand";
export const workloads = ["Deployment", "StatefulSet", "DaemonSet"];
const readyMs = 60_000;

/** The program that renders: FLEET_DESKHAND, or the debug build of this checkout. */
export function program() {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const path = resolve(process.env.FLEET_DESKHAND ?? join(target, "debug/deskhand"));
  if (!existsSync(path)) throw new Error(`${path} is missing: build it with cargo build -p deskhand`);
  return path;
}

const plurals = { NetworkPolicy: "networkpolicies", Ingress: "ingresses", StorageClass: "storageclasses" };
const clusterWide = new Set(["Namespace", "ClusterRole", "ClusterRoleBinding", "PersistentVolume"]);

/** Where the API has an object, or all of its kind in the namespace where no name is given. */
export function pathOf(
  { apiVersion, kind, metadata },
  { namespace = metadata.namespace, list = false } = {},
) {
  const prefix = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = clusterWide.has(kind) ? "" : `/namespaces/${namespace}`;
  const plural = plurals[kind] ?? `${kind.toLowerCase()}s`;
  return `${prefix}${place}/${plural}${list ? "" : `/${metadata.name}`}`;
}

/** The label selector of a query. */
export const selector = (labels) =>
  `labelSelector=${encodeURIComponent(
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
  )}`;

export const isReady = (pod) =>
  !pod.metadata.deletionTimestamp &&
  (pod.status.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");

/** A profile with settings that differ, as files of a folder, and as objects. */
export class Fleet {
  constructor(cluster, { profile, set = [], values = "", name = profile }) {
    Object.assign(this, { cluster, profile, set, values, name });
    this.folder = join(cluster.folder, `render-${name.replaceAll(" ", "-")}`);
  }

  async render() {
    mkdirSync(this.folder, { recursive: true });
    const asked = ["deploy", "render", "--profile", this.profile];
    for (const one of this.set) asked.push("--set", one);
    if (this.values) {
      writeFileSync(`${this.folder}.yaml`, this.values);
      asked.push("--values", `${this.folder}.yaml`);
    }
    (await run(program(), [...asked, "--output", this.folder], { cwd: this.cluster.folder })).ok();
    const { stdout } = (await run(program(), [...asked, "--json"], { cwd: this.cluster.folder })).ok();
    this.objects = JSON.parse(stdout);
    if (!Array.isArray(this.objects)) this.objects = this.objects.items;
    this.namespaces = [
      ...new Set([home, ...this.objects.map((one) => one.metadata.namespace).filter(Boolean)]),
    ];
    return this;
  }

  of(...kinds) {
    return this.objects.filter((one) => kinds.includes(one.kind));
  }

  /** Whether it brings namespaces. Until they are there, the API says of nothing in them whether it would take it. */
  get bringsNamespaces() {
    return this.of("Namespace").length > 0;
  }

  /** Makes the namespaces that the fleet leaves to its user. */
  async makeNamespaces() {
    const own = this.of("Namespace").map((one) => one.metadata.name);
    for (const name of this.namespaces) if (!own.includes(name)) await this.cluster.namespace(name);
  }

  /** Applies and answers how many objects there were. The API may not say one warning. */
  async #apply(args) {
    const applied = (await this.cluster.kubectl(["apply", "--server-side", ...args])).ok();
    expect(!/warning/i.test(applied.stderr), `the API warns of ${this.name}:\n${applied.stderr}`);
    return applied.stdout.trim().split("\n").length;
  }

  dryRun() {
    return this.#apply(["--dry-run=server", "-k", this.folder]);
  }

  apply() {
    return this.#apply(["-k", this.folder]);
  }

  live(object) {
    return this.cluster.api.get(pathOf(object));
  }

  pods({ metadata: { namespace }, spec }) {
    return this.cluster.api.items(
      `/api/v1/namespaces/${namespace}/pods?${selector(spec.selector.matchLabels)}`,
    );
  }

  /** Waits until a Deployment or a StatefulSet has all the pods that it wants, of its latest kind and ready. */
  async ready(object, within = readyMs) {
    const { kind, metadata } = object;
    let seen = "";
    await until(
      `${kind} ${metadata.namespace}/${metadata.name} is ready`,
      async () => {
        const { spec, status, metadata } = await this.live(object);
        const wanted = kind === "DaemonSet" ? (status.desiredNumberScheduled ?? 0) : (spec.replicas ?? 1);
        const current = kind === "DaemonSet" ? status.updatedNumberScheduled : status.updatedReplicas;
        const all = kind === "DaemonSet" ? status.numberReady : status.readyReplicas;
        const total = kind === "DaemonSet" ? status.currentNumberScheduled : status.replicas;
        seen = JSON.stringify(status);
        const isWhole = [current, all, total].every((count) => (count ?? 0) === wanted);
        return status.observedGeneration === metadata.generation && wanted > 0 && isWhole;
      },
      { within },
    ).catch((error) => {
      throw new Error(`${error.message}; ${seen}`);
    });
  }

  async allReady() {
    const all = this.of(...workloads);
    for (const one of all) await this.ready(one);
    return all;
  }

  /** Waits until autoscalers have brought what they scale to their least numbers. */
  async allLeast() {
    for (const one of this.of("HorizontalPodAutoscaler")) {
      const { kind, apiVersion, name } = one.spec.scaleTargetRef;
      const scaled = { apiVersion, kind, metadata: { ...one.metadata, name } };
      const hasLeast = async () => (await this.live(scaled)).spec.replicas >= one.spec.minReplicas;
      await until(`${name} has ${one.spec.minReplicas} replicas`, hasLeast, { within: readyMs });
    }
  }

  async remove() {
    for (const one of this.of("ClusterRole", "ClusterRoleBinding"))
      await this.cluster.api.remove(pathOf(one));
    await this.cluster.removeNamespaces(this.namespaces);
  }

  /** What controllers complained of with this reason. */
  async complaints(...reasons) {
    const found = [];
    for (const namespace of this.namespaces) {
      const events = await this.cluster.api.items(`/api/v1/namespaces/${namespace}/events`);
      found.push(...events.filter((one) => reasons.includes(one.reason)).map((one) => one.message));
    }
    return found;
  }
}
