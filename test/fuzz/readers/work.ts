import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { keptBackIn } from "../../../engine/data/prepare.ts";
import { answerQuestion, workerAnswer } from "../../../engine/pipeline/cluster/workerCheck.ts";
import { readOrder } from "../../../engine/pipeline/cluster/order.ts";
import { Mirror } from "../../../engine/pipeline/host/mirror.ts";
import { Artifacts } from "../../../engine/storage/artifacts.ts";
import { AttemptTail, copiesFor } from "../../../engine/storage/attempts.ts";
import { openSavepoint, replaceSavepoint } from "../../../engine/storage/savepoints.ts";
import { RunFolder } from "../../../engine/storage/runFolder.ts";
import { writeNewFile } from "../../../engine/storage/writing.ts";
import { type FuzzPlace, type Reader, jsonFiles, jsonLines } from "../reader.ts";
import { EVENTS, SAMPLES } from "./records.ts";

const OURS = ["DataError", "DiskError"];
const hash = "0123456789abcdef".repeat(4);
const KEY = "sft-0123456789abcdef";
/** SHA-256 of the text "a". */
const SHA_OF_A = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

/** Replaces a file in a folder that is made if it is not there. */
function put(place: FuzzPlace, name: string, content: Buffer | string): string {
  mkdirSync(dirname(join(place.folder, name)), { recursive: true });
  return place.write(name, content);
}

/** An artifact that is whole. */
function artifactIn(place: FuzzPlace): Artifacts {
  const manifest = { stage: "sft", hash, files: { "a.txt": { bytes: 1, sha256: SHA_OF_A } } };
  put(place, `artifacts/${KEY}/manifest.json`, JSON.stringify(manifest));
  put(place, `artifacts/${KEY}/a.txt`, "a");
  return new Artifacts(place.folder);
}

/** Whatever is remembered of an artifact, it is whole. */
const verified: Reader = {
  name: "verified",
  corpus: jsonFiles({ manifest: hash, time: 1000, stamps: { "a.txt": "1 2 3 4" } }),
  errors: [],
  read: async (input, place) => {
    put(place, `records/${KEY}/verified.json`, input);
    assert.ok((await artifactIn(place).get({ stage: "sft", hash })) !== undefined);
  },
};

/** Whatever is in the mark of an artifact that was computed from a damaged one, it is a mark. */
const doubt: Reader = {
  name: "doubt",
  corpus: jsonFiles({ from: "base-0123456789abcdef" }),
  errors: [],
  read: async (input, place) => {
    const artifacts = artifactIn(place);
    put(place, `artifacts/${KEY}/doubt.json`, input);
    await assert.rejects(artifacts.get({ stage: "sft", hash }), { name: "CheckpointError", message: /was damaged/ });
  },
};

const prepared: Reader = {
  name: "preparedData",
  corpus: jsonFiles({
    counts: { read: 9, used: 6, validation: 2, unusable: { empty: 1 } },
    source: { from: "x.jsonl", validation: 0.25 },
    files: [],
  }),
  errors: OURS,
  read: async (input, place) => {
    put(place, `data/${KEY}/manifest.json`, input);
    const kept = await keptBackIn(join(place.folder, `data/${KEY}/rows.jsonl`));
    assert.ok(kept === undefined || kept >= 0);
  },
};

const device = { id: "0", name: "H", limits: { maxBytes: 1 } };
const facts = { host: "box", node: "v24", time: 1, memoryBytes: 1, freeBytes: 1 };

const answers: Reader = {
  name: "workerAnswer",
  corpus: jsonFiles(
    { ...facts, choice: { backend: "wasm", device, precision: "f32", reason: "r" } },
    { ...facts, choice: { lack: "no card" } },
  ),
  errors: OURS,
  read: async (input, place) => {
    put(place, "cluster/1.answer.json", input);
    assert.equal(typeof (await workerAnswer(place.folder, "1"))?.host, "string");
  },
};

const questions: Reader = {
  name: "workerQuestion",
  corpus: jsonFiles({ backend: "wasm", threads: 1 }, { backend: "none", precision: "f32", threads: 0 }),
  errors: [...OURS, "BackendError"],
  read: async (input, place) => {
    put(place, "cluster/1.json", input);
    await answerQuestion(place.folder, "1");
    assert.equal(typeof (await workerAnswer(place.folder, "1"))?.host, "string");
  },
};

