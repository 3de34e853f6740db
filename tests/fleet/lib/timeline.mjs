// How many pods of each part were ready while something went on: every change that the API tells, not samples.

import { isReady } from "./fleet.mjs";

export class Timeline {
  #stop = [];
  #begun = performance.now();
  parts = new Map();

  /** Follows the pods of these workloads. */
  static async of(api, workloads) {
    const timeline = new Timeline();
    for (const { metadata, spec } of workloads) {
      const labels = Object.entries(spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
      const path = `/api/v1/namespaces/${metadata.namespace}/pods?labelSelector=${encodeURIComponent(labels.join(","))}`;
      const part = { name: metadata.name, looks: [] };
      timeline.parts.set(`${metadata.namespace}/${metadata.name}`, part);
      timeline.#stop.push(await api.watch(path, (pods) => timeline.#look(part, [...pods.values()])));
    }
    return timeline;
  }

  #look(part, pods) {
    const ready = pods.filter(isReady).length;
    const all = pods.filter((pod) => !pod.metadata.deletionTimestamp).length;
    const last = part.looks.at(-1);
    if (last?.ready === ready && last?.all === all) return;
    part.looks.push({ ms: Math.round(performance.now() - this.#begun), ready, all });
  }

  end() {
    for (const stop of this.#stop) stop();
  }

  /** The fewest that were ready, and the most that there were. */
  extremes({ metadata: { namespace, name } }) {
    const { looks } = this.parts.get(`${namespace}/${name}`);
    return {
      least: Math.min(...looks.map((look) => look.ready)),
      most: Math.max(...looks.map((look) => look.all)),
      changes: looks.length - 1,
    };
  }

  /** Such as "0.0 s 3 of 3, 0.7 s 3 of 4". */
  text({ metadata: { namespace, name } }) {
    const { looks } = this.parts.get(`${namespace}/${name}`);
    return looks.map(({ ms, ready, all }) => `${(ms / 1000).toFixed(1)} s ${ready} of ${all}`).join(", ");
  }
}
