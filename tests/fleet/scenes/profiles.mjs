// Every profile on the API: nothing is refused, nothing is warned of, everything that runs gets ready.

import { expect, expectEqual, until } from "../../story/lib/wait.mjs";
import { Fleet, isReady, pathOf, profiles, selector } from "../lib/fleet.mjs";

/** What no profile has as it stands. */
const others = [
  {
    name: "other parts",
    profile: "event-platform",
    set: [
      "database.kind=cloudnativepg",
      "database.maxConnections=800",
      "bus.kind=kafka",
      "bus.kafka.whenUnsatisfiable=ScheduleAnyway",
    ],
  },
  {
    name: "other entries",
    profile: "production",
    set: ["entry.kind=ingress", "entry.host=desk.example", "entry.ingress.className=public", "bus.kind=nats"],
  },
];

const endMs = 30_000;

const condition = (object, type) => object.status?.conditions?.find((one) => one.type === type)?.status;

async function autoscalers(fleet) {
  for (const one of fleet.of("HorizontalPodAutoscaler")) {
    const found = async () => condition(await fleet.live(one), "AbleToScale") === "True";
    await until(`the autoscaler ${one.metadata.name} found what it scales`, found, { within: 30_000 });
  }
  await fleet.allLeast();
  return fleet.of("HorizontalPodAutoscaler").length;
}

async function budgets(fleet) {
  for (const one of fleet.of("PodDisruptionBudget")) {
    await until(`the budget ${one.metadata.name} counts pods and lets one go`, async () => {
      const { status } = await fleet.live(one);
      return (
        status.expectedPods > 0 &&
        status.currentHealthy === status.expectedPods &&
        status.disruptionsAllowed > 0
      );
    });
  }
  return fleet.of("PodDisruptionBudget").length;
}

/** A Service with a selector has every ready pod behind it, by each of its ports. */
async function services(fleet) {
  let count = 0;
  for (const one of fleet.of("Service")) {
    if (!one.spec.selector) continue;
    const { namespace, name } = one.metadata;
    const pods = await fleet.cluster.api.items(
      `/api/v1/namespaces/${namespace}/pods?${selector(one.spec.selector)}`,
    );
    const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${selector({ "kubernetes.io/service-name": name })}`;
    await until(`the Service ${name} has ${pods.length} pods behind it`, async () => {
      const found = await fleet.cluster.api.items(slices);
      const addresses = found.flatMap((slice) => slice.endpoints.filter((end) => end.conditions.ready));
      const ports = found.every((slice) => (slice.ports ?? []).length === one.spec.ports.length);
      return pods.length > 0 && addresses.length === pods.filter(isReady).length && ports;
    });
    count += 1;
  }
  return count;
}

/** Jobs end, and what is started by the clock is started now. */
async function jobs(fleet) {
  const all = fleet.of("Job");
  for (const one of fleet.of("CronJob")) {
    const { namespace, name } = one.metadata;
    const job = { apiVersion: "batch/v1", kind: "Job", metadata: { namespace, name: `${name}-now` } };
    await fleet.cluster.api.create(pathOf(job, { list: true }), { ...job, spec: one.spec.jobTemplate.spec });
    all.push(job);
  }
  for (const one of all) {
    const isDone = async () => condition(await fleet.live(one), "Complete") === "True";
    await until(`the Job ${one.metadata.name} ends`, isDone, { within: endMs });
  }
  return all.length;
}

async function generations(fleet) {
  const found = {};
  for (const one of fleet.objects) found[pathOf(one)] = (await fleet.live(one)).metadata.generation ?? 0;
  return found;
}

async function lives(fleet) {
  await fleet.makeNamespaces();
  const count = fleet.objects.length;
  if (!fleet.bringsNamespaces) expectEqual(await fleet.dryRun(), count, "objects that would be taken");
  const applied = await fleet.apply();
  expectEqual([applied, await fleet.dryRun()], [count, count], "objects that were taken");
  const scaled = await autoscalers(fleet);
  const running = await fleet.allReady();
  const counts = {
    running: running.length,
    scaled,
    budgets: await budgets(fleet),
    services: await services(fleet),
    jobs: await jobs(fleet),
  };
  expectEqual(await fleet.complaints("FailedCreate"), [], "pods that were refused");
  const before = await generations(fleet);
  await fleet.apply();
  expectEqual(await generations(fleet), before, "applying again changes nothing");
  const pods = (await Promise.all(running.map((one) => fleet.pods(one)))).flat();
  expect(
    pods.every((pod) => isReady(pod)),
    "a pod is not ready any more",
  );
  return `${applied} objects; ${pods.length} pods of ${counts.running} workloads, ${counts.budgets} budgets, ${counts.scaled} autoscalers, ${counts.services} services, ${counts.jobs} jobs`;
}

export async function everyProfile({ cluster, step }) {
  for (const one of [...profiles.map((profile) => ({ profile })), ...others]) {
    const fleet = new Fleet(cluster, one);
    await step(`${fleet.name} is taken without a warning, and lives`, async () => {
      await cluster.disks(fleet.name);
      await fleet.render();
      try {
        return await lives(fleet);
      } finally {
        await fleet.remove();
      }
    });
  }
}
