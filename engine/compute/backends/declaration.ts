/** Precision that models compute with: the type of activations, and of the matrices among weights. */
export type Precision = "f32" | "bf16";

/**
 * Properties of a backend that are known without its code: data alone, which config and editor read, too. It stands in
 * the `declaration.ts` of the backend's folder, beside the code in `index.ts`.
 */
export interface BackendDeclaration<N extends string = string> {
  /** Its value in `runtime.backend`, and its folder's name. */
  readonly name: N;
  /** For people: "WebAssembly". */
  readonly title: string;
  /** Follows the name where settings are explained. */
  readonly description: string;
  /** To be raised whenever the kernels may give other bytes: it is part of every artifact's key. */
  readonly revision: number;
  /** Precisions that models may compute with, the default first. */
  readonly precisions: readonly [Precision, ...Precision[]];
}
