import { resolve } from "node:path";
import { textOption } from "./arguments.ts";
import type { Arguments, OptionSpec } from "./command.ts";

/** Where the base of an adapter is. */
export const BASE_OPTION: Readonly<Record<string, OptionSpec>> = {
  base: { value: "DIR", description: "Checkpoint that an adapter changes (default: the one that its settings name)" },
};

/** Reads BASE_OPTION. */
export function baseFrom(args: Arguments, folder: string): { readonly base?: { readonly folder: string } } {
  const base = textOption(args, "base");
  return base === undefined ? {} : { base: { folder: resolve(folder, base) } };
}
