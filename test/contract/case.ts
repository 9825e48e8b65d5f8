import type { Backend, HostArray } from "../../engine/compute/backend.ts";
import { fromBf16, toBf16 } from "../../engine/compute/graph/dtype.ts";
import { gradients } from "../../engine/compute/graph/gradients.ts";
import { type Program, plan } from "../../engine/compute/graph/program.ts";
import { type Attrs, Graph, type Op, type Tensor, defined } from "../../engine/compute/graph/tensor.ts";
import { cast } from "../../engine/compute/ops/index.ts";
import { type HostTensor, floats, uniform } from "./data.ts";

/** Something that every backend must compute alike. */
export interface Case {
  readonly title: string;
  readonly operands: Readonly<Record<string, HostTensor>>;
  /** Operands that in-place ops overwrite. */
  readonly state?: readonly string[];
  /** Makes the outputs, given a look-up of the operands by name. */
  readonly build: (operand: (name: string) => Tensor) => readonly Tensor[];
  /** Operands to differentiate by; none unless given. */
  readonly wrt?: readonly string[];
  /** Indices of the outputs that have a derivative; the first unless given. */
  readonly smooth?: readonly number[];
  /** Allowed distance from the expected values, per 1 + |expected|. */
  readonly tolerance?: number;
  /** Results of PyTorch, in the order of the outputs and of `wrt`. */
  readonly expected?: {
    readonly outputs: readonly (HostTensor | undefined)[];
    readonly gradients: readonly HostTensor[];
  };
  /** Weights of the outputs in the loss whose gradient is taken; random unless given. */
  readonly upstream?: readonly (HostTensor | undefined)[];
}

/** A case as programs: outputs `out0`, `out1` … and gradients named by operand. */
export interface Prepared {
  readonly forward: Program;
  /** Absent for a case without derivatives. */
  readonly backward?: Program;
  readonly inputs: Readonly<Record<string, HostArray>>;
  readonly upstream: ReadonlyMap<number, HostTensor>;
}

/** Plans a case's forward and backward programs. */
export function prepare(test: Case): Prepared {
  const forward = new Graph();
  const outputs = test.build(declare(forward, test));
  const upstream = new Map(
    (test.smooth ?? [0]).map((index) => [
      index,
      test.upstream?.[index] ?? uniform(defined(outputs[index]).shape, 77 + index),
    ]),
  );
  const inputs: Record<string, HostArray> = {};
  for (const [name, { data }] of Object.entries(test.operands)) if (!isState(test, name)) inputs[name] = data;
  const planned = plan(Object.fromEntries(outputs.map((output, index) => [`out${index}`, output])));
  if (test.wrt === undefined) return { forward: planned, inputs, upstream };
  for (const [index, { data }] of upstream) inputs[`upstream${index}`] = data;
  return { forward: planned, backward: planGradients(test, upstream), inputs, upstream };
}

function planGradients(test: Case, upstream: ReadonlyMap<number, HostTensor>): Program {
  const graph = new Graph();
  const operand = declare(graph, test);
  const outputs = test.build(operand);
  const terms = [...upstream].map(([index, { shape }]) =>
    cast(defined(outputs[index]), "f32")
      .mul(graph.input(`upstream${index}`, shape))
      .sum(),
  );
  const loss = terms.reduce((total, term) => total.add(term));
  const names = test.wrt ?? [];
  const grads = gradients(loss, names.map(operand));
  return plan(Object.fromEntries(names.map((name, index) => [name, defined(grads[index])])));
}

function declare(graph: Graph, test: Case): (name: string) => Tensor {
  return (name) => {
    const { shape, dtype } = defined(test.operands[name]);
    return isState(test, name) ? graph.variable(name, shape, dtype) : graph.input(name, shape, dtype);
  };
}

const isState = (test: Case, name: string): boolean => test.state?.includes(name) ?? false;

/** Results of a run: the program's outputs, and the variables as `state:<name>`. */
export type Results = Readonly<Record<string, HostArray>>;

/** Runs one of a case's programs on a backend, with fresh variables. */
export async function runCase(
  backend: Backend,
  test: Case,
  program: Program,
  inputs: Readonly<Record<string, HostArray>>,
): Promise<Results> {
  const used = Object.keys(program.variables);
  const buffers = Object.fromEntries(
    used.map((name) => {
      const operand = defined(test.operands[name]);
      return [name, backend.allocate(operand, operand.data)];
    }),
  );
  const executable = backend.compile(program);
  try {
    const needed = Object.keys(program.inputs).map((name) => [name, defined(inputs[name])] as const);
    const outputs = await executable.run({ inputs: Object.fromEntries(needed), variables: buffers });
    const state = await Promise.all(
      used.map(async (name) => [`state:${name}`, await backend.read(defined(buffers[name]))] as const),
    );
    return { ...outputs, ...Object.fromEntries(state) };
  } finally {
    executable.release();
    for (const buffer of Object.values(buffers)) backend.release(buffer);
  }
}

/** The case with every bf16 operand as f32. */
export function expanded(test: Case): Case {
  return withOperands(test, (operand) =>
    operand.data instanceof Uint16Array ? floats(operand.shape, [...fromBf16(operand.data)]) : operand,
  );
}

/** The case with the named operands rounded to bf16, and without the values that were expected of others. */
export function narrowed({ expected: _, ...test }: Case, names: readonly string[]): Case {
  const narrow = withOperands(test, (operand, name) =>
    names.includes(name) ? { ...operand, dtype: "bf16", data: toBf16(Float32Array.from(operand.data)) } : operand,
  );
  return { ...narrow, title: `${test.title}, in bf16` };
}

function withOperands(test: Case, change: (operand: HostTensor, name: string) => HostTensor): Case {
  const operands = Object.entries(test.operands).map(([name, operand]) => [name, change(operand, name)] as const);
  return { ...test, operands: Object.fromEntries(operands) };
}

/** A case for one op. An operand called `addend` is added to output 0, for the planner to fold into the op. */
export function opCase<A extends Attrs>(op: Op<A>, attrs: A, rest: Omit<Case, "build">): Case {
  const names = Object.keys(rest.operands);
  const build: Case["build"] = (operand) => {
    const tensors = names.filter((name) => name !== "addend").map(operand);
    const outputs = defined(tensors[0]).graph.apply(op, tensors, attrs);
    return names.includes("addend") ? [defined(outputs[0]).add(operand("addend")), ...outputs.slice(1)] : outputs;
  };
  return { ...rest, title: `${op.name}: ${rest.title}`, build };
}
