import fc from "fast-check";
import type { Backend } from "../../engine/compute/backend.ts";
import { gradients } from "../../engine/compute/graph/gradients.ts";
import { type Program, plan } from "../../engine/compute/graph/program.ts";
import { defined } from "../../engine/compute/graph/tensor.ts";
import { matmulOp } from "../../engine/compute/ops/matmul.ts";
import { attentionOp } from "../../engine/compute/ops/attention.ts";
import { logprobOp } from "../../engine/compute/ops/logprob.ts";
import { CANDIDATES, ORACLE } from "./backends.ts";
import { type Case, opCase, prepare, runCase } from "./case.ts";
import { assertClose } from "./close.ts";
import { indices, ints, uniform } from "./data.ts";
import { open } from "./open.ts";
import { type RandomGraph, buildGraph, choices } from "./randomGraph.ts";

/** Errors of some 1e-6 per op add up along the thirty ops of a random graph, and over its gradients' many paths. */
const TOLERANCE = 2e-4;
/** One op, as in the op suite, with sums of up to 300 terms. */
const SINGLE_OP_TOLERANCE = 5e-5;

const side = fc.integer({ min: 1, max: 40 });
const odd = fc.record({
  M: side,
  N: side,
  K: side,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
});
const softcap = fc.constantFrom(0, 1.5);
const sequence = fc.record({
  B: fc.integer({ min: 1, max: 3 }),
  T: fc.integer({ min: 1, max: 40 }),
  ahead: fc.integer({ min: 0, max: 9 }),
  offset: fc.integer({ min: 0, max: 9 }),
  G: fc.integer({ min: 1, max: 3 }),
  R: fc.integer({ min: 1, max: 3 }),
  D: fc.integer({ min: 1, max: 20 }),
  window: fc.integer({ min: 0, max: 12 }),
  softcap,
  start: fc.array(fc.nat(45), { minLength: 3, maxLength: 3 }),
});

for (const candidate of CANDIDATES.filter((other) => other !== ORACLE)) {
  describe(`random programs on ${candidate.title}`, () => {
    const backend = open(candidate);
    const oracle = open(ORACLE);

    it("agree with the oracle", async () => {
      await fc.assert(
        fc.asyncProperty(choices, async (list) => {
          const random = buildGraph(list);
          const outputs = Object.fromEntries(random.results.map((result, index) => [`out${index}`, result]));
          await compare([backend(), oracle()], random, plan(outputs));
          await compare([backend(), oracle()], random, plan({ last: defined(random.results.at(-1)) }));
        }),
        { numRuns: 50 },
      );
    });

    it("agree with the oracle on gradients", async () => {
      await fc.assert(
        fc.asyncProperty(choices, async (list) => {
          const random = buildGraph(list.filter(({ kind }) => kind !== "accumulate"));
          const { graph, w, gain, results } = random;
          // Every parameter must take part.
          const loss = [...results, w.mul(0.1)]
            .reduce((sum, term) => sum.add(term))
            .sum()
            .add(gain.sum());
          const [dw, dGain] = gradients(loss.mul(graph.constant(0.1)), [w, gain]);
          await compare([backend(), oracle()], random, plan({ dw: defined(dw), dGain: defined(dGain) }));
        }),
        { numRuns: 50 },
      );
    });

    it("agree with the oracle on products of any size", async () => {
      await fc.assert(
        fc.asyncProperty(odd, async ({ M, N, K, transposeA, transposeB }) => {
          const a = uniform(transposeA ? [K, M] : [M, K], 410);
          const b = uniform(transposeB ? [N, K] : [K, N], 411);
          const test = opCase(matmulOp, { transposeA, transposeB }, { title: "any size", operands: { a, b } });
          await compareCase([backend(), oracle()], test);
        }),
        { numRuns: 100 },
      );
    });

    it("agree with the oracle on attention of any size", async () => {
      await fc.assert(
        fc.asyncProperty(sequence, async ({ B, T, ahead, offset, G, R, D, window, softcap, start }) => {
          const S = offset + T + ahead;
          const operands = {
            q: uniform([B, T, G * R, D], 420),
            k: uniform([B, S, G, D], 421),
            v: uniform([B, S, G, D], 422),
            start: ints([B], start.slice(0, B)),
            offset: ints([1], [offset]),
          };
          const test = opCase(
            attentionOp,
            { scale: 0.6, window, softcap },
            { title: "any size", operands, wrt: ["q", "k", "v"] },
          );
          await compareCase([backend(), oracle()], test);
        }),
        { numRuns: 50 },
      );
    });

    it("agree with the oracle on log-probabilities of any size", async () => {
      await fc.assert(
        fc.asyncProperty(side, side, fc.integer({ min: 1, max: 300 }), softcap, async (M, C, V, cap) => {
          const operands = { h: uniform([M, C], 430), w: uniform([V, C], 431), targets: indices([M], 432, V) };
          const test: Case = {
            ...opCase(logprobOp, { temperature: 0.8, softcap: cap }, { title: "any size", operands }),
            wrt: ["h", "w"],
            smooth: [0, 1],
          };
          await compareCase([backend(), oracle()], test);
        }),
        { numRuns: 50 },
      );
    });
  });
}

async function compareCase([backend, oracle]: readonly [Backend, Backend], test: Case): Promise<void> {
  const { forward, backward, inputs } = prepare(test);
  for (const program of backward === undefined ? [forward] : [forward, backward]) {
    const expected = await runCase(oracle, test, program, inputs);
    const results = await runCase(backend, test, program, inputs);
    for (const [name, data] of Object.entries(expected)) assertClose(name, results[name], data, SINGLE_OP_TOLERANCE);
  }
}

async function compare(
  [backend, oracle]: readonly [Backend, Backend],
  { operands }: RandomGraph,
  program: Program,
): Promise<void> {
  const test: Case = { title: "random", operands, state: ["w", "gain", "state"], build: () => [] };
  const inputs = { x: operands.x.data, y: operands.y.data };
  const expected = await runCase(oracle, test, program, inputs);
  const results = await runCase(backend, test, program, inputs);
  for (const [name, data] of Object.entries(expected)) assertClose(name, results[name], data, TOLERANCE);
}
