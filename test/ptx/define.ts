import type { WasmFunction, WasmType } from "./assemble.ts";
import * as layout from "./layout.ts";

/** A function in postfix text; its types are written `a:i32 b:i64 -> f32`. */
export function define(name: string, types: string, locals: Record<string, WasmType>, body: string): WasmFunction {
  const [params = "", result = ""] = types.split("->").map((side) => side.trim());
  return {
    name,
    params: params.split(" ").map((one) => one.split(":") as [string, WasmType]),
    result: result === "" ? null : (result as WasmType),
    locals: new Map(Object.entries(locals)),
    body,
  };
}

/** Reads a word of the context. */
export const word = (name: keyof typeof layout.WORDS): string =>
  `0 i32.load@${layout.CONTEXT + 4 * layout.WORDS[name]}`;
