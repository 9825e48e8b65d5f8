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
      it(`gives the same bytes where rows that have ended leave a batch of ${count}, and however many steps are taken at a time`, async () => {
        const prompts = picoSequences(Array.from({ length: count }, (_, row) => 1 + (row % 5)));
        const settings = picoGeneration({ batchSize: count, responseLength: 8, eos: [PICO_EOS, 1, 2, 3] });
        const generateBy = async (least: number, runsAtATime: number): Promise<Observed> => {
          const runs: ObservedRun[] = [];
          // The oracle does not say that its sums are the same.
          const fewest = Math.max(least, name === "tfjs" ? least : backend.fewestRows(count));
          const observed = observing(backend, { fewest, runsAtATime }, runs);
          const device = DeviceWeights.upload(observed, picoWeights(1, ["language"], PICO));
          const generator = new Generator(observed, PICO, settings);
          const generation = await generator.generate(device, prompts, Random.of(3));
          generator.release();
          device.release();
          return { generation, runs };
        };
        const whole = await generateBy(count, 1);
        assert.deepEqual(new Set(whole.runs.map(({ size }) => size)), new Set([count]));
        assert.deepEqual(new Set(whole.runs.map(({ times }) => times)), new Set([1]));
        const halved = await generateBy(1, 1);
        const inBlocks = await generateBy(1, 3);
        assert.deepEqual(new Set(inBlocks.runs.slice(1, -1).map(({ times }) => times)), new Set([3]));
        for (const { runs } of [halved, inBlocks]) {
          assert.ok(new Set(runs.map(({ size }) => size)).size > 1, "rows have left");
          assert.ok(runs.every(({ size }, at) => size <= (runs[at - 1]?.size ?? count)));
        }
        // The first token is drawn with the queries; then there are seven.
        const atOnce = await generateBy(1, 16);
        assert.deepEqual(
          atOnce.runs.map(({ times }) => times),
          [1, 7],
        );
        const { logprobs, ...others } = whole.generation;
        for (const { generation } of [halved, inBlocks, atOnce]) {
          const { logprobs: same, ...sameOthers } = generation;
          assert.deepEqual(sameOthers, others);
          if (name === "tfjs") assertClose(same, logprobs, TOLERANCE);
          else assert.deepEqual(same, logprobs);
        }
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

/** A run of programs that draw tokens: of so many rows, so many times. */
interface ObservedRun {
  readonly size: number;
  readonly times: number;
}

interface Observed {
  readonly generation: Awaited<ReturnType<Generator["generate"]>>;
  readonly runs: readonly ObservedRun[];
}

/** The backend, as if its rows came out the same in programs of so many, and as if so many runs were best at a time. */
function observing(
  backend: Backend,
  { fewest, runsAtATime }: { readonly fewest: number; readonly runsAtATime: number },
  runs: ObservedRun[],
): Backend {
  const compile = (program: Program): Executable => {
    const executable = backend.compile(program);
    const size = program.values[program.outputs["tokens"] ?? -1]?.shape.at(-1);
    const run: Executable["run"] = (bindings) => {
      if (size !== undefined) runs.push({ size, times: bindings.times ?? 1 });
      return executable.run(bindings);
    };
    return { program, run, runKeeping: executable.runKeeping.bind(executable), release: () => executable.release() };
  };
  const changes = { fewestRows: { value: () => fewest }, runsAtATime: { value: runsAtATime } };
  return Object.create(backend, { ...changes, compile: { value: compile } }) as Backend;
}
