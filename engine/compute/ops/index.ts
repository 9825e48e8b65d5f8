import { binary, sum, unary } from "../graph/tensor.ts";

/** Every op that a backend must execute (reshape is a view and needs no kernel). Add yours here; the kernel tables and the contract suite follow. */
export const OPS = [unary, binary, sum] as const;
