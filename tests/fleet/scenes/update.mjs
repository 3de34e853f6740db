// Updates and emptied nodes: what is promised as ready stays ready, watched change by change.

import { expect, expectEqual } from "../../story/lib/wait.mjs";
import { drain, gatherOn, uncordon } from "../lib/drain.mjs";
import { Fleet } from "../lib/fleet.mjs";
import { Timeline } from "../lib/timeline.mjs";

const drainSecs = 120;
const stuckSecs = 8;

async function follow(fleet, kinds, during) {
  const objects = await Promise.all(fleet.of(...kinds).map((one) => fleet.live(one)));
  const timeline = await Timeline.of(fleet.cluster.api, objects);
  try {
    await during(objects, timeline);
  } finally {
    timeline.end();
  }
  return { objects, timeline };
}

/** The same fleet with another image. */
function withTag(fleet, tag) {
  const { cluster, profile, set, name } = fleet;
  return new Fleet(cluster, { profile, set: [...set, `image.tag=${tag}`], name: `${name}-${tag}` }).render();
}

async function updates(fleet) {
  const next = await withTag(fleet, "0.2.0");
  const { objects, timeline } = await follow(fleet, ["Deployment"], async () => {
    await next.apply();
    await next.allReady();
  });
  const texts = [];
  for (const one of objects) {
    const wanted = one.spec.replicas;
    const { least, most, changes } = timeline.extremes(one);
    const said = `${one.metadata.name}: ${timeline.text(one)}`;
    // What does not run our image stays as it is.
    if (!one.spec.template.spec.containers.some((container) => container.image.includes("deskhand")))
      continue;
    expect(changes >= 2 * wanted, `an update replaces all pods; ${said}`);
    expect(least >= wanted, `${wanted} stay ready during the update; ${said}`);
    // A new pod may be there a moment before the one that makes place for it is told to go.
    texts.push(`${one.metadata.name} ${least} to ${most} for ${wanted}`);
  }
  return texts.join(", ");
}

async function stuckUpdate(fleet) {
  const broken = await withTag(fleet, "never-ready");
  const { objects, timeline } = await follow(fleet, ["Deployment"], async (objects) => {
    await broken.apply();
    const name = `deployment/${objects[0].metadata.name}`;
    const args = ["rollout", "status", name, "-n", objects[0].metadata.namespace, `--timeout=${stuckSecs}s`];
    expectEqual((await fleet.cluster.kubectl(args)).code, 1, "the exit code of `kubectl rollout status`");
    await fleet.apply();
    await fleet.allReady();
  });
  for (const one of objects) {
    expect(timeline.extremes(one).least >= one.spec.replicas, `${one.metadata.name}: ${timeline.text(one)}`);
  }
}

/** Puts the whole fleet on one node, and empties that. */
async function drains(fleet) {
  const { cluster } = fleet;
  const begun = performance.now();
  const { objects, timeline } = await follow(fleet, ["Deployment", "StatefulSet"], async () => {
    (await drain(cluster, "node-1", drainSecs)).ok();
    await fleet.allReady();
  });
  const took = (performance.now() - begun) / 1000;
  const pods = (await Promise.all(objects.map((one) => fleet.pods(one)))).flat();
  expect(
    pods.every((pod) => pod.spec.nodeName !== "node-1"),
    "a pod is still on the emptied node",
  );
  const texts = [];
  for (const one of objects) {
    const wanted = one.spec.replicas;
    const { least, changes } = timeline.extremes(one);
    const budget = fleet
      .of("PodDisruptionBudget")
      .find(
        (budget) =>
          JSON.stringify(budget.spec.selector.matchLabels) === JSON.stringify(one.spec.selector.matchLabels),
      );
    const said = `${one.metadata.name}: ${timeline.text(one)}`;
    expect(changes >= 2 * wanted, `every pod moves; ${said}`);
    if (budget) expect(least >= wanted - budget.spec.maxUnavailable, `the budget is kept; ${said}`);
    texts.push(`${one.metadata.name} ${least} of ${wanted}`);
  }
  return `${took.toFixed(1)} s; fewest ready: ${texts.join(", ")}`;
}

export async function updatesAndDrains({ cluster, step }) {
  const cases = [
    { profile: "production", set: ["web.scaling.min=3", "api.scaling.min=3"] },
    { profile: "support-fleet", set: ["workers.scaling.kind=none"] },
    { profile: "event-platform", set: [] },
  ];
  for (const { profile, set } of cases) {
    const fleet = await new Fleet(cluster, { profile, set, name: `${profile}-moving` }).render();
    await cluster.disks(fleet.name);
    try {
      await step(`${profile}, all of it on one node`, async () => {
        await fleet.makeNamespaces();
        await gatherOn(cluster, "node-1");
        await fleet.apply();
        await fleet.allLeast();
        await fleet.allReady();
        await uncordon(cluster);
      });
      await step(`${profile}: a node with all its pods is emptied under the budgets`, () => drains(fleet));
      await step(`${profile}: an update keeps as many ready as are wanted`, () => updates(fleet));
      await step(`${profile}: an update that never gets ready stops, and is taken back`, () =>
        stuckUpdate(fleet),
      );
    } finally {
      await uncordon(cluster);
      await fleet.remove();
    }
  }
}
