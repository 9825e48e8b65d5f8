import { type BinaryKind, type UnaryKind, binaryGradient, unaryGradient } from "./derivatives.ts";
import { type DType, type WeightType, ANY_TYPE, WEIGHT_TYPES } from "./dtype.ts";
import { type Shape, type TensorSpec, sameShape, ShapeError, sizeOf } from "./shape.ts";
import { type TypeRule, DTypeError, outputTypes } from "./typeRule.ts";

export { type BinaryKind, type UnaryKind } from "./derivatives.ts";
export { type DType } from "./dtype.ts";
export { type Shape, type TensorSpec, bytesOf, sameShape, ShapeError, sizeOf } from "./shape.ts";

/** Compile-time settings of an op: whatever JSON can hold flat. */
export type Attrs = Readonly<Record<string, number | string | boolean | readonly number[]>>;

/** One operation of the graph: its type and shape rules and its derivative. Each backend has its own kernel for it. */
export interface Op<A extends Attrs = Attrs, N extends string = string> {
  readonly name: N;
  /** Which element types go in and come out. */
  readonly types: TypeRule;
  /**
   * Shapes of the outputs.
   *
   * @throws {ShapeError} when the inputs do not fit.
   */
  infer(inputs: readonly TensorSpec[], attrs: A): readonly Shape[];
  /**
   * Gradients for every input, given those of the outputs (undefined where nothing depends on an output).
   * Absent for ops that cannot be differentiated. `wanted` says which inputs' gradients anything asks for; others need not
   * be there.
   */
  gradient?(
    node: Node<A>,
    outputGrads: readonly (Tensor | undefined)[],
    wanted: readonly boolean[],
  ): readonly (Tensor | undefined)[];
  /** Outputs that live in an input's storage: the op overwrites that input in place. */
  readonly inPlace?: readonly (readonly [output: number, input: number])[];
  /** The output is the first input's bytes under another shape; no work is done. */
  readonly isView?: boolean;
  /** Takes an optional last input that is added to output 0; the planner folds sums into such ops. */
  readonly takesAddend?: boolean;
  /** The addend may also be one row, added to every row of output 0. */
  readonly takesBias?: boolean;
  /**
   * The backward pass computes it again instead of keeping output 0: it costs next to nothing, and what it reads is kept
   * anyway.
   */
  readonly isCheap?: boolean;
}

/** An op applied to tensors. Ids grow in creation order, which is a valid execution order. */
export interface Node<A extends Attrs = Attrs> {
  readonly id: number;
  readonly graph: Graph;
  readonly op: Op<A>;
  readonly inputs: readonly Tensor[];
  readonly attrs: A;
  readonly outputs: readonly Tensor[];
}

/** Where a tensor without inputs comes from. */
export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "constant"; readonly value: number };

/** Element types of variables that are not f32, by name: one model's code then serves weights of any type. */
export type VariableTypes = Readonly<Record<string, DType>>;

/** Holds the nodes of one computation, numbered in creation order. */
export class Graph {
  /**
   * Type of the activations that a model computes on this graph, and of their gradients: what is given to the graph and
   * what leaves it are f32 or said otherwise.
   */
  readonly precision: WeightType;
  private nextId = 0;
  private readonly sources = new Map<string, Tensor>();
  private readonly variableTypes: VariableTypes;
  private readonly cuts: Tensor[] = [];

  constructor(variableTypes: VariableTypes = {}, precision: WeightType = "f32") {
    this.variableTypes = variableTypes;
    this.precision = precision;
  }

  /** A tensor the host supplies at every run. */
  input(name: string, shape: Shape, dtype: DType = "f32"): Tensor {
    return this.source({ kind: "input", name }, shape, dtype);
  }

  /** A tensor that stays on the device between runs: a parameter, an optimizer moment, a cache. */
  variable(name: string, shape: Shape, dtype: DType = this.variableTypes[name] ?? "f32"): Tensor {
    return this.source({ kind: "variable", name }, shape, dtype);
  }

