import { type Node, type Tensor, defined, sameShape } from "./tensor.ts";

/** One op of a plan: a node, perhaps with an addend as its last input. */
export interface Step {
  readonly node: Node;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The folded sum: output 0's bytes, perhaps under another shape. */
  readonly sum?: Tensor;
}

/**
 * Turns add(f(x), y) into f(x, addend y), at the place of the add, where f can add and nothing else reads f(x). The
 * addend has f(x)'s size or, where f takes a bias, that of one row.
 * Looks through reshapes of f(x), so the addend may come under another shape than f(x) has.
 *
 * @param nodes - In execution order.
 * @param wanted - Tensors that must exist on their own.
 */
export function foldSums(nodes: readonly Node[], wanted: ReadonlySet<Tensor>): readonly Step[] {
  const steps = new Map<Node, Step>(nodes.map((node) => [node, { node, inputs: node.inputs, outputs: node.outputs }]));
  const readers = readersOf(nodes);
  const writers = nodes.filter((node) => node.op.inPlace !== undefined);

  const isPrivate = (tensor: Tensor): boolean => readers.get(tensor)?.length === 1 && !wanted.has(tensor);
  // Run at the add, the op must neither follow readers of its other results nor see its inputs overwritten.
  const canWait = (node: Node, add: Node): boolean =>
    node.outputs.slice(1).every((output) => (readers.get(output) ?? []).every((reader) => reader.id > add.id)) &&
    !writers.some((writer) => writer.id > node.id && writer.id < add.id);

  for (const add of nodes) {
    for (const [operand, addend] of sumsOf(add)) {
      const { source, views } = unwrap(operand);
      const { from } = source;
      if (from.kind !== "node" || from.index !== 0 || !takes(from.node, addend)) continue;
      // The op adds numbers of its result's type, before it rounds, or a bias, which is f32.
      const isBias = addend.size !== source.size;
      if (addend.dtype !== (isBias ? "f32" : source.dtype) || defined(add.outputs[0]).dtype !== source.dtype) continue;
      const step = steps.get(from.node);
      // A step that is gone, or whose inputs are no longer its node's, has its addend already.
      if (step?.inputs !== from.node.inputs || !canWait(from.node, add)) continue;
      if (![source, ...views.map((view) => defined(view.outputs[0]))].every(isPrivate)) continue;
      for (const node of [from.node, ...views]) steps.delete(node);
      steps.set(add, { ...step, inputs: [...step.inputs, addend], sum: defined(add.outputs[0]) });
      break;
    }
  }
  return nodes.flatMap((node) => steps.get(node) ?? []);
}

/** The ways to read a node as operand + addend; none where it is no sum. */
function sumsOf({ op, attrs, inputs: [left, right] }: Node): readonly (readonly [operand: Tensor, addend: Tensor])[] {
  if (left === undefined || right === undefined) return [];
  if (op.name === "addBias") return [[left, right]];
  if (op.name !== "binary" || attrs["kind"] !== "add" || !sameShape(left.shape, right.shape)) return [];
  return [
    [right, left],
    [left, right],
  ];
}

/** True if the op can add the tensor to its first output: element by element, or as a row to every row. */
function takes({ op, outputs }: Node, addend: Tensor): boolean {
  const { size, shape } = defined(outputs[0]);
  if (addend.size === size) return op.takesAddend === true;
  return op.takesBias === true && addend.size === shape.at(-1);
}

function readersOf(nodes: readonly Node[]): ReadonlyMap<Tensor, readonly Node[]> {
  const readers = new Map<Tensor, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      const known = readers.get(input);
      if (known === undefined) readers.set(input, [node]);
      else known.push(node);
    }
  }
  return readers;
}

/** Follows views from a tensor to their source, and lists the views between. */
function unwrap(tensor: Tensor): { readonly source: Tensor; readonly views: readonly Node[] } {
  const views: Node[] = [];
  let source = tensor;
  while (source.from.kind === "node" && source.from.node.op.isView === true) {
    views.push(source.from.node);
    source = defined(source.from.node.inputs[0]);
  }
  return { source, views };
}
