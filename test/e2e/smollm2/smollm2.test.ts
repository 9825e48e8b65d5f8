import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { parse } from "jsonc-parser";
import { DeviceWeights, Generator } from "../../../engine/models/index.ts";
import { openBackend } from "../../../engine/pipeline/backends.ts";
import { AS_STORED, loadFrozenModel } from "../../../engine/pipeline/modelFolder.ts";
import type { Message } from "../../../engine/protocol/conversation.ts";
import { Random } from "../../../engine/training/index.ts";
import { startHub } from "../../engine/data/hub/loopbackHub.ts";
import { type TinyRun, type Written, keysOf, runTiny } from "../../engine/pipeline/tinyRun.ts";
import { withVariables } from "../../engine/pipeline/variables.ts";
import { realModel } from "../../realModel.ts";
import { inTemporaryFolder } from "../../engine/storage/temporaryFolder.ts";

const HERE = import.meta.dirname;
const EXAMPLE = path.join(HERE, "../../../examples/smollm2");

interface Golden {
  readonly weights: string;
  readonly tokens: number;
  readonly answers: readonly {
    readonly messages: readonly Message[];
    readonly prompt: readonly number[];
    readonly response: readonly number[];
  }[];
}

/** The example with little of everything, for minutes on a slow machine. */
const SMALL: Written = {
  sft: { seeds: [1, 2], steps: 2, batchSize: 2, maxLength: 64 },
  reward: { pairs: 6, batchSize: 2, maxLength: 96 },
  rlhf: {
    iterations: 1,
    batchSize: 4,
    minibatchSize: 2,
    ppoEpochs: 1,
    learningRate: 2e-6,
    beta: 0.05,
    maxNewTokens: 8,
  },
  arms: { salsa: { reference: "soup" } },
  evaluation: { prompts: 2, pairs: [["salsa", "sft-1"]], sampling: { maxNewTokens: 8 } },
};

/** Where each kind of record comes from, by form; all of them shuffled, so that all of them are prepared. */
const FORMS: Readonly<Record<string, (name: string) => Written>> = {
  jsonl: (name) => ({ from: path.join(EXAMPLE, "data", `${name}.jsonl`) }),
  parquet: (name) => ({ from: path.join(HERE, `${name}.parquet`) }),
  hub: (name) => ({ from: "hf:owner/name@v1", config: name }),
};

describe("SmolLM2-135M-Instruct", function () {
  this.timeout(1_800_000);

  it("answers 8 conversations greedily with transformers' tokens", async function () {
    const folder = await realModel(this);
    const golden = JSON.parse(await fs.readFile(path.join(HERE, "../../golden/smollm2/golden.json"), "utf8")) as Golden;
    const weights = await fs.readFile(path.join(folder, "model.safetensors"));
    assert.equal(createHash("sha256").update(weights).digest("hex"), golden.weights, "other weights");
    const { config, format, tokenizer, weights: tensors } = await loadFrozenModel(folder, AS_STORED);
    const queries = golden.answers.map(({ messages }) => format.encodePrompt(messages));
    assert.deepEqual(
      queries,
      golden.answers.map(({ prompt }) => prompt),
    );
    const backend = await openBackend({ backend: "auto", threads: 0 });
    try {
      const generator = new Generator(backend, config, {
        batchSize: queries.length,
        queryLength: Math.max(...queries.map(({ length }) => length)),
        responseLength: golden.tokens,
        sampling: { temperature: 0 },
        eos: format.ends,
        pad: tokenizer.pad,
      });
      const { responses, lengths } = await generator.generate(
        DeviceWeights.upload(backend, tensors),
        queries,
        Random.of(1, "greedy"),
      );
      for (const [row, { response, messages }] of golden.answers.entries()) {
        const from = row * golden.tokens;
        assert.deepEqual([...responses.subarray(from, from + (lengths[row] ?? 0))], response, messages.at(-1)?.content);
      }
    } finally {
      await backend.close();
    }
  });

  it("goes through the example from messages in JSON Lines, Parquet and on the hub to the table", async function () {
    const checkpoint = await realModel(this);
    const written = parse(await fs.readFile(path.join(EXAMPLE, "smollm2.salsa.json"), "utf8")) as Written;
    await inTemporaryFolder(async (folder) => {
      const names = ["conversations", "pairs", "prompts"] as const;
      const onHub = await Promise.all(
        names.map(async (name) => {
          const content = await fs.readFile(path.join(HERE, `${name}.parquet`));
          return [`${name}/train-00000-of-00001.parquet`, content] as const;
        }),
      );
      const hub = await startHub(Object.fromEntries(onHub));
      const variables = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: path.join(folder, "cache") };
      const runs: TinyRun[] = [];
      try {
        await withVariables(variables, async () => {
          for (const from of Object.values(FORMS)) {
            const source = (name: string): Written => ({ ...from(name), shuffle: 1 });
            const data = {
              sft: source("conversations"),
              preferences: source("pairs"),
              prompts: source("prompts"),
              benchmarks: { questions: path.join(EXAMPLE, "data/questions.jsonl") },
            };
            runs.push(await runTiny({ ...written, ...SMALL, data, model: { checkpoint } }, folder));
          }
        });
      } finally {
        await hub.close();
      }
      const [first, ...others] = runs;
      assert.ok(first);
      for (const run of runs) {
        assert.equal(run.status, "finished");
        const table = run.tables.find(({ name }) => name === "winRates");
        assert.ok(table !== undefined && table.rows.length > 0, "no table of win rates");
      }
      // The same records, whatever they were stored as: nothing is computed twice.
      for (const other of others) {
        assert.deepEqual(keysOf(other), keysOf(first));
        assert.ok(other.events.every((event) => event.kind !== "stageStarted" || event.cached));
      }
    });
  });
});