  /** A tensor of one repeated number. */
  constant(value: number, shape: Shape = [], dtype: DType = "f32"): Tensor {
    return this.source({ kind: "constant", value }, shape, dtype);
  }

  /** Marks the end of a model's block: with checkpoints, the backward pass starts from such tensors (recompute.ts). */
  checkpoint(tensor: Tensor): Tensor {
    this.cuts.push(tensor);
    return tensor;
  }

  /** The marked tensors, in the order of their computation. */
  get checkpoints(): readonly Tensor[] {
    return this.cuts;
  }

  /**
   * Adds a node; called by ops, which give it a typed face.
   *
   * @throws {DTypeError} when the op does not take an input's element type.
   * @throws {ShapeError} when the inputs' shapes do not fit.
   */
  apply<A extends Attrs>(op: Op<A>, inputs: readonly Tensor[], attrs: A): readonly Tensor[] {
    const outputs: Tensor[] = [];
    const node: Node<A> = { id: this.nextId++, graph: this, op, inputs, attrs, outputs };
    const dtypes = outputTypes(op, inputs, attrs);
    for (const [index, shape] of op.infer(inputs, attrs).entries()) {
      const spec = { shape, dtype: defined(dtypes[index]) };
      outputs.push(new Tensor(this, spec, { kind: "node", node: node as unknown as Node, index }));
    }
    return outputs;
  }

  private source(source: Source, shape: Shape, dtype: DType): Tensor {
    const key =
      source.kind === "constant"
        ? `constant:${dtype}:${source.value}:${shape.join()}`
        : `${source.kind}:${source.name}`;
    const known = this.sources.get(key);
    if (known !== undefined) {
      if (known.dtype !== dtype || !sameShape(known.shape, shape)) {
        throw new ShapeError(key, { declared: known.shape, again: shape });
      }
      return known;
    }
    const tensor = new Tensor(this, { shape, dtype }, source);
    this.sources.set(key, tensor);
    return tensor;
  }
}

/** A symbolic value: a place in the graph with a shape. Arithmetic on it adds nodes. */
export class Tensor implements TensorSpec {
  readonly graph: Graph;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly from: Source | { readonly kind: "node"; readonly node: Node; readonly index: number };

  constructor(graph: Graph, spec: TensorSpec, from: Tensor["from"]) {
    this.graph = graph;
    this.shape = spec.shape;
    this.dtype = spec.dtype;
    this.from = from;
  }

  /** Elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  add(other: Tensor | number): Tensor {
    return this.binaryOp("add", other);
  }
  sub(other: Tensor | number): Tensor {
    return this.binaryOp("sub", other);
  }
  mul(other: Tensor | number): Tensor {
    return this.binaryOp("mul", other);
  }
  div(other: Tensor | number): Tensor {
    return this.binaryOp("div", other);
  }
  minimum(other: Tensor | number): Tensor {
    return this.binaryOp("minimum", other);
  }
  maximum(other: Tensor | number): Tensor {
    return this.binaryOp("maximum", other);
  }
  /** 1 where this ≤ other, else 0; not differentiable. */
  lessEqual(other: Tensor | number): Tensor {
    return this.binaryOp("lessEqual", other);
  }
  clamp(low: number, high: number): Tensor {
    return this.maximum(low).minimum(high);
  }
  neg(): Tensor {
    return this.unaryOp("neg");
  }
  exp(): Tensor {
    return this.unaryOp("exp");
  }
  log(): Tensor {
    return this.unaryOp("log");
  }
  abs(): Tensor {
    return this.unaryOp("abs");
  }
  square(): Tensor {
    return this.unaryOp("square");
  }
  sqrt(): Tensor {
    return this.unaryOp("sqrt");
  }
  sigmoid(): Tensor {
    return this.unaryOp("sigmoid");
  }
  tanh(): Tensor {
    return this.unaryOp("tanh");
  }
  /** log σ(x), stable for large |x|. */
  logSigmoid(): Tensor {
    return this.unaryOp("logSigmoid");
  }
  /** Sum of all elements, `[]`. */
  sum(): Tensor {
    return one(this.graph.apply(sum, [this], {}));
  }
  /** The same elements under another shape; free. */
  reshape(shape: Shape): Tensor {
    return sameShape(shape, this.shape) ? this : one(this.graph.apply(reshape, [this], { shape }));
  }

