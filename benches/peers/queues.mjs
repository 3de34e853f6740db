// What job queues on PostgreSQL do with the load that Deskhand's events are measured with.
//
// node queues.mjs graphile-worker|pg-boss URL JOBS BYTES PACED
//
// Takes JOBS jobs of BYTES bytes that wait already, each with one row of the table "effects", which is there, as its
// effect; then, with nothing else to do, some and then PACED more, one every 50 ms. Prints {"rate", "p50", "p99"}: jobs per second,
// milliseconds from a job's commit to its effect's.

import { setTimeout as sleep } from 'node:timers/promises';
import { run, makeWorkerUtils } from 'graphile-worker';
import pg from 'pg';
import PgBoss from 'pg-boss';

const [peer, url, jobs, bytes, paced] = [process.argv[2], process.argv[3], ...process.argv.slice(4).map(Number)];
const BATCH = 200;
const LANES = 12;
const EFFECT = `INSERT INTO effects SELECT gen_random_uuid(), '01a70000-0000-7000-8000-000000000000', now(), 'effect',
  'effect', gen_random_uuid(), NULL, value, 'system', NULL, 'system', 'cli', NULL, '[]' FROM unnest($1::text[]) AS value`;
const payload = 'x'.repeat(bytes);

const pool = new pg.Pool({ connectionString: url, max: LANES + 4 });

const added = new Map();
const handled = new Map();
let left = jobs;
let done;
const all = new Promise((resolve) => {
  done = resolve;
});

function note(datas) {
  for (const data of datas) {
    if (data.paced !== undefined) handled.set(data.paced, performance.now());
  }
  left -= datas.length;
  if (left === 0) done();
}

const peers = {
  'graphile-worker': async () => {
    const utils = await makeWorkerUtils({ connectionString: url });
    await utils.migrate();
    const specs = (count) => Array.from({ length: count }, () => ({ identifier: 'effect', payload: { payload } }));
    for (let n = 0; n < jobs; n += 1000) await utils.addJobs(specs(Math.min(1000, jobs - n)));
    const taskList = {
      effect: async (data, helpers) => {
        await helpers.query(EFFECT, [[data.payload]]);
        note([data]);
      },
    };
    // The fastest that its documentation describes: jobs fetched many at a time and completed many at a time.
    const preset = {
      worker: {
        connectionString: url,
        concurrentJobs: LANES,
        maxPoolSize: LANES + 4,
        localQueue: { size: BATCH },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    };
    const logger = new (await import('graphile-worker')).Logger(() => () => {});
    return {
      start: async () => {
        const runner = await run({ preset, taskList, noHandleSignals: true, logger });
        return () => runner.stop();
      },
      add: (n) => utils.addJob('effect', { payload, paced: n }),
      close: () => utils.release(),
    };
  },
  'pg-boss': async () => {
    const boss = new PgBoss({ connectionString: url, max: LANES + 4 });
    boss.on('error', (error) => console.error(error));
    await boss.start();
    await boss.createQueue('effect');
    for (let n = 0; n < jobs; n += 1000) {
      const count = Math.min(1000, jobs - n);
      await boss.insert(Array.from({ length: count }, () => ({ name: 'effect', data: { payload } })));
    }
    return {
      start: async () => {
        // It polls, at most twice a second and lane.
        const options = { batchSize: BATCH, pollingIntervalSeconds: 0.5 };
        for (let lane = 0; lane < LANES; lane++) {
          await boss.work('effect', options, async (batch) => {
            await pool.query(EFFECT, [batch.map((job) => job.data.payload)]);
            note(batch.map((job) => job.data));
          });
        }
        return () => boss.stop({ graceful: true });
      },
      add: (n) => boss.send('effect', { payload, paced: n }),
      close: async () => {},
    };
  },
};

const queue = await peers[peer]();
const began = performance.now();
const stop = await queue.start();
await all;
const rate = (1000 * jobs) / (performance.now() - began);

// Adds jobs one after the other, and waits until all are handled.
async function pace(numbers, rest, note) {
  await sleep(1000);
  left = numbers.length;
  const over = new Promise((resolve) => {
    done = resolve;
  });
  for (const n of numbers) {
    await queue.add(n);
    note(n);
    await sleep(rest);
  }
  await over;
}

// Every connection has seen every statement before.
await pace(
  Array.from({ length: 300 }, (_, n) => -1 - n),
  10,
  () => {},
);
await pace(
  Array.from({ length: paced }, (_, n) => n),
  50,
  (n) => added.set(n, performance.now()),
);
const took = [...added].map(([n, at]) => Math.max(0, handled.get(n) - at)).sort((a, b) => a - b);
const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
console.log(JSON.stringify({ rate, p50: at(0.5), p99: at(0.99) }));
await stop();
await queue.close();
await pool.end();
process.exit(0);
