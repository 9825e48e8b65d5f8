import assert from "node:assert/strict";
import type { Backend } from "../../engine/compute/backend.ts";
import { type Op, defined } from "../../engine/compute/graph/tensor.ts";
import { OPS } from "../../engine/compute/ops/index.ts";
import { CANDIDATES, ORACLE } from "./backends.ts";
import { type Case, type Prepared, type Results, prepare, runCase } from "./case.ts";
import { CASES } from "./cases/index.ts";
import { assertClose, assertSameBytes } from "./close.ts";
import { slopes } from "./differences.ts";
import { open } from "./open.ts";

/**
 * Between two f32 implementations that sum a few hundred terms of size 1 in different orders: some 100 roundings of
 * 2⁻²⁴ in the worst case, and approximated exponentials good to a few 2⁻²³.
 */
const TOLERANCE = 2e-5;
/** Against finite differences, whose own error stays near 1e-5 per term of the loss; a wrong formula is off by far more. */
const SLOPE_TOLERANCE = 2e-3;

const prepared = new Map(CASES.map((test) => [test, prepare(test)]));

interface Passes {
  readonly forward: Results;
  readonly backward: Results;
}

describe("ops", () => {
  const oracle = open(ORACLE);
  const known = new Map<Case, Passes>();
  const expectedOf = async (test: Case, programs: Prepared): Promise<Passes> => {
    const passes = known.get(test) ?? (await runBoth(oracle(), test, programs));
    known.set(test, passes);
    return passes;
  };

  it("all occur in the cases", () => {
    const used = new Set(
      [...prepared.values()].flatMap(({ forward, backward }) =>
        [...forward.instructions, ...(backward?.instructions ?? [])].map(({ op }) => op),
      ),
    );
    assert.deepEqual(
      OPS.map(({ name }) => name).filter((name) => !used.has(name)),
      [],
    );
    assert.equal(new Set(CASES.map(({ title }) => title)).size, CASES.length, "titles must differ");
  });

  it("occur with every element type that they take", () => {
    const used = new Set(
      [...prepared.values()].flatMap(({ forward, backward }) =>
        [forward, ...(backward === undefined ? [] : [backward])].flatMap(({ instructions, values }) =>
          instructions.flatMap(({ op, inputs }) => inputs.map((id, at) => `${op} ${at} ${defined(values[id]).dtype}`)),
        ),
      ),
    );
    const missing = OPS.flatMap(({ name, types }) =>
      Object.entries(types.inputs).flatMap(([input, rule], at) =>
        [rule].flat().flatMap((dtype) => (used.has(`${name} ${at} ${dtype}`) ? [] : [`${name}: ${input} of ${dtype}`])),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it("write in place only what has the type of its storage", () => {
    for (const { name, types, ...op } of OPS) {
      const inPlace = (op as Partial<Pick<Op, "inPlace">>).inPlace ?? [];
      for (const [output, input] of inPlace) {
        assert.deepEqual([types.outputs[output]], [Object.values(types.inputs)[input]].flat(), name);
      }
    }
  });

  describe(`on ${ORACLE.title}`, () => {
    for (const [test, programs] of prepared) {
      it(test.title, async () => {
        const { forward, backward } = await expectedOf(test, programs);
        checkExpected(test, forward);
        for (const name of test.wrt ?? []) {
          const gradient = defined(backward[name]);
          const found = await slopes(oracle(), test, programs, name);
          assertClose(
            `d loss / d ${name}`,
            found.map(({ index }) => defined(gradient[index])),
            found.map(({ value }) => value),
            SLOPE_TOLERANCE,
          );
        }
      });
    }
  });

  for (const candidate of CANDIDATES.filter((other) => other !== ORACLE)) {
    describe(`on ${candidate.title}`, () => {
      const backend = open(candidate);
      for (const [test, programs] of prepared) {
        it(test.title, async () => {
          const results = await runBoth(backend(), test, programs);
          const expected = await expectedOf(test, programs);
          checkExpected(test, results.forward);
          for (const pass of ["forward", "backward"] as const) {
            for (const [name, data] of Object.entries(expected[pass])) {
              assertClose(`${pass} ${name}`, results[pass][name], data, test.tolerance ?? TOLERANCE);
            }
          }
        });
      }
    });
  }
});

describe("determinism", () => {
  for (const family of new Set(CANDIDATES.map((candidate) => candidate.family))) {
    const candidates = CANDIDATES.filter((candidate) => candidate.family === family);
    it(`${family} gives the same bytes every time${candidates.length > 1 ? ", with any number of threads" : ""}`, async () => {
      const backends = await Promise.all([...candidates, defined(candidates[0])].map(({ create }) => create()));
      for (const [test, programs] of prepared) {
        const [first, ...others] = await Promise.all(backends.map((backend) => runBoth(backend, test, programs)));
        for (const other of others) {
          assertSameBytes(other.forward, defined(first).forward);
          assertSameBytes(other.backward, defined(first).backward);
        }
      }
      await Promise.all(backends.map((backend) => backend.close()));
    }).timeout(120_000);
  }
});

async function runBoth(backend: Backend, test: Case, { forward, backward, inputs }: Prepared): Promise<Passes> {
  return {
    forward: await runCase(backend, test, forward, inputs),
    backward: backward === undefined ? {} : await runCase(backend, test, backward, inputs),
  };
}

function checkExpected({ expected, tolerance = TOLERANCE }: Case, results: Results): void {
  for (const [index, output] of (expected?.outputs ?? []).entries()) {
    if (output !== undefined) assertClose(`out${index}`, results[`out${index}`], output.data, tolerance);
  }
}
