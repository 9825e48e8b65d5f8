import { advanceOp } from "../../../engine/compute/ops/advance.ts";
import { fullKlOp } from "../../../engine/compute/ops/fullKl.ts";
import { logprobOp } from "../../../engine/compute/ops/logprob.ts";
import { sampleOp } from "../../../engine/compute/ops/sample.ts";
import { type Case, opCase } from "../case.ts";
import { floats, indices, ints, uniform } from "../data.ts";

const wrt = ["h", "w"];
const smooth = [0, 1];

const logprobs = [
  opCase(
    logprobOp,
    { temperature: 1, softcap: 0 },
    {
      title: "small",
      operands: { h: uniform([4, 3], 80), w: uniform([7, 3], 81, [-2, 2]), targets: ints([4], [0, 6, 3, 3]) },
      wrt,
      smooth,
    },
  ),
  opCase(
    logprobOp,
    { temperature: 0.7, softcap: 0 },
    {
      title: "temperature 0.7, ignored rows",
      operands: { h: uniform([5, 4], 82), w: uniform([9, 4], 83, [-2, 2]), targets: ints([5], [-1, 2, -1, 8, 0]) },
      wrt,
      smooth,
    },
  ),
  opCase(
    logprobOp,
    { temperature: 2, softcap: 0 },
    {
      title: "every row ignored",
      operands: { h: uniform([2, 4], 84), w: uniform([9, 4], 85), targets: ints([2], [-1, -1]) },
      wrt,
      smooth,
    },
  ),
  opCase(
    logprobOp,
    { temperature: 1, softcap: 0 },
    {
      title: "without the entropy's gradient",
      operands: { h: uniform([3, 5], 86), w: uniform([6, 5], 87), targets: ints([3], [5, 0, 1]) },
      wrt,
    },
  ),
  opCase(
    logprobOp,
    { temperature: 1.3, softcap: 0 },
    {
      title: "the entropy's gradient alone",
      operands: { h: uniform([3, 5], 88), w: uniform([6, 5], 89), targets: ints([3], [5, 0, 1]) },
      wrt,
      smooth: [1],
    },
  ),
  opCase(
    logprobOp,
    { temperature: 0.9, softcap: 0 },
    {
      title: "150 rows, vocabulary 515",
      operands: { h: uniform([150, 33], 90), w: uniform([515, 33], 91), targets: indices([150], 92, 515) },
      wrt,
      smooth,
    },
  ),
  opCase(
    logprobOp,
    { temperature: 1, softcap: 0 },
    {
      title: "a vocabulary of one",
      operands: { h: uniform([2, 3], 93), w: uniform([1, 3], 94), targets: ints([2], [0, 0]) },
      wrt,
      smooth,
    },
  ),
  opCase(
    logprobOp,
    { temperature: 0.05, softcap: 0 },
    {
      title: "large logits",
      operands: { h: uniform([6, 8], 95, [-3, 3]), w: uniform([11, 8], 96, [-3, 3]), targets: indices([6], 97, 11) },
      // Logits near 1,000 carry an absolute error near 1,000 · 2⁻²³ into the exponent.
      tolerance: 1e-3,
    },
  ),
];

const divergences = [
  opCase(
    fullKlOp,
    { temperature: 1, softcap: 0 },
    {
      title: "two models",
      operands: {
        h: uniform([4, 3], 110),
        w: uniform([7, 3], 111, [-2, 2]),
        hRef: uniform([4, 3], 112),
        wRef: uniform([7, 3], 113, [-2, 2]),
      },
    },
  ),
  opCase(
    fullKlOp,
    { temperature: 0.7, softcap: 0 },
    {
      title: "a model and itself",
      operands: {
        h: uniform([3, 5], 114),
        w: uniform([9, 5], 115),
        hRef: uniform([3, 5], 114),
        wRef: uniform([9, 5], 115),
      },
      expected: { outputs: [floats([3], [0, 0, 0])], gradients: [] },
    },
  ),
  opCase(
    fullKlOp,
    { temperature: 1.5, softcap: 0 },
    {
      title: "131 rows, vocabulary 515",
      operands: {
        h: uniform([131, 17], 116),
        w: uniform([515, 17], 117),
        hRef: uniform([131, 17], 118),
        wRef: uniform([515, 17], 119),
      },
    },
  ),
];

interface Draws {
  readonly title: string;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly softcap?: number;
  /** One row of logits, drawn from once per uniform number. */
  readonly logits: readonly number[];
  readonly uniform: readonly number[];
  readonly tokens: readonly number[];
  /** Of each draw. */
  readonly probabilities: readonly number[];
}