  private binaryOp(kind: BinaryKind, other: Tensor | number): Tensor {
    const right = typeof other === "number" ? this.graph.constant(other) : other;
    return one(this.graph.apply(binary, [this, right], { kind }));
  }
  private unaryOp(kind: UnaryKind): Tensor {
    return one(this.graph.apply(unary, [this], { kind }));
  }
}

/** Element-wise function of one tensor. */
export const unary: Op<{ kind: UnaryKind }, "unary"> = {
  name: "unary",
  types: { inputs: { x: WEIGHT_TYPES }, outputs: [{ like: "x" }] },
  infer: ([x]) => [defined(x).shape],
  gradient({ inputs, outputs, attrs }, [dy]) {
    const x = defined(inputs[0]);
    const y = defined(outputs[0]);
    return dy === undefined ? [] : [unaryGradient(attrs.kind, x, y, dy)];
  },
};

/** Element-wise function of two tensors of one shape and type, or of a tensor and a scalar, which may be f32 beside bf16. */
export const binary: Op<{ kind: BinaryKind }, "binary"> = {
  name: "binary",
  types: { inputs: { left: WEIGHT_TYPES, right: WEIGHT_TYPES }, outputs: [{ like: "left" }] },
  infer([a, b]) {
    const [left, right] = [defined(a).shape, defined(b).shape];
    const [type, other] = [defined(a).dtype, defined(b).dtype];
    if (other !== type && (other !== "f32" || sizeOf(right) !== 1))
      throw new DTypeError("binary", "right", other, [type]);
    if (sizeOf(right) === 1) return [left];
    if (sizeOf(left) === 1) return [right];
    if (!sameShape(left, right)) throw new ShapeError("binary", { left, right });
    return [left];
  },
  gradient({ inputs, attrs }, [dy]) {
    if (dy === undefined) return [];
    const a = defined(inputs[0]);
    const b = defined(inputs[1]);
    const [da, db] = binaryGradient(attrs.kind, a, b, dy);
    return [da && unbroadcast(da, a), db && unbroadcast(db, b)];
  },
};

function unbroadcast(grad: Tensor, operand: Tensor): Tensor {
  return operand.size === 1 && grad.size !== 1 ? grad.sum().reshape(operand.shape) : grad.reshape(operand.shape);
}

/** Sum of all elements, `[]`. */
export const sum: Op<Attrs, "sum"> = {
  name: "sum",
  types: { inputs: { x: WEIGHT_TYPES }, outputs: ["f32"] },
  infer: () => [[]],
  gradient({ inputs, graph }, [dy]) {
    if (dy === undefined) return [];
    const { shape, dtype } = defined(inputs[0]);
    return [graph.constant(1, shape, dtype).mul(dy)];
  },
};

/**
 * Type of a gradient: that of the numbers themselves, but f32 for variables, whose gradients are sums over all tokens.
 */
export function gradientType({ from, dtype }: Tensor): WeightType {
  return from.kind !== "variable" && dtype === "bf16" ? "bf16" : "f32";
}

/** The first input's bytes under another shape. */
export const reshape: Op<{ shape: Shape }> = {
  name: "reshape",
  isView: true,
  types: { inputs: { x: ANY_TYPE }, outputs: [{ like: "x" }] },
  infer([x], { shape }) {
    if (sizeOf(defined(x).shape) !== sizeOf(shape))
      throw new ShapeError("reshape", { from: defined(x).shape, to: shape });
    return [shape];
  },
  gradient: ({ inputs }, [dy]) => (dy === undefined ? [] : [dy.reshape(defined(inputs[0]).shape)]),
};

/**
 * The value, or an error where a list is shorter than an op's contract says.
 * @throws {TypeError}
 */
export function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("graph: an operand is missing");
  return value;
}

/** The only output of a node. */
export function one(outputs: readonly Tensor[]): Tensor {
  return defined(outputs[0]);
}
