import type { Backend, HostArray } from "../../../../../engine/compute/backend.ts";
import { gradients } from "../../../../../engine/compute/graph/gradients.ts";
import { plan } from "../../../../../engine/compute/graph/program.ts";
import { Graph, type Shape, type Tensor } from "../../../../../engine/compute/graph/tensor.ts";
import { attention, logprob, matmul, rmsNorm } from "../../../../../engine/compute/ops/index.ts";

/** Fresh numbers in [−1, 1): whatever they are, the properties tested hold. */
export function randomFloats(count: number, scale = 1): Float32Array {
  return Float32Array.from({ length: count }, () => (2 * Math.random() - 1) * scale);
}

/** Fresh integers in [0, below). */
export function randomInts(count: number, below: number): Int32Array {
  return Int32Array.from({ length: count }, () => Math.floor(Math.random() * below));
}

/** A computation with inputs for it. */
export interface Case {
  readonly title: string;
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly inputs: Readonly<Record<string, HostArray>>;
}

/** Plans, compiles and runs once. */
export async function evaluate(
  backend: Backend,
  { outputs, inputs }: Pick<Case, "outputs" | "inputs">,
): Promise<Readonly<Record<string, HostArray>>> {
  const executable = backend.compile(plan(outputs));
  try {
    return await executable.run({ inputs });
  } finally {
    executable.release();
  }
}

/** Results and gradients of each kernel that shares work in blocks, at sizes that leave every block a rest. */
export function blockCases(): readonly Case[] {
  return [products(), attentions(0), attentions(45), logprobs(), norms()];
}

function products(): Case {
  const graph = new Graph();
  const [M, K, N] = [205, 707, 530];
  const a = graph.input("a", [M, K]);
  const b = graph.input("b", [K, N]);
  const y = matmul(a, b);
  return {
    title: "matrix products",
    outputs: withGradients({ y }, { a, b }, y),
    inputs: { a: randomFloats(M * K), b: randomFloats(K * N), weights: randomFloats(M * N) },
  };
}

function attentions(window: number): Case {
  const graph = new Graph();
  const [B, T, H, G, D] = [2, 131, 4, 2, 20];
  const q = graph.input("q", [B, T, H, D]);
  const k = graph.input("k", [B, T, G, D]);
  const v = graph.input("v", [B, T, G, D]);
  const start = graph.input("start", [B], "i32");
  const o = attention({ q, k, v, start, offset: graph.input("offset", [1], "i32") }, { window });
  return {
    title: window === 0 ? "attention" : "attention in a window",
    outputs: withGradients({ o }, { q, k, v }, o),
    inputs: {
      q: randomFloats(B * T * H * D, 3),
      k: randomFloats(B * T * G * D, 3),
      v: randomFloats(B * T * G * D),
      start: Int32Array.of(0, 70),
      offset: Int32Array.of(0),
      weights: randomFloats(B * T * H * D),
    },
  };
}

function logprobs(): Case {
  const graph = new Graph();
  const [M, C, V] = [530, 37, 1045];
  const h = graph.input("h", [M, C]);
  const w = graph.input("w", [V, C]);
  const result = logprob(h, w, graph.input("targets", [M], "i32"), { temperature: 0.7 });
  const both = result.logprob.add(result.entropy.mul(0.5));
  const targets = randomInts(M, V);
  // Gaps narrow and wide, and a last block without any target.
  targets.fill(-1, 3, 10).fill(-1, 100, 300).fill(-1, 512, 530);
  return {
    title: "log-probabilities",
    outputs: withGradients({ ...result }, { h, w }, both),
    inputs: { h: randomFloats(M * C), w: randomFloats(V * C), targets, weights: randomFloats(M) },
  };
}

function norms(): Case {
  const graph = new Graph();
  const [M, C] = [333, 75];
  const x = graph.input("x", [M, C]);
  const gain = graph.input("gain", [C]);
  const y = rmsNorm(x, gain);
  return {
    title: "norms",
    outputs: withGradients({ y }, { x, gain }, y),
    inputs: { x: randomFloats(M * C), gain: randomFloats(C), weights: randomFloats(M * C) },
  };
}

/** Adds the gradients of Σ weights·result by each operand. */
function withGradients(
  results: Readonly<Record<string, Tensor>>,
  operands: Readonly<Record<string, Tensor>>,
  result: Tensor,
): Readonly<Record<string, Tensor>> {
  const shape: Shape = result.shape;
  const loss = result.mul(result.graph.input("weights", shape)).sum();
  const names = Object.keys(operands);
  const grads = gradients(loss, Object.values(operands));
  return { ...results, ...Object.fromEntries(grads.map((grad, index) => [`d ${names[index] ?? ""}`, grad])) };
}
