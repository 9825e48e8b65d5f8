import type { TextBudget } from "./metricsText.ts";

/** How parts are put together. */
export interface Fitting extends TextBudget {
  /** Stands first in any case. */
  readonly head: string;
  /** Says how many parts are left out. */
  readonly rest: (nLeft: number) => string;
}

/** A head and as many of the parts as there is room for, the first ones, and how many are left out. */
export async function fitting(parts: readonly string[], { head, rest, tokens, count }: Fitting): Promise<string> {
  for (let n = parts.length; ; n = Math.floor(n / 2)) {
    const left = parts.length - n;
    const text = [head, ...parts.slice(0, n), ...(left === 0 ? [] : [rest(left)])].join("\n\n");
    if (n === 0 || (await count(text)) <= tokens) return text;
  }
}
