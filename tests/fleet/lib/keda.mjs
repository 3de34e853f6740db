// KEDA's operator and its metrics adapter, beside the cluster, as its administrator.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../story/lib/desk.mjs";
import { until } from "../../story/lib/wait.mjs";

const startingMs = 90_000;
const group = "external.metrics.k8s.io";
const metrics = `/apis/${group}/v1beta1`;

export async function startKeda(cluster) {
  const { api, folder, processes } = cluster;
  const certificates = join(folder, "keda-certificates");
  mkdirSync(certificates);
  for (const [from, to] of [
    ["ca.crt", "ca.crt"],
    ["keda-operator.crt", "tls.crt"],
    ["keda-operator.key", "tls.key"],
  ]) {
    copyFileSync(join(folder, "pki", from), join(certificates, to));
  }
  const [adapter, own, health, provider, serving] = await Promise.all(Array.from({ length: 5 }, freePort));
  await api.create("/api/v1/namespaces", { metadata: { name: "keda" } });
  await api.create("/api/v1/namespaces/keda/services", {
    metadata: { name: "keda-metrics-apiserver" },
    spec: { type: "ExternalName", externalName: "localhost", ports: [{ port: adapter, protocol: "TCP" }] },
  });
  await api.create("/apis/apiregistration.k8s.io/v1/apiservices", {
    metadata: { name: `v1beta1.${group}` },
    spec: {
      group,
      version: "v1beta1",
      service: { name: "keda-metrics-apiserver", namespace: "keda", port: adapter },
      insecureSkipTLSVerify: true,
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  });
  const env = { KEDA_CLUSTER_OBJECT_NAMESPACE: "keda", POD_NAMESPACE: "keda", WATCH_NAMESPACE: "" };
  const as = `--kubeconfig=${cluster.kubeconfig}`;
  const operator = [
    as,
    `--cert-dir=${certificates}`,
    `--metrics-bind-address=127.0.0.1:${own}`,
    `--health-probe-bind-address=127.0.0.1:${health}`,
    `--metrics-service-bind-address=127.0.0.1:${provider}`,
    "--enable-webhook-patching=false",
    // Each look at a topic, with the lag that it found.
    "--zap-log-level=debug",
    "--zap-encoder=json",
    "--zap-time-encoding=rfc3339nano",
  ];
  processes.start("operator", join(cluster.bin, "operator"), operator, { env });
  const adapting = [
    as,
    `--lister-kubeconfig=${cluster.kubeconfig}`,
    `--authentication-kubeconfig=${cluster.kubeconfig}`,
    `--authorization-kubeconfig=${cluster.kubeconfig}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${adapter}`,
    `--cert-dir=${certificates}`,
    `--tls-cert-file=${join(certificates, "tls.crt")}`,
    `--tls-private-key-file=${join(certificates, "tls.key")}`,
    `--client-ca-file=${join(certificates, "ca.crt")}`,
    `--metrics-service-address=localhost:${provider}`,
    `--port=${serving}`,
  ];
  processes.start("adapter", join(cluster.bin, "adapter"), adapting, { env });
  const answers = async () => {
    processes.check();
    return (await api.send("GET", metrics)).status === 200;
  };
  await until("KEDA's metrics are served", answers, { within: startingMs });
}

/** What an autoscaler is told of a ScaledObject, in thousandths. */
export async function told(cluster, { namespace, name, metric }) {
  const query = `labelSelector=${encodeURIComponent(`scaledobject.keda.sh/name=${name}`)}`;
  const { items } = await cluster.api.get(`${metrics}/namespaces/${namespace}/${metric}?${query}`);
  const [, amount, unit] = items[0].value.match(/^(\d+)(m?)$/);
  return Number(amount) * (unit ? 1 : 1000);
}
