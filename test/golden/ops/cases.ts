import { readFileSync } from "node:fs";
import { type Attrs, type DType, type Op, type Tensor, defined } from "../../../engine/compute/graph/tensor.ts";
import { OPS, adamw, gatedActivation, linear, sumSquares } from "../../../engine/compute/ops/index.ts";
import { type Case, opCase } from "../../contract/case.ts";
import { type HostTensor, floats, ints } from "../../contract/data.ts";

interface StoredTensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: readonly number[];
}

/** One entry of golden.json; `what` is an op or one of `RECIPES`. */
interface StoredCase {
  readonly title: string;
  readonly what: string;
  readonly attrs: Attrs;
  readonly operands: Readonly<Record<string, StoredTensor>>;
  readonly state: readonly string[];
  readonly outputs: readonly StoredTensor[];
  readonly wrt?: readonly string[];
  readonly smooth?: readonly number[];
  readonly upstream?: readonly (StoredTensor | null)[];
  readonly gradients?: readonly StoredTensor[];
}

type Lookup = (name: string) => Tensor;

/** Functions of PyTorch that the engine builds out of several ops. */
const RECIPES: Readonly<Record<string, (operand: Lookup, attrs: Attrs) => readonly Tensor[]>> = {
  linear: (operand) => [linear(operand("x"), operand("w"))],
  linearWithBias: (operand) => [linear(operand("x"), operand("w"), operand("bias"))],
  gatedMlp: (operand) => {
    const gated = gatedActivation(linear(operand("x"), operand("gate")), linear(operand("x"), operand("up")));
    return [linear(gated, operand("down"))];
  },
  adamwSteps: (operand) => {
    let [p, m, v] = [operand("p"), operand("m"), operand("v")];
    for (const step of [1, 2, 3]) {
      const updated = adamw({ p, m, v, g: operand(`g${step}`), hyper: operand(`hyper${step}`) });
      [p, m, v] = [defined(updated[0]), defined(updated[1]), defined(updated[2])];
    }
    return [p, m, v];
  },
  clipGradNorm: (operand, attrs) => {
    const [a, b] = [operand("a"), operand("b")];
    const norm = sumSquares([a, b]).sqrt();
    const scale = a.graph.constant(Number(attrs["limit"])).div(norm.add(1e-6)).minimum(1);
    return [norm, a.mul(scale), b.mul(scale)];
  },
};

/** The cases of golden.json, ready for any backend. */
export function goldenCases(): readonly Case[] {
  const text = readFileSync(new URL("golden.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly cases: readonly StoredCase[] }).cases.map(toCase);
}

function toCase({ title, what, attrs, operands, state, outputs, wrt, smooth, upstream, gradients }: StoredCase): Case {
  const rest: Omit<Case, "build"> = {
    title,
    operands: Object.fromEntries(Object.entries(operands).map(([name, tensor]) => [name, toHost(tensor)])),
    state,
    ...(wrt && { wrt }),
    ...(smooth && { smooth }),
    ...(upstream && { upstream: upstream.map((tensor) => (tensor === null ? undefined : toHost(tensor))) }),
    expected: { outputs: outputs.map(toHost), gradients: (gradients ?? []).map(toHost) },
  };
  const recipe = RECIPES[what];
  if (recipe !== undefined) return { ...rest, build: (operand) => recipe(operand, attrs) };
  const op = OPS.find(({ name }) => name === what);
  if (op === undefined) throw new TypeError(`golden.json: no op or recipe called ${what}`);
  return opCase(op as Op, attrs, rest);
}

const toHost = ({ shape, dtype, data }: StoredTensor): HostTensor => (dtype === "i32" ? ints : floats)(shape, data);
