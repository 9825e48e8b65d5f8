import assert from "node:assert/strict";
import type { Backend, HostArray } from "../../engine/compute/backend.ts";
import { fromBf16 } from "../../engine/compute/graph/dtype.ts";
import { type Op, defined } from "../../engine/compute/graph/tensor.ts";
import { takenTypes } from "../../engine/compute/graph/typeRule.ts";
import { OPS } from "../../engine/compute/ops/index.ts";
import { CANDIDATES, INTERPRETED, OPS_WITH_PRODUCTS, ORACLE, WITH_LIBRARY } from "./backends.ts";
import { type Case, type Prepared, type Results, expanded, prepare, runCase } from "./case.ts";
import { bf16Cases } from "./cases/bf16.ts";
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

/**
 * Between two implementations of gradients in bf16: they read bf16 results of the forward pass (attention's outputs, the
 * derivatives by the logits), which near a tie come out a step apart, 2⁻⁸ of their size, and weigh them by numbers that
 * sum up to some 1. What they give may be rounded to neighbours besides (close.ts).
 */
const BF16_GRADIENT_TOLERANCE = 2 ** -8;
/**
 * Between bf16 and f32 on the same operands: some ten roundings, 2⁻⁹ of a number of size 1 each, and in gradients of
 * weights one for each of up to a hundred terms, of which a tenth adds up, as they have either sign.
 */
const BF16_ROUNDING = 2 ** -5;

const prepared = new Map(CASES.map((test) => [test, prepare(test)]));
const preparedBf16 = new Map(bf16Cases.map((test) => [test, prepare(test)]));
/** Of all cases. */
const everything: readonly Prepared[] = [...prepared.values(), ...preparedBf16.values()];

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
      everything.flatMap(({ forward, backward }) =>
        [...forward.instructions, ...(backward?.instructions ?? [])].map(({ op }) => op),
      ),
    );
    assert.deepEqual(
      OPS.map(({ name }) => name).filter((name) => !used.has(name)),
      [],
    );
    const titles = [...CASES, ...bf16Cases].map(({ title }) => title);
    assert.equal(new Set(titles).size, titles.length, "titles must differ");
  });

  it("occur with every element type that they take", () => {
    const used = new Set(
      everything.flatMap(({ forward, backward }) =>
        [forward, ...(backward === undefined ? [] : [backward])].flatMap(({ instructions, values }) =>
          instructions.flatMap(({ op, inputs }) => inputs.map((id, at) => `${op} ${at} ${defined(values[id]).dtype}`)),
        ),
      ),
    );
    const missing = OPS.flatMap(({ name, types }) =>
      Object.keys(types.inputs).flatMap((input, at) =>
        takenTypes(types, input).flatMap((dtype) =>
          used.has(`${name} ${at} ${dtype}`) ? [] : [`${name}: ${input} of ${dtype}`],
        ),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it("write in place only what has the type of its storage", () => {
    for (const { name, types, ...op } of OPS) {
      const inPlace = (op as Partial<Pick<Op, "inPlace">>).inPlace ?? [];
      for (const [output, input] of inPlace) {
        const [place, rule] = defined(Object.entries(types.inputs)[input]);
        const given = defined(types.outputs[output]);
        const isSame = typeof given === "object" && "like" in given ? given.like === place : given === rule;
        assert.ok(isSame, name);
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

  describe(`in bf16 on ${ORACLE.title}`, () => {
    for (const [test, programs] of preparedBf16) {
      it(`${test.title}: is f32 but for the rounding`, async () => {
        const { forward, backward } = await expectedOf(test, programs);
        const exact = await runBoth(oracle(), expanded(test), prepare(expanded(test)));
        for (const [results, wanted] of [[forward, exact.forward] as const, [backward, exact.backward] as const]) {
          for (const [name, data] of Object.entries(wanted)) {
            assertClose(
              name,
              asFloats(results[name]),
              defined(asFloats(data)),
              Math.max(test.tolerance ?? 0, BF16_ROUNDING),
            );
          }
        }
      });
    }
  });

  for (const candidate of [...CANDIDATES.filter((other) => other !== ORACLE), WITH_LIBRARY]) {
    describe(`on ${candidate.title}`, () => {
      const backend = open(candidate);
      const isNarrow = candidate.precisions.includes("bf16");
      const chosen = (programs: ReadonlyMap<Case, Prepared>): readonly (readonly [Case, Prepared])[] =>
        [...programs].filter(([, one]) => candidate !== WITH_LIBRARY || hasProducts(one));
      for (const [test, programs] of isNarrow ? chosen(preparedBf16) : []) {
        it(test.title, async () => {
          const { forward, backward } = await runBoth(backend(), test, programs);
          const expected = await expectedOf(test, programs);
          for (const [name, data] of Object.entries(expected.forward)) {
            assertClose(`forward ${name}`, forward[name], data, test.tolerance ?? TOLERANCE);
          }
          for (const [name, data] of Object.entries(expected.backward)) {
            assertClose(`backward ${name}`, backward[name], data, BF16_GRADIENT_TOLERANCE);
          }
        });
      }
      for (const [test, programs] of chosen(prepared)) {
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
  // The interpreter runs the threads of a kernel one after the other, in the same order each time.
  const candidates = CANDIDATES.filter(({ family }) => family !== INTERPRETED.family);
  for (const family of new Set(candidates.map((candidate) => candidate.family))) {
    const ofFamily = candidates.filter((candidate) => candidate.family === family);
    it(`${family} gives the same bytes every time${ofFamily.length > 1 ? ", with any number of threads" : ""}`, async () => {
      const backends = await Promise.all([...ofFamily, defined(ofFamily[0])].map(({ create }) => create()));
      const cases = ofFamily.every(({ precisions }) => precisions.includes("bf16"))
        ? [...prepared, ...preparedBf16]
        : prepared;
      for (const [test, programs] of cases) {
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

/** True where a case has products of bf16, which a library may make. */
function hasProducts({ forward, backward }: Prepared): boolean {
  return [forward, ...(backward === undefined ? [] : [backward])].some(({ instructions, values }) =>
    instructions.some(
      ({ op, inputs: [first] }) => OPS_WITH_PRODUCTS.includes(op) && values[first ?? -1]?.dtype === "bf16",
    ),
  );
}

/** Numbers as they are meant, whichever type they are held in. */
function asFloats(data: HostArray | undefined): HostArray | undefined {
  return data instanceof Uint16Array ? fromBf16(data) : data;
}

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
