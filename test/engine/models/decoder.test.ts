import assert from "node:assert/strict";
import type { Backend } from "../../../engine/compute/backend.ts";
import { gradients } from "../../../engine/compute/graph/gradients.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import { type Tensor, Graph } from "../../../engine/compute/graph/tensor.ts";
import { slice } from "../../../engine/compute/ops/index.ts";
import {
  type ModelConfig,
  type Span,
  DeviceWeights,
  hidden,
  padQueries,
  parameters,
  sequenceArrays,
  sequenceInputs,
} from "../../../engine/models/index.ts";
import { assertClose } from "./close.ts";
import { ALL_BACKENDS, PICO, PICO_EVERYTHING, picoSequences, unevenWeights } from "./pico.ts";

const LENGTH = 9;
/** The third row is shorter than any of the spans is long: some of their positions are padding, which nothing reads. */
const SEQUENCES = picoSequences([9, 6, 5]);

const CONFIGS: Readonly<Record<string, ModelConfig>> = {
  "the whole past": PICO,
  "a window of three": { ...PICO, attentionPattern: [{ window: 3, rope: { theta: 10_000 } }] },
  "a single layer": { ...PICO, nLayers: 1 },
  "the past through every kind of norm, bias and cap": PICO_EVERYTHING,
};
const SPANS: readonly Span[] = [
  { start: 4, length: 5 },
  { start: 5, length: 2 },
  { start: 8, length: 1 },
];

/** Sums of a few dozen f32 terms in two orders, relative to the largest number of a tensor. */
const TOLERANCE = 2e-5;

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`a span of hidden states on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    /** States of the span, and the gradient by every weight of Σ e^h: a sum of squares would hardly depend on them, after the norm. */
    async function run(
      config: ModelConfig,
      states: (graph: Graph) => Tensor,
    ): Promise<Readonly<Record<string, ArrayLike<number>>>> {
      const graph = new Graph();
      const h = states(graph);
      const names = [...parameters(config, [])];
      const grads = gradients(
        h.exp().sum(),
        names.map(([tensor, shape]) => graph.variable(tensor, shape)),
      );
      const device = DeviceWeights.upload(backend, unevenWeights(config, []));
      const executable = backend.compile(
        plan({ states: h, ...Object.fromEntries(names.map(([tensor], at) => [tensor, grads[at] ?? h])) }),
      );
      const inputs = sequenceArrays(padQueries(SEQUENCES, LENGTH, 0), [0, 1, 2], 3);
      const outputs = await executable.run({ inputs, variables: device.buffers });
      device.release();
      executable.release();
      return outputs;
    }

    for (const [sees, config] of Object.entries(CONFIGS)) {
      it(`has the states and gradients of the whole sequence, left-padded, seeing ${sees}`, async () => {
        for (const span of SPANS) {
          const inputs = (graph: Graph): ReturnType<typeof sequenceInputs> => sequenceInputs(graph, 3, LENGTH);
          const narrow = await run(config, (graph) => hidden(graph, config, inputs(graph), { span }));
          const whole = await run(config, (graph) =>
            slice(hidden(graph, config, inputs(graph)), span.start, span.length),
          );
          assert.deepEqual(Object.keys(narrow).sort(), Object.keys(whole).sort());
          for (const [tensor, values] of Object.entries(whole)) {
            const scale = Math.max(1, ...Array.from(values, Math.abs));
            assertClose(narrow[tensor] ?? [], values, TOLERANCE * scale, `${tensor} from ${span.start}`);
          }
        }
      });
    }
  });
}