const artifact = { artifact: KEY, at: `artifacts/${KEY}`, product: "sft-1" };
const ORDER = {
  ...{ job: "j", run: "demo-1", stage: "sft", key: { stage: "sft", hash }, slice: { a: 1 }, threads: 2 },
  info: { id: "sft-1", kind: "sft", title: "SFT", product: "sft-1", role: "result", inputs: [] },
  inputs: { model: artifact, data: { at: "inputs/0123/x.jsonl", fingerprint: "f", rows: 1, longestRow: 2 }, no: null },
  backend: { name: "wasm", revision: 1 },
  pace: { checkpointEvery: 1, metricsEvery: 1, gradientCheckpointing: false },
};

/** Whatever an order names, it stands below the root, and no copy of an input is a way out of its folder. */
const orders: Reader = {
  name: "order",
  corpus: jsonFiles(ORDER, { ...ORDER, inputs: { of: [artifact] }, from: artifact }),
  errors: OURS,
  read: async (input, place) => {
    put(place, `records/${KEY}/attempt-1.order.json`, input);
    for (const name of await copiesFor({ root: place.folder, key: KEY })) assert.match(name, /^[A-Za-z0-9][\w.-]*$/);
    readOrder(input.toString(), "order.json");
  },
};

const attempts: Reader = {
  name: "attempt",
  corpus: [
    jsonLines(
      { began: { host: "box", time: 1 } },
      ...EVENTS.slice(0, 4).map((event) => ({ event })),
      { sample: SAMPLES[0] },
      { end: { how: "failed", error: "DataError", message: "m" } },
    ),
  ],
  errors: OURS,
  read: async (input, place) => {
    put(place, `records/${KEY}/attempt-1.jsonl`, input);
    const tail = new AttemptTail({ root: place.folder, key: KEY, number: 1 });
    await tail.read({ event: ({ kind }) => assert.equal(typeof kind, "string"), sample: (one) => JSON.stringify(one) });
    assert.ok(["finished", "stopped", "failed"].includes(tail.end?.how ?? "failed"));
  },
};

/** Whatever names the state that counts, the next one is written and found. */
const savepoint: Reader = {
  name: "savepoint",
  corpus: ["state-1", "state-7\n", "state-9007199254740991"].map((text) => Buffer.from(text)),
  errors: [],
  read: async (input, place) => {
    const folder = join(place.folder, "work/state");
    rmSync(folder, { recursive: true, force: true });
    put(place, "work/state/current", input);
    const before = await openSavepoint(folder);
    assert.ok(before === undefined || dirname(before) === folder);
    await replaceSavepoint(folder, (state) => writeNewFile(join(state, "a"), "a"));
    assert.match((await openSavepoint(folder)) ?? "", /state-\d+$/);
  },
};

/** Events and samples of a run that a host makes. */
const news: Reader = {
  name: "hostNews",
  corpus: [jsonLines(...EVENTS), jsonLines(...SAMPLES)],
  errors: OURS,
  read: async (input, place) => {
    rmSync(join(place.folder, "runs"), { recursive: true, force: true });
    const log = await RunFolder.open(place.folder, "one-1");
    try {
      const record = { version: 1, host: "box", run: "one-1", isStarted: true, ownEvents: 0 } as const;
      const mirror = new Mirror({ log, root: place.folder, record, report: () => undefined, checkpoints: new Map() });
      const re = input.includes('"kind"') ? "events" : "samples";
      await mirror.take({ reply: { re, bytes: input.length }, body: once(input) });
    } finally {
      await log.close();
    }
  },
};

// oxlint-disable-next-line typescript/require-await -- an iterator as a connection is one
async function* once(bytes: Buffer): AsyncGenerator<Buffer, undefined> {
  yield bytes;
}

/** Files that stages leave for those after them, and for other machines. */
export const WORK: readonly Reader[] = [
  ...[verified, doubt, prepared, answers, questions, orders, attempts, savepoint, news],
];
