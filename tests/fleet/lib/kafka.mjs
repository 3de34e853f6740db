// Apache Kafka: one broker, and its own tools for topics, events and what groups have committed.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort, root } from "../../story/lib/desk.mjs";
import { expect, until } from "../../story/lib/wait.mjs";
import { run } from "./processes.mjs";

/** As scripts/brokers installs it. */
const version = "4.3.1";
const jars = join(root, `.cache/tools/kafka-${version}/lib`);
const clusterId = "4L6g3nShT-eMCtK--X86sw";
const startingMs = 60_000;
const tools = "org.apache.kafka.tools";

const logging = `Configuration:
  Appenders:
    Console: {name: out, target: SYSTEM_ERR, PatternLayout: {pattern: "%d %p %m (%c)%n"}}
  Loggers:
    Root: {level: warn, AppenderRef: {ref: out}}
`;

export class Kafka {
  constructor({ folder, processes }) {
    this.folder = join(folder, "kafka");
    this.processes = processes;
  }

  #java(main, args) {
    const settings = ["-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    const log = `-Dlog4j2.configurationFile=${join(this.folder, "log4j2.yaml")}`;
    return [...settings, log, "-cp", join(jars, "*"), main, ...args];
  }

  async #tool(main, args) {
    return (await run("java", this.#java(main, args))).ok().stdout;
  }

  #client(main, args) {
    return this.#tool(main, ["--bootstrap-server", this.address, ...args]);
  }

  async start() {
    expect(existsSync(jars), `${jars} is missing: run scripts/brokers`);
    mkdirSync(this.folder);
    writeFileSync(join(this.folder, "log4j2.yaml"), logging);
    const [port, controller] = [await freePort(), await freePort()];
    this.address = `127.0.0.1:${port}`;
    const settings = {
      "process.roles": "broker,controller",
      "node.id": 1,
      "controller.quorum.voters": `1@127.0.0.1:${controller}`,
      listeners: `PLAINTEXT://${this.address},CONTROLLER://127.0.0.1:${controller}`,
      "advertised.listeners": `PLAINTEXT://${this.address}`,
      "controller.listener.names": "CONTROLLER",
      "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
      "log.dirs": join(this.folder, "data"),
      "offsets.topic.replication.factor": 1,
      "offsets.topic.num.partitions": 1,
      "transaction.state.log.replication.factor": 1,
      "transaction.state.log.min.isr": 1,
      "auto.create.topics.enable": false,
      "log.cleaner.dedupe.buffer.size": 4_194_304,
    };
    const file = join(this.folder, "server.properties");
    writeFileSync(
      file,
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(""),
    );
    await this.#tool("kafka.tools.StorageTool", ["format", "-t", clusterId, "-c", file]);
    this.processes.start("kafka", "java", this.#java("kafka.Kafka", [file]));
    const answers = () =>
      new Promise((done) => {
        this.processes.check();
        const socket = connect(port, "127.0.0.1", () => done(socket.destroy()));
        socket.on("error", () => done(false));
      });
    await until("Kafka answers", answers, { within: startingMs, fatal: true });
  }

  makeTopic(topic, partitions) {
    const args = [
      "--create",
      "--topic",
      topic,
      "--partitions",
      String(partitions),
      "--replication-factor",
      "1",
    ];
    return this.#client(`${tools}.TopicCommand`, args);
  }

  /** Sends events that say nothing, each with a key, so that they are spread over the partitions. */
  async send(topic, count) {
    const lines = Array.from({ length: count }, (_, number) => `${number}\tevent\n`).join("");
    const args = [
      "--bootstrap-server",
      this.address,
      "--topic",
      topic,
      "--reader-property",
      "parse.key=true",
    ];
    (await run("java", this.#java(`${tools}.ConsoleProducer`, args), { input: lines })).ok();
  }

  /** Behind the newest event of each partition, in their order. */
  async ends(topic) {
    const said = await this.#client(`${tools}.GetOffsetShell`, ["--topic", topic]);
    const ends = [];
    for (const [, partition, end] of said.matchAll(/:(\d+):(\d+)$/gm)) ends[Number(partition)] = Number(end);
    return ends;
  }

  /** Sets where a group that has no members goes on, partition by partition. */
  async commit(group, topic, offsets) {
    const file = join(this.folder, "offsets.csv");
    writeFileSync(file, offsets.map((offset, partition) => `${topic},${partition},${offset}\n`).join(""));
    const args = ["--group", group, "--reset-offsets", "--from-file", file, "--execute"];
    await this.#client(`${tools}.consumer.group.ConsumerGroupCommand`, args);
  }

  /** As if the group had never committed anything of the topic. */
  async forget(group, topic) {
    const args = ["--group", group, "--topic", topic, "--delete-offsets"];
    await this.#client(`${tools}.consumer.group.ConsumerGroupCommand`, args);
  }
}
