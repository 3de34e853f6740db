// A Kubernetes API without containers: its own programs, and kwok, which plays the nodes. Pods are admitted, scheduled,
// become ready, are evicted and deleted as on a real cluster; nothing runs in them.

import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, root } from "../../story/lib/desk.mjs";
import { until } from "../../story/lib/wait.mjs";
import { Api } from "./api.mjs";
import { run } from "./processes.mjs";

const here = import.meta.dirname;
const nodes = ["node-1", "node-2", "node-3"];
const startingMs = 90_000;

/** What scripts/validators has installed, by its names. */
async function validators() {
  const { stdout } = (await run(join(root, "scripts/validators"), ["paths"])).ok();
  return Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=")),
  );
}

export class Cluster {
  /** Where the programs are, and the folder of this run. */
  constructor({ bin, folder, processes }) {
    Object.assign(this, { bin, folder, processes, nodes });
    this.token = randomBytes(16).toString("hex");
    this.kubeconfig = join(folder, "kubeconfig");
    this.syncSecs = 15;
  }

  async #openssl(...args) {
    (await run("openssl", args, { cwd: join(this.folder, "pki") })).ok();
  }

  async #certificate(name, names) {
    const extensions = join(this.folder, `pki/${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    await this.#openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    );
    await this.#openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      extensions,
      "-out",
      `${name}.crt`,
    );
  }

  async #keys() {
    mkdirSync(join(this.folder, "pki"));
    await this.#openssl("genrsa", "-out", "accounts.key", "2048");
    await this.#openssl("rsa", "-in", "accounts.key", "-pubout", "-out", "accounts.pub");
    await this.#openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=ca",
      "-keyout",
      "ca.key",
      "-out",
      "ca.crt",
    );
    // The API shows it to what serves further APIs, such as KEDA's metrics.
    await this.#certificate("front-proxy", "DNS:localhost");
    await this.#certificate("keda-operator", "DNS:localhost,DNS:keda-operator.keda.svc,IP:127.0.0.1");
  }

  async start() {
    const { KUBECTL, HELM, SCHEMAS } = await validators();
    Object.assign(this, { kubectlPath: KUBECTL, helmPath: HELM, definitions: join(SCHEMAS, "definitions") });
    await this.#keys();
    const [etcd, peer, port, manager, scheduler] = await Promise.all(Array.from({ length: 5 }, freePort));
    this.port = port;
    this.api = new Api({ port, token: this.token });
    const pki = (name) => join(this.folder, "pki", name);
    writeFileSync(join(this.folder, "tokens.csv"), `${this.token},admin,admin,"system:masters"\n`);
    const config = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "fleet",
      clusters: [
        { name: "fleet", cluster: { server: `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
      ],
      users: [{ name: "admin", user: { token: this.token } }],
      contexts: [{ name: "fleet", context: { cluster: "fleet", user: "admin" } }],
    };
    writeFileSync(this.kubeconfig, JSON.stringify(config));
    const client = `http://127.0.0.1:${etcd}`;
    const start = (name, args) => this.processes.start(name, join(this.bin, name), args);
    start("etcd", [
      `--data-dir=${join(this.folder, "etcd")}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      // What a power cut would lose is of no use afterwards.
      "--unsafe-no-fsync",
    ]);
    start("kube-apiserver", [
      `--etcd-servers=${client}`,
      `--secure-port=${port}`,
      "--bind-address=127.0.0.1",
      `--cert-dir=${pki("")}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${pki("accounts.pub")}`,
      `--service-account-signing-key-file=${pki("accounts.key")}`,
      "--service-cluster-ip-range=10.0.0.0/16",
      `--token-auth-file=${join(this.folder, "tokens.csv")}`,
      "--authorization-mode=RBAC",
      // As clusters have it: what keeps privileged pods out is Pod Security.
      "--allow-privileged=true",
      `--proxy-client-cert-file=${pki("front-proxy.crt")}`,
      `--proxy-client-key-file=${pki("front-proxy.key")}`,
      `--requestheader-client-ca-file=${pki("ca.crt")}`,
      "--requestheader-username-headers=X-Remote-User",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    ]);
    await this.#answers("the API answers that it is ready", "/readyz");
    const secure = (port) => ["--leader-elect=false", "--bind-address=127.0.0.1", `--secure-port=${port}`];
    const as = `--kubeconfig=${this.kubeconfig}`;
    start("kube-controller-manager", [
      as,
      ...secure(manager),
      `--service-account-private-key-file=${pki("accounts.key")}`,
      `--root-ca-file=${pki("apiserver.crt")}`,
      `--horizontal-pod-autoscaler-sync-period=${this.syncSecs}s`,
      // Each look of an autoscaler, with what it decides.
      "--vmodule=horizontal=4",
    ]);
    start("kube-scheduler", [as, ...secure(scheduler)]);
    start("kwok", [
      as,
      "--manage-all-nodes=true",
      "--node-lease-duration-seconds=40",
      `--config=${join(here, "stages.yaml")}`,
    ]);
    for (const name of nodes) await this.addNode(name);
    await until("the nodes are ready", async () => (await this.#ready()) === nodes.length, {
      within: startingMs,
    });
    await this.#storage();
  }

  async #answers(what, path) {
    await until(
      what,
      async () => {
        this.processes.check();
        return (await this.api.send("GET", path).catch(() => ({}))).status === 200;
      },
      { within: startingMs },
    );
  }

  async addNode(name) {
    const size = { cpu: "16", memory: "64Gi", pods: "110", "ephemeral-storage": "100Gi" };
    const zone = `zone-${name.split("-").pop()}`;
    const labels = { "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone };
    await this.api.create("/api/v1/nodes", {
      metadata: { name, labels },
      status: { allocatable: size, capacity: size },
    });
  }

  async #ready() {
    const isReady = (one) => one.status.conditions?.some((is) => is.type === "Ready" && is.status === "True");
    return (await this.api.items("/api/v1/nodes")).filter(isReady).length;
  }

  /** The provider's part: disks for who claims them. */
  async #storage() {
    await this.api.create("/apis/storage.k8s.io/v1/storageclasses", {
      metadata: { name: "disks", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "kubernetes.io/no-provisioner",
    });
  }

  async disks(name, count = 12) {
    const prefix = name.replaceAll(" ", "-");
    for (let number = 1; number <= count; number += 1) {
      await this.api.create("/api/v1/persistentvolumes", {
        metadata: { name: `${prefix}-${number}` },
        spec: {
          capacity: { storage: "1Ti" },
          accessModes: ["ReadWriteOnce", "ReadWriteMany"],
          storageClassName: "disks",
          hostPath: { path: `/disks/${prefix}-${number}` },
        },
      });
    }
  }

  /** Kinds of operators, whose objects the API then takes. */
  async define(folder) {
    const args = ["apply", "--server-side", "--force-conflicts", "-f", folder];
    (await this.kubectl(args, { within: 120_000 })).ok();
    const wait = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"];
    (await this.kubectl(wait, { within: 90_000 })).ok();
  }

  kubectl(args, options) {
    return run(this.kubectlPath, ["--kubeconfig", this.kubeconfig, ...args], options);
  }

  helm(args, options) {
    const home = join(this.folder, "helm");
    const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
    return run(this.helmPath, ["--kubeconfig", this.kubeconfig, ...args], { ...options, env });
  }

  /** A namespace that lets in only pods of the standard "restricted". */
  async namespace(name) {
    const labels = Object.fromEntries(
      ["enforce", "warn", "audit"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
    );
    await this.api.create("/api/v1/namespaces", { metadata: { name, labels } });
  }

  async removeNamespaces(names, within = 90_000) {
    for (const name of names) await this.api.remove(`/api/v1/namespaces/${name}`);
    for (const name of names) {
      const path = `/api/v1/namespaces/${name}`;
      await until(
        `the namespace ${name} is gone`,
        async () => (await this.api.send("GET", path)).status === 404,
        { within },
      );
    }
  }

  async stop() {
    await this.processes.stop();
    this.api?.close();
  }
}

/** Builds what a cluster needs, once, and says where it is. */
export async function programs() {
  const built = await run(join(here, "../cluster-dev"), [], { within: 90 * 60_000 });
  return built.ok().stdout.trim();
}
