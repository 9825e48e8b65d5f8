import { type Attrs, type Op, type Tensor, one } from "../graph/tensor.ts";
import { operand, readAxes } from "./axes.ts";

/** Rows of a matrix, in the order asked for. */
export const gatherRowsOp: Op<Attrs, "gatherRows"> = {
  name: "gatherRows",
  infer([x, rows]) {
    const { K, C } = readAxes("gatherRows", { x, rows }, { x: "R C", rows: "K" } as const);
    operand("gatherRows", "rows", rows, "i32");
    return [{ shape: [K, C], dtype: "f32" }];
  },
  gradient({ inputs, graph }, [dy]) {
    return dy === undefined ? [] : graph.apply(scatterRowsOp, [dy, inputs[1]!], { height: inputs[0]!.shape[0]! });
  },
};

/** The reverse of gatherRows: every row of dy added to its row of a matrix of zeros with `height` rows. */
export const scatterRowsOp: Op<{ readonly height: number }, "scatterRows"> = {
  name: "scatterRows",
  infer([dy, rows], { height }) {
    const { C } = readAxes("scatterRows", { dy, rows }, { dy: "K C", rows: "K" } as const);
    operand("scatterRows", "rows", rows, "i32");
    return [{ shape: [height, C], dtype: "f32" }];
  },
};

/**
 * Picks rows, as for the hidden state of each sequence's last token.
 *
 * @param x - `[R, C]`.
 * @param rows - Integers in [0, R), `[K]`; may repeat.
 * @returns `[K, C]`.
 */
export function gatherRows(x: Tensor, rows: Tensor): Tensor {
  return one(x.graph.apply(gatherRowsOp, [x, rows], {}));
}
