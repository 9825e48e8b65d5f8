import { cuda } from "./cuda/declaration.ts";
import { tfjs } from "./tfjs/declaration.ts";
import { wasm } from "./wasm/declaration.ts";

/**
 * Every backend of the engine, in the order in which `runtime.backend: "auto"` prefers them. Add yours here, in a
 * folder of its name; config, doctor, the choice and the contract tests follow.
 */
export const BACKENDS = [cuda, wasm, tfjs] as const;

/** Name of a backend. */
export type BackendName = (typeof BACKENDS)[number]["name"];

export type { Precision } from "./declaration.ts";
