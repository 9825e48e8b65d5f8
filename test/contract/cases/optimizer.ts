import { accumulateOp } from "../../../engine/compute/ops/accumulate.ts";
import { adamwOp } from "../../../engine/compute/ops/adamw.ts";
import { sumSquaresOp } from "../../../engine/compute/ops/sumSquares.ts";
import { type Case, opCase } from "../case.ts";
import { type HostTensor, floats, uniform, uniformBf16 } from "../data.ts";

const accumulations = [[1], [3, 5], [1037]].map((shape) =>
  opCase(
    accumulateOp,
    {},
    {
      title: `[${shape.join(", ")}]`,
      operands: { total: uniform(shape, 120), x: uniform(shape, 121) },
      state: ["total"],
    },
  ),
);

const norms = [
  opCase(sumSquaresOp, {}, { title: "one tensor", operands: { a: uniform([7], 122) } }),
  opCase(
    sumSquaresOp,
    {},
    {
      title: "tensors of different shapes",
      operands: { a: uniform([3, 5], 123), b: uniform([], 124), c: uniform([2, 2, 2], 125) },
    },
  ),
  opCase(
    sumSquaresOp,
    {},
    {
      title: "40,003 elements and 1,037",
      operands: { a: uniform([40_003], 126), b: uniform([1037], 127) },
    },
  ),
];

interface Step {
  readonly t: number;
  readonly weightDecay: number;
}

function hyper({ t, weightDecay }: Step): HostTensor {
  const [beta1, beta2] = [0.9, 0.999];
  return floats([8], [0.01, beta1, beta2, 1e-8, weightDecay, 1 - beta1 ** t, 1 - beta2 ** t, 0]);
}

function adamwCase(title: string, size: number, step: Step, scale: number, copy?: HostTensor): Case {
  return opCase(
    adamwOp,
    {},
    {
      title,
      operands: {
        p: uniform([size], 130),
        m: uniform([size], 131, [-0.1, 0.1]),
        v: uniform([size], 132, [0, 0.1]),
        g: uniform([size], 133),
        hyper: hyper(step),
        scale: floats([], [scale]),
        ...(copy && { copy }),
      },
      state: ["p", "m", "v", "copy"],
    },
  );
}

const steps = [
  adamwCase("third step", 15, { t: 3, weightDecay: 0 }, 1),
  adamwCase("weight decay and clipping", 33, { t: 1, weightDecay: 0.1 }, 0.25),
  adamwCase("1,037 elements, step 1,000", 1037, { t: 1000, weightDecay: 0.01 }, 1),
];

const copies = [
  { size: 15, scale: 1 },
  { size: 1037, scale: 0.5 },
  { size: 9001, scale: NaN },
].map(({ size, scale }) => {
  const title = `a bf16 copy of ${size} elements, scale ${scale}`;
  return adamwCase(title, size, { t: 2, weightDecay: 0.1 }, scale, uniformBf16([size], 134));
});

/** Cases of ops that update state. */
export const optimizerCases: readonly Case[] = [...accumulations, ...norms, ...steps, ...copies];
