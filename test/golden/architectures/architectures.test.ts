import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { gradients } from "../../../engine/compute/graph/gradients.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { Graph, defined } from "../../../engine/compute/graph/tensor.ts";
import { logits } from "../../../engine/models/heads.ts";
import {
  type ModelConfig,
  ARCHITECTURES,
  DeviceWeights,
  Generator,
  formatModelConfig,
  hidden,
  padRight,
  parameters,
  parseModelConfig,
  sequenceArrays,
  sequenceInputs,
  tokenLogprobs,
} from "../../../engine/models/index.ts";
import { Random } from "../../../engine/training/index.ts";
import { assertClose } from "../../engine/models/close.ts";
import { ALL_BACKENDS } from "../../engine/models/pico.ts";
import { type GoldenShape, goldenWeights, loadShapes } from "./shapes.ts";

/**
 * Both sides compute in f32 and add in different orders; PyTorch's rotary angles are rounded to f32, too. Measured: 7e-6,
 * of logits of up to about 10.
 */
const LOGIT_TOLERANCE = 2e-5;
/** Of elements of up to about 1. Measured: 3.3e-6. */
const GRADIENT_TOLERANCE = 2e-5;
/** The same terms in another order, for log-probabilities of a few nats. Measured: 3.4e-6. */
const CACHE_TOLERANCE = 2e-5;

const SHAPES = await loadShapes();
/** Longest sequence of a shape, and how the shorter one is cut to be continued. */
const [LENGTH, QUERY] = [20, 8];

describe("golden shapes", () => {
  it("are there, several for each architecture", () => {
    for (const { name } of ARCHITECTURES) {
      assert.ok([...SHAPES.keys()].filter((shape) => shape.startsWith(`${name}/`)).length > 1, name);
    }
  });

  for (const [shape, { configs, gradients: wanted }] of SHAPES) {
    it(`${shape} is read alike from the files of all versions, and from ours`, () => {
      const [config, ...others] = Object.values(configs).map((json) => parseModelConfig(json));
      assert.ok(config);
      for (const other of others) assert.deepEqual(other, config);
      assert.deepEqual(parseModelConfig(JSON.parse(JSON.stringify(formatModelConfig(config)))), config);
      assert.deepEqual([...parameters(config).keys()].sort(), [...wanted.keys()].sort());
    });
  }
});

for (const [backendName, open] of Object.entries(ALL_BACKENDS)) {
  describe(`golden shapes on ${backendName}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    for (const [shape, golden] of SHAPES) {
      const config = parseModelConfig(Object.values(golden.configs)[0]);

      it(`${shape} has the logits and gradients of PyTorch`, async () => {
        const outputs = await forwardAndBack(backend, config, shape, golden);
        const V = config.vocabularySize;
        for (const [row, wanted] of golden.logits.entries()) {
          const from = row * LENGTH * V;
          assertClose(defined(outputs["logits"]).subarray(from, from + wanted.length), wanted, LOGIT_TOLERANCE);
        }
        for (const [name, { data }] of golden.gradients) {
          assertClose(defined(outputs[name]), data, GRADIENT_TOLERANCE, name);
        }
      });

      it(`${shape} decodes with a cache as without`, async () => {
        const queries = golden.sequences.map((sequence, row) => sequence.slice(0, QUERY - row));
        const [responseLength, pad] = [LENGTH - QUERY, 0];
        const settings = { batchSize: 2, queryLength: QUERY, responseLength, sampling: {}, eos: [], pad };
        const device = DeviceWeights.upload(backend, goldenWeights(config, shape));
        const generator = new Generator(backend, config, settings);
        const { responses, logprobs } = await generator.generate(device, queries, Random.of(1));
        generator.release();
        const answers = queries.map((_, row) => [...responses].slice(row * responseLength, (row + 1) * responseLength));
        const texts = queries.map((query, row) => [...query, ...defined(answers[row])]);
        const found = await nextLogprobs(backend, config, device, texts);
        const wanted = queries.flatMap(({ length }, row) => {
          return found.slice(row * LENGTH + length - 1, row * LENGTH + length - 1 + responseLength);
        });
        assertClose(logprobs, wanted, CACHE_TOLERANCE);
        device.release();
      });
    }
  });
}

/** Logits of the padded sequences, `[B, T, V]`, and the gradient of the mean next-token loss by every weight. */
async function forwardAndBack(
  backend: Backend,
  config: ModelConfig,
  shape: string,
  { sequences }: GoldenShape,
): Promise<Readonly<Record<string, Float32Array>>> {
  const graph = new Graph();
  const h = hidden(graph, config, sequenceInputs(graph, sequences.length, LENGTH)); // [B, T, C]
  const targets = sequences.flatMap((ids) => Array.from({ length: LENGTH }, (_, at) => ids[at + 1] ?? -1));
  const nTargets = targets.filter((id) => id >= 0).length;
  const wanted = graph.input("targets", [sequences.length, LENGTH], "i32");
  const loss = tokenLogprobs(h, wanted, config).logprob.sum().div(-nTargets);
  const names = [...parameters(config)];
  const grads = gradients(
    loss,
    names.map(([name, axes]) => graph.variable(name, axes)),
  );
  const byName = Object.fromEntries(names.map(([name], at) => [name, defined(grads[at])]));
  const device = DeviceWeights.upload(backend, goldenWeights(config, shape));
  const executable = backend.compile(plan({ logits: logits(h, config), ...byName }));
  const inputs = sequenceArrays(padRight(sequences, LENGTH), [...sequences.keys()], sequences.length);
  const outputs = await executable.run({
    inputs: { ...inputs, targets: Int32Array.from(targets) },
    variables: device.buffers,
  });
  executable.release();
  device.release();
  return outputs as Readonly<Record<string, Float32Array>>;
}

/** Log-probability of each token's successor, `[B, T]`, from one pass over whole sequences; 0 where there is none. */
async function nextLogprobs(
  backend: Backend,
  config: ModelConfig,
  device: DeviceWeights,
  texts: readonly (readonly number[])[],
): Promise<readonly number[]> {
  const graph = new Graph();
  const h = hidden(graph, config, sequenceInputs(graph, texts.length, LENGTH));
  const { logprob } = tokenLogprobs(h, graph.input("targets", [texts.length, LENGTH], "i32"), config);
  const executable = backend.compile(plan({ logprob }));
  const targets = Int32Array.from(texts.flatMap((ids) => Array.from({ length: LENGTH }, (_, at) => ids[at + 1] ?? -1)));
  const inputs = sequenceArrays(padRight(texts, LENGTH), [...texts.keys()], texts.length);
  const outputs = await executable.run({ inputs: { ...inputs, targets }, variables: device.buffers });
  executable.release();
  return [...defined(outputs["logprob"])];
}
