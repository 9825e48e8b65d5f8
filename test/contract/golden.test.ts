import assert from "node:assert/strict";
import type { Backend } from "../../engine/compute/backend.ts";
import { defined } from "../../engine/compute/graph/tensor.ts";
import { goldenCases } from "../golden/ops/cases.ts";
import { CANDIDATES } from "./backends.ts";
import { prepare, runCase } from "./case.ts";
import { assertClose } from "./close.ts";

/**
 * Sums of at most a few dozen products of size 1 in f32 against float64: a few dozen roundings of 2⁻²⁴, and
 * exponentials good to a few 2⁻²³.
 */
const TOLERANCE = 1e-5;

describe("ops against PyTorch", () => {
  for (const candidate of CANDIDATES) {
    describe(`on ${candidate.title}`, () => {
      let backend: Backend;
      before(async () => {
        backend = await candidate.create();
      });
      after(() => backend.close());

      for (const test of goldenCases()) {
        it(test.title, async () => {
          const { forward, backward, inputs } = prepare(test);
          const { outputs, gradients } = defined(test.expected);
          const results = await runCase(backend, test, forward, inputs);
          for (const [index, expected] of outputs.entries()) {
            assertClose(`out${index}`, results[`out${index}`], defined(expected).data, TOLERANCE);
          }
          assert.equal(gradients.length, test.wrt?.length ?? 0);
          const grads = backward === undefined ? {} : await runCase(backend, test, backward, inputs);
          for (const [index, name] of (test.wrt ?? []).entries()) {
            assertClose(`d loss / d ${name}`, grads[name], defined(gradients[index]).data, TOLERANCE);
          }
        });
      }
    });
  }
});
