import assert from "node:assert/strict";
import type { Backend, Executable } from "../../../engine/compute/backend.ts";
import type { Program } from "../../../engine/compute/graph/program.ts";
import {
  type GenerationSettings,
  type ModelConfig,
  type Weights,
  DeviceWeights,
  Generator,
  ResponseScorer,
  joinResponses,
} from "../../../engine/models/index.ts";
import { Random } from "../../../engine/training/index.ts";
import { assertClose } from "./close.ts";
import {
  ALL_BACKENDS,
  PICO,
  PICO_EOS,
  PICO_FAMILIES,
  PICO_PAD,
  picoGeneration,
  picoSequences,
  picoWeights,
  unevenWeights,
} from "./pico.ts";

/** Two ways of summing the same f32 terms, for log-probabilities of a few nats. */
const TOLERANCE = 2e-5;

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`generator on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    const queries = picoSequences([5, 2, 4, 1]);

    async function generate(
      changes: Partial<GenerationSettings>,
      { seed = 1, config = PICO, weights = picoWeights(1, ["language"], config), prompts = queries }: Options = {},
    ): ReturnType<Generator["generate"]> {
      const device = DeviceWeights.upload(backend, weights);
      const generator = new Generator(backend, config, picoGeneration(changes));
      const generation = await generator.generate(device, prompts, Random.of(seed));
      generator.release();
      device.release();
      return generation;
    }

    async function score(
      generation: Awaited<ReturnType<typeof generate>>,
      config = PICO,
      weights = picoWeights(),
    ): Promise<Float32Array> {
      const device = DeviceWeights.upload(backend, weights);
      const scorer = new ResponseScorer(backend, config, { batchSize: 3, queryLength: 5, responseLength: 6 });
      const rollouts = joinResponses(generation.queries, generation.responses, generation.lengths);
      const { logprobs } = await scorer.score(device, rollouts);
      scorer.release();
      device.release();
      return logprobs;
    }

    it("gives with its caches the log-probabilities of a full forward pass", async () => {
      const generation = await generate({ eos: [] });
      assertClose(generation.logprobs, await score(generation), TOLERANCE);
    });

    for (const config of PICO_FAMILIES) {
      it(`does so for ${config.architecture}, whose layers may differ`, async () => {
        const weights = unevenWeights(config);
        const generation = await generate({ eos: [] }, { config, weights });
        assertClose(generation.logprobs, await score(generation, config, weights), TOLERANCE);
      });
    }

    it("is not moved by the padding on the left", async () => {
      const padded = await generate({ eos: [], queryLength: 9 });
      const [first] = queries;
      assert.ok(first);
      const bare = await generate({ eos: [], queryLength: first.length, batchSize: 1 }, { prompts: [first] });
      assert.deepEqual(bare.responses, padded.responses.slice(0, 6));
      assertClose(bare.logprobs, padded.logprobs.slice(0, 6), TOLERANCE);
    });

    it("gives the same tokens whatever the batch size", async () => {
      const [together, alone] = [await generate({ batchSize: 4 }), await generate({ batchSize: 1 })];
      assert.deepEqual(together.responses, alone.responses);
    });

    for (const count of [9, 40]) {
      it(`gives the same bytes where rows that have ended leave a batch of ${count}`, async () => {
        const prompts = picoSequences(Array.from({ length: count }, (_, row) => 1 + (row % 5)));
        const settings = picoGeneration({ batchSize: count, responseLength: 8, eos: [PICO_EOS, 1, 2, 3] });
        const [whole, halved] = await Promise.all(
          [count, 1].map(async (least) => {
            const sizes: number[] = [];
            // The oracle does not say that its sums are the same.
            const fewest = Math.max(least, name === "tfjs" ? least : backend.fewestRows(count));
            const observed = withFewestRows(backend, fewest, sizes);
            const device = DeviceWeights.upload(observed, picoWeights(1, ["language"], PICO));
            const generator = new Generator(observed, PICO, settings);
            const generation = await generator.generate(device, prompts, Random.of(3));
            generator.release();
            device.release();
            return { generation, sizes };
          }),
        );
        assert.ok(whole && halved);
        assert.deepEqual(new Set(whole.sizes), new Set([count]));
        assert.ok(new Set(halved.sizes).size > 1, "rows have left");
        assert.ok(halved.sizes.every((size, at) => size <= (halved.sizes[at - 1] ?? count)));
        const { logprobs, ...others } = whole.generation;
        const { logprobs: same, ...sameOthers } = halved.generation;
        assert.deepEqual(sameOthers, others);
        if (name === "tfjs") assertClose(same, logprobs, TOLERANCE);
        else assert.deepEqual(same, logprobs);
      });
    }

    it("gives the same tokens for the same seed and others for another", async () => {
      const responses = await Promise.all([1, 1, 2].map(async (seed) => (await generate({}, { seed })).responses));
      assert.deepEqual(responses[0], responses[1]);
      assert.notDeepEqual(responses[0], responses[2]);
    });

    it("ends a response after end-of-text and pads the rest", async () => {
      const { responses, logprobs, lengths, ended } = await generate({ responseLength: 12 });
      assert.ok(ended.includes(1) && ended.includes(0), "the seed gives both kinds");
      for (const [row, length] of lengths.entries()) {
        const text = responses.subarray(row * 12, row * 12 + length);
        assert.equal(text.indexOf(PICO_EOS), ended[row] === 1 ? length - 1 : -1);
        assert.ok(responses.subarray(row * 12 + length, (row + 1) * 12).every((token) => token === PICO_PAD));
        assert.ok(logprobs.subarray(row * 12 + length, (row + 1) * 12).every((logprob) => logprob === 0));
      }
    });

    it("counts the end-of-text token once when it also pads", async () => {
      const [apart, same] = [await generate({}), await generate({ pad: PICO_EOS })];
      assert.deepEqual(same.lengths, apart.lengths);
      assert.deepEqual(same.logprobs, apart.logprobs);
    });

    it("stops after the first token when every token ends a response", async () => {
      const eos = Array.from({ length: PICO.vocabularySize }, (_, token) => token);
      const { lengths, ended } = await generate({ eos });
      assert.deepEqual([...lengths], [1, 1, 1, 1]);
      assert.deepEqual([...ended], [1, 1, 1, 1]);
    });

    it("gives tokens at temperature 0 that top-k of 1 gives as well, with log-probability 0", async () => {
      const greedy = await generate({ sampling: { temperature: 0 } });
      const top = await generate({ sampling: { temperature: 1, topK: 1 } });
      assert.deepEqual(greedy.responses, top.responses);
      assert.ok(greedy.logprobs.every((logprob) => logprob === 0));
    });

    it("refuses a query that is too long or empty, naming it", async () => {
      const long = "pad queries: query 1 has 6 tokens, at most 5 fit";
      await assert.rejects(generate({}, { prompts: picoSequences([5, 6]) }), { name: "SequenceError", message: long });
      const empty = "pad queries: query 0 has no tokens";
      await assert.rejects(generate({}, { prompts: [[]] }), { name: "SequenceError", message: empty });
    });

    it("gives all device memory back", async () => {
      const before = backend.memory.allocatedBytes;
      await generate({});
      assert.equal(backend.memory.allocatedBytes, before);
    });
  });
}

interface Options {
  readonly seed?: number;
  readonly config?: ModelConfig;
  readonly weights?: Weights;
  readonly prompts?: readonly (readonly number[])[];
}

/** The backend, as if its rows came out the same in programs of so many; notes the rows of every run that draws tokens. */
function withFewestRows(backend: Backend, fewest: number, sizes: number[]): Backend {
  const compile = (program: Program): Executable => {
    const executable = backend.compile(program);
    const rows = program.values[program.inputs["uniform"] ?? -1]?.shape[0];
    const run: Executable["run"] = (bindings) => {
      if (rows !== undefined) sizes.push(rows);
      return executable.run(bindings);
    };
    return { program, run, runKeeping: executable.runKeeping.bind(executable), release: () => executable.release() };
  };
  return Object.create(backend, { fewestRows: { value: () => fewest }, compile: { value: compile } }) as Backend;
}
