import { type Recomputation, Recomputing } from "./recompute.ts";
import { type Node, type Tensor, sameShape, ShapeError } from "./tensor.ts";

/**
 * Adds the nodes that compute d loss / d wrt to the graph (reverse-mode autodiff, graph to graph).
 *
 * @param loss - A scalar, `[]`.
 * @param wrt - Tensors to differentiate by, usually variables.
 * @param recomputation - Results of the forward pass that are computed again rather than kept; changes no number.
 * @returns One gradient per tensor of `wrt`, of its shape.
 * @throws {TypeError} when the loss does not depend on one of them or crosses an op without a derivative.
 */
export function gradients(
  loss: Tensor,
  wrt: readonly Tensor[],
  recomputation: Recomputation = "cheap",
): readonly Tensor[] {
  const nodes = reachableNodes([loss]);
  const recomputing = new Recomputing(loss.graph, nodes, recomputation);
  // Nodes between `wrt` and the loss, last first: those that a gradient must cross.
  const active = nodes.filter(dependsOn(new Set(wrt))).reverse();
  const crossed = new Set<Tensor>([...wrt, ...active.flatMap(({ outputs }) => outputs)]);
  const grads = new Map<Tensor, Tensor>([[loss, loss.graph.constant(1, loss.shape)]]);
  for (const node of active) {
    const outputGrads = node.outputs.map((output) => grads.get(output));
    if (outputGrads.every((grad) => grad === undefined)) continue;
    if (node.op.gradient === undefined) throw new TypeError(`gradients: op ${node.op.name} has no derivative`);
    const wanted = node.inputs.map((input) => crossed.has(input));
    for (const [index, grad] of node.op.gradient(recomputing.node(node), outputGrads, wanted).entries()) {
      const input = node.inputs[index];
      if (input === undefined || grad === undefined) continue;
      if (!sameShape(grad.shape, input.shape)) {
        throw new ShapeError(`gradient of ${node.op.name}`, { input: input.shape, gradient: grad.shape });
      }
      const sum = grads.get(input);
      grads.set(input, sum === undefined ? grad : sum.add(grad));
    }
  }
  return wrt.map((tensor) => {
    const grad = grads.get(tensor);
    if (grad === undefined) {
      const name = "name" in tensor.from ? tensor.from.name : "an intermediate";
      throw new TypeError(`gradients: the loss does not depend on ${name}`);
    }
    return grad;
  });
}

/** A predicate to be asked in execution order: whether the node depends on one of the tensors. */
function dependsOn(wrt: ReadonlySet<Tensor>): (node: Node) => boolean {
  const active = new Set<Tensor>(wrt);
  return (node) => {
    if (!node.inputs.some((input) => active.has(input))) return false;
    for (const output of node.outputs) active.add(output);
    return true;
  };
}

/** Every node that the tensors need, in execution order. */
export function reachableNodes(tensors: readonly Tensor[]): Node[] {
  const seen = new Set<Node>();
  const stack = [...tensors];
  for (let tensor = stack.pop(); tensor !== undefined; tensor = stack.pop()) {
    if (tensor.from.kind !== "node" || seen.has(tensor.from.node)) continue;
    seen.add(tensor.from.node);
    stack.push(...tensor.from.node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