// Weights 1, 2, 3, 4 of 10; ties where said.
const logits = [1, 2, 3, 4].map(Math.log);
const DRAWS: readonly Draws[] = [
  {
    title: "inverse of the cumulative distribution",
    logits,
    uniform: [0, 0.09, 0.11, 0.29, 0.31, 0.59, 0.61, 0.999],
    tokens: [0, 0, 1, 1, 2, 2, 3, 3],
    probabilities: [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4],
  },
  {
    title: "temperature ½ squares the weights",
    temperature: 0.5,
    logits,
    uniform: [0.03, 0.04, 0.16, 0.17, 0.46, 0.47],
    tokens: [0, 1, 1, 2, 2, 3],
    probabilities: [1 / 30, 4 / 30, 4 / 30, 9 / 30, 9 / 30, 16 / 30],
  },
  {
    title: "top-k 1 is the largest",
    topK: 1,
    logits,
    uniform: [0, 0.5, 0.99],
    tokens: [3, 3, 3],
    probabilities: [1, 1, 1],
  },
  {
    title: "top-k 2",
    topK: 2,
    logits,
    uniform: [0, 0.42, 0.44, 0.99],
    tokens: [2, 2, 3, 3],
    probabilities: [3 / 7, 3 / 7, 4 / 7, 4 / 7],
  },
  {
    title: "top-k beyond the vocabulary",
    topK: 9,
    logits,
    uniform: [0.05, 0.95],
    tokens: [0, 3],
    probabilities: [0.1, 0.4],
  },
  {
    title: "top-k cuts between equal logits by index",
    topK: 2,
    logits: [0, 1, 0, 0],
    uniform: [0.2, 0.9],
    tokens: [0, 1],
    probabilities: [1 / (1 + Math.E), Math.E / (1 + Math.E)],
  },
  {
    title: "top-p keeps one token at least",
    topP: 1e-6,
    logits,
    uniform: [0, 0.99],
    tokens: [3, 3],
    probabilities: [1, 1],
  },
  {
    title: "top-p keeps the token that reaches it",
    topP: 0.65,
    logits,
    uniform: [0.1, 0.5],
    tokens: [2, 3],
    probabilities: [3 / 7, 4 / 7],
  },
  {
    title: "top-p takes a third token above 0.7",
    topP: 0.75,
    logits,
    uniform: [0.1, 0.3, 0.9],
    tokens: [1, 2, 3],
    probabilities: [2 / 9, 3 / 9, 4 / 9],
  },
  {
    title: "top-p among equal logits goes by index",
    topP: 0.45,
    logits: [0, 0, 0, 0],
    uniform: [0.1, 0.9],
    tokens: [0, 1],
    probabilities: [0.5, 0.5],
  },
  {
    title: "top-p counts what top-k left",
    topK: 2,
    topP: 0.5,
    logits,
    uniform: [0, 0.9],
    tokens: [3, 3],
    probabilities: [1, 1],
  },
  {
    title: "temperature, top-k and top-p together",
    temperature: 0.5,
    topK: 3,
    topP: 0.8,
    logits,
    uniform: [0.3, 0.4],
    tokens: [2, 3],
    probabilities: [9 / 25, 16 / 25],
  },
  {
    title: "temperature 0 takes the first of the largest",
    temperature: 0,
    logits: [1, 5, 5, 2],
    uniform: [0, 0.99],
    tokens: [1, 1],
    probabilities: [1, 1],
  },
  {
    title: "temperature 0 wins over the filters",
    temperature: 0,
    topK: 3,
    topP: 0.2,
    logits: [-3, -1, -2, -1],
    uniform: [0.7],
    tokens: [1],
    probabilities: [1],
  },
  { title: "a vocabulary of one", logits: [-7], uniform: [0, 0.99], tokens: [0, 0], probabilities: [1, 1] },
  { title: "logits far apart", logits: [-200, 0, 200], uniform: [0, 0.99], tokens: [2, 2], probabilities: [1, 1] },
];

const draws = DRAWS.map(
  ({
    title,
    temperature = 1,
    topK = 0,
    topP = 1,
    softcap = 0,
    logits: row,
    uniform: numbers,
    tokens,
    probabilities,
  }) => {
    const batch = numbers.length;
    const repeated = numbers.flatMap(() => row);
    return opCase(
      sampleOp,
      { temperature, topK, topP, softcap },
      {
        title,
        operands: { logits: floats([batch, row.length], repeated), uniform: floats([batch], numbers) },
        expected: { outputs: [ints([batch], tokens), floats([batch], probabilities.map(Math.log))], gradients: [] },
      },
    );
  },
);
const manyDraws = opCase(
  sampleOp,
  { temperature: 0.8, topK: 50, topP: 0.9, softcap: 0 },
  {
    title: "64 rows, vocabulary 515",
    operands: { logits: uniform([64, 515], 98, [-4, 4]), uniform: uniform([64], 99, [0, 1]) },
  },
);

const STATE = ["tokens", "logprobs", "ids", "positions", "offset", "step"];

// The second of three steps of two rows.
const secondStep = opCase(
  advanceOp,
  {},
  {
    title: "the step in the middle",
    operands: {
      tokens: ints([3, 2], [5, 6, 0, 0, 0, 0]),
      logprobs: floats([3, 2], [-0.5, -1, 0, 0, 0, 0]),
      ids: ints([2, 1], [5, 6]),
      positions: ints([2, 1], [4, 7]),
      offset: ints([1], [9]),
      step: ints([1], [1]),
      token: ints([2], [3, 1]),
      logprob: floats([2], [-2, -3]),
    },
    state: STATE,
    expected: {
      outputs: [
        ints([3, 2], [5, 6, 3, 1, 0, 0]),
        floats([3, 2], [-0.5, -1, -2, -3, 0, 0]),
        ints([2, 1], [3, 1]),
        ints([2, 1], [5, 8]),
        ints([1], [10]),
        ints([1], [2]),
      ],
      gradients: [],
    },
  },
);

const steps = [
  { N: 1, B: 1, step: 0 },
  { N: 4, B: 300, step: 3 },
].map(({ N, B, step }) =>
  opCase(
    advanceOp,
    {},
    {
      title: `step ${step} of ${N}, ${B} rows`,
      operands: {
        tokens: indices([N, B], 140, 50),
        logprobs: uniform([N, B], 141),
        ids: indices([B, 1], 142, 50),
        positions: indices([B, 1], 143, 50),
        offset: ints([1], [70]),
        step: ints([1], [step]),
        token: indices([B], 144, 50),
        logprob: uniform([B], 145),
      },
      state: STATE,
    },
  ),
);

/** Cases of ops over the vocabulary, and of what follows from the token that was drawn. */
export const vocabularyCases: readonly Case[] = [
  ...logprobs,
  ...divergences,
  ...draws,
  manyDraws,
  secondStep,
  ...steps,
];
