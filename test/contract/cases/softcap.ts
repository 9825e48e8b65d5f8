import { attentionOp } from "../../../engine/compute/ops/attention.ts";
import { fullKlOp } from "../../../engine/compute/ops/fullKl.ts";
import { softcap } from "../../../engine/compute/ops/index.ts";
import { logprobOp } from "../../../engine/compute/ops/logprob.ts";
import { sampleOp } from "../../../engine/compute/ops/sample.ts";
import { type Case, opCase } from "../case.ts";
import { floats, indices, ints, uniform } from "../data.ts";
import { attentionOperands } from "./attention.ts";

const composed: Case = {
  title: "softcap: an odd function that stays below its cap",
  operands: { x: floats([5], [-200, -3, 0, 0.5, 200]) },
  build: (operand) => [softcap(operand("x"), 3)],
  expected: { outputs: [floats([5], [-3, 3 * Math.tanh(-1), 0, 3 * Math.tanh(1 / 6), 3])], gradients: [] },
  wrt: ["x"],
};

const wrt = ["q", "k", "v"];
const attentions = [
  opCase(
    attentionOp,
    { scale: 0.5, window: 0, softcap: 1.5 },
    {
      title: "soft-capped, left padding, one row all padding",
      operands: attentionOperands({ B: 3, T: 9, S: 9, H: 2, G: 2, D: 4 }, { start: [0, 4, 9] }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.7, window: 3, softcap: 2 },
    {
      title: "soft-capped, groups and window",
      operands: attentionOperands({ B: 2, T: 7, S: 7, H: 4, G: 2, D: 5 }, { start: [0, 2] }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.2, window: 20, softcap: 1 },
    {
      title: "soft-capped, 130 tokens, window 20, odd head size",
      operands: attentionOperands({ B: 1, T: 130, S: 130, H: 1, G: 1, D: 17 }, { start: [3] }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 0.5, window: 4, softcap: 1.2 },
    {
      title: "soft-capped, decoding against a cache",
      operands: attentionOperands({ B: 2, T: 1, S: 12, H: 4, G: 2, D: 6 }, { start: [0, 5], offset: 9 }),
      wrt,
    },
  ),
  opCase(
    attentionOp,
    { scale: 20, window: 0, softcap: 5 },
    {
      title: "soft-capped, scores far beyond the cap",
      operands: attentionOperands({ B: 1, T: 8, S: 8, H: 2, G: 2, D: 4 }),
    },
  ),
];

const logprobs = [
  opCase(
    logprobOp,
    { temperature: 0.7, softcap: 2 },
    {
      title: "soft-capped, temperature 0.7, ignored rows",
      operands: { h: uniform([5, 4], 620), w: uniform([9, 4], 621, [-2, 2]), targets: ints([5], [-1, 2, -1, 8, 0]) },
      wrt: ["h", "w"],
      smooth: [0, 1],
    },
  ),
  opCase(
    logprobOp,
    { temperature: 1, softcap: 1.5 },
    {
      title: "soft-capped, 150 rows, vocabulary 515",
      operands: { h: uniform([150, 33], 622), w: uniform([515, 33], 623), targets: indices([150], 624, 515) },
      wrt: ["h", "w"],
      smooth: [0, 1],
    },
  ),
  opCase(
    logprobOp,
    { temperature: 1, softcap: 4 },
    {
      title: "soft-capped, logits far beyond the cap",
      operands: { h: uniform([6, 8], 625, [-9, 9]), w: uniform([11, 8], 626, [-9, 9]), targets: indices([6], 627, 11) },
    },
  ),
];

const divergence = opCase(
  fullKlOp,
  { temperature: 0.8, softcap: 1.5 },
  {
    title: "soft-capped, 131 rows, vocabulary 515",
    operands: {
      h: uniform([131, 17], 628),
      w: uniform([515, 17], 629),
      hRef: uniform([131, 17], 630),
      wRef: uniform([515, 17], 631),
    },
  },
);

// Under a cap of 3 these logits become the logarithms of 1, 2, 3 and 4.
const logits = [1, 2, 3, 4].map((weight) => 3 * Math.atanh(Math.log(weight) / 3));
const draws = [
  opCase(
    sampleOp,
    { temperature: 1, topK: 0, topP: 1, softcap: 3 },
    {
      title: "soft-capped",
      operands: {
        logits: floats([4, 4], [...logits, ...logits, ...logits, ...logits]),
        uniform: floats([4], [0.09, 0.11, 0.59, 0.61]),
      },
      expected: {
        outputs: [ints([4], [0, 1, 2, 3]), floats([4], [0.1, 0.2, 0.3, 0.4].map(Math.log))],
        gradients: [],
      },
    },
  ),
  opCase(
    sampleOp,
    { temperature: 0.8, topK: 50, topP: 0.9, softcap: 2 },
    {
      title: "soft-capped, 64 rows, vocabulary 515",
      operands: { logits: uniform([64, 515], 632, [-4, 4]), uniform: uniform([64], 633, [0, 1]) },
    },
  ),
  opCase(
    sampleOp,
    { temperature: 0, topK: 0, topP: 1, softcap: 2 },
    {
      title: "soft-capped, temperature 0 takes the largest",
      operands: { logits: floats([1, 4], [-3, 0.5, 1, 0.2]), uniform: floats([1], [0.7]) },
      expected: { outputs: [ints([1], [2]), floats([1], [0])], gradients: [] },
    },
  ),
];

/** Cases of soft-caps: on their own, on attention's scores, and on logits. */
export const softcapCases: readonly Case[] = [composed, ...attentions, ...logprobs, divergence, ...draws];
