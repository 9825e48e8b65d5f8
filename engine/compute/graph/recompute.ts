import { type Graph, type Node, type Tensor, bytesOf, defined } from "./tensor.ts";

/**
 * Results of the forward pass that the backward pass computes again: none, those of cheap ops where they take more than
 * `KEPT_BYTES`, or also all within a model's blocks but for the last (gradient checkpointing, Chen et al. 2016,
 * arXiv:1604.06174).
 */
export type Recomputation = "none" | "cheap" | "blocks";

/** Bytes of a graph's cheap results that are worth their memory: for small models 2 % of a step's time. */
const KEPT_BYTES = 64 * 2 ** 20;

/**
 * The forward pass as the backward pass sees it: results that were not kept are computed again from those that were, by
 * the same ops in the same order, and so with the same bits.
 *
 * Copies are made when a gradient first asks for them. As nodes run in the order of their making, each comes right before
 * its reader, and a block's copies are gone before the block before it needs its own.
 */
export class Recomputing {
  private readonly graph: Graph;
  /** Ids below this belong to blocks that are computed again. */
  private readonly end: number;
  private readonly repeatsCheap: boolean;
  private readonly kept: ReadonlySet<Tensor>;
  private readonly copies = new Map<Node, Node>();

  /** `nodes` are those of the forward pass. */
  constructor(graph: Graph, nodes: readonly Node[], recomputation: Recomputation) {
    this.graph = graph;
    const { checkpoints } = graph;
    this.kept = new Set(checkpoints);
    const repeatsAbove = { none: Infinity, cheap: KEPT_BYTES, blocks: 0 }[recomputation];
    const cheap = nodes.filter(({ op }) => op.isCheap === true).map(({ outputs }) => defined(outputs[0]));
    this.repeatsCheap = cheap.reduce((sum, tensor) => sum + bytesOf(tensor), 0) > repeatsAbove;
    // The last block's results are read as soon as they are there: it keeps them.
    const last = recomputation === "blocks" ? checkpoints.at(-2) : undefined;
    this.end = last?.from.kind === "node" ? last.from.node.id : 0;
  }

  /** A node of the forward pass, with inputs and outputs to read from the backward pass. */
  node(node: Node): Node {
    return {
      ...node,
      inputs: node.inputs.map((input) => this.tensor(input)),
      outputs: node.outputs.map((output) => this.tensor(output)),
    };
  }

  private tensor(tensor: Tensor): Tensor {
    if (tensor.from.kind !== "node" || this.kept.has(tensor)) return tensor;
    const { node, index } = tensor.from;
    if (!this.isRepeated(node, index)) return tensor;
    return defined(this.copyOf(node).outputs[index]);
  }

  private isRepeated(node: Node, index: number): boolean {
    if (node.id < this.end) return true;
    // A view is as good as what it shows.
    if (node.op.isView === true) return this.tensor(defined(node.inputs[0])) !== node.inputs[0];
    // Further outputs are small, such as one number per row.
    return this.repeatsCheap && node.op.isCheap === true && index === 0;
  }

  private copyOf(node: Node): Node {
    const known = this.copies.get(node);
    if (known !== undefined) return known;
    const inputs = node.inputs.map((input) => this.tensor(input));
    const [first] = this.graph.apply(node.op, inputs, node.attrs);
    const { from } = defined(first);
    if (from.kind !== "node") throw new TypeError(`recompute: ${node.op.name} has no results`);
    this.copies.set(node, from.node);
    return from.node;
  }
}
