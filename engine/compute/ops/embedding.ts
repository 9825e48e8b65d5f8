import { type WeightType, WEIGHT_TYPES } from "../graph/dtype.ts";
import { type Attrs, type Op, type Tensor, one } from "../graph/tensor.ts";
import { mismatch, operand, readAxes } from "./axes.ts";

/** Rows of a table, picked by token id, in f32 or in the type asked for. */
export const embeddingOp: Op<Attrs & { readonly dtype?: WeightType }, "embedding"> = {
  name: "embedding",
  types: { inputs: { table: WEIGHT_TYPES, ids: "i32" }, outputs: [{ setting: "dtype" }] },
  infer([table, ids]) {
    const { C } = readAxes("embedding", { table }, { table: "V C" } as const);
    return [[...operand("embedding", "ids", ids).shape, C]];
  },
  gradient({ inputs, graph }, [dy]) {
    if (dy === undefined) return [];
    return [one(graph.apply(embeddingGradOp, [inputs[1]!, dy], { vocabulary: inputs[0]!.shape[0]! }))];
  },
};

/** Gradient of embedding by its table: every row of dy added to the row of its id, in the order of the ids. */
export const embeddingGradOp: Op<{ readonly vocabulary: number }, "embeddingGrad"> = {
  name: "embeddingGrad",
  types: { inputs: { ids: "i32", dy: WEIGHT_TYPES }, outputs: ["f32"] },
  infer([ids, dy], { vocabulary }) {
    const { shape } = operand("embeddingGrad", "ids", ids);
    const rows = operand("embeddingGrad", "dy", dy).shape;
    const channels = rows.at(-1);
    const fits = rows.length === shape.length + 1 && shape.every((size, axis) => size === rows[axis]);
    if (!fits || channels === undefined) throw mismatch("embeddingGrad", { ids, dy });
    return [[vocabulary, channels]];
  },
};

/**
 * Looks token ids up in a table.
 *
 * @param table - `[V, C]`; may be bf16.
 * @param ids - Integers in [0, V), `[...]`.
 * @param dtype - Of the result; f32 unless given.
 * @returns `[..., C]`.
 */
export function embedding(table: Tensor, ids: Tensor, dtype: WeightType = "f32"): Tensor {
  return one(table.graph.apply(embeddingOp, [table, ids], dtype === "f32" ? {} : { dtype }));
}
