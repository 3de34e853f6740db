// Nodes that are emptied as an administrator does it, by evictions that budgets may refuse.

/** Everything that is started from now on goes to this node. */
export async function gatherOn(cluster, node) {
  for (const other of cluster.nodes) {
    await cluster.api.merge(`/api/v1/nodes/${other}`, { spec: { unschedulable: other !== node } });
  }
}

export async function uncordon(cluster) {
  for (const node of cluster.nodes)
    await cluster.api.merge(`/api/v1/nodes/${node}`, { spec: { unschedulable: null } });
}

/** Answers how `kubectl drain` ended, which gives up after `secs`. */
export function drain(cluster, node, secs) {
  const args = ["drain", node, "--ignore-daemonsets", "--delete-emptydir-data", `--timeout=${secs}s`];
  return cluster.kubectl(args, { within: (secs + 30) * 1000 });
}

/** Asks for one eviction, without any try again. */
export function evict(cluster, { metadata: { namespace, name } }) {
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } };
  return cluster.api.send("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction);
}
