import type { StageInfo } from "./stages.ts";

/**
 * Stages of logs from before 2026-12, which spell a stage's facts into its name: "seed-2/salsa (β 0.1) on validation",
 * "salsa vs ppo on inDistribution". The name is kept as the id.
 */
export function legacyStage(name: string): StageInfo {
  const { seed, rest = name } = /^seed-(?<seed>\d+)\/(?<rest>.*)$/.exec(name)?.groups ?? {};
  const { work = rest, benchmark } = /^(?<work>.*) on (?<benchmark>\S+)$/.exec(rest)?.groups ?? {};
  const { a = work, opponent } = /^(?<a>.*) vs (?<opponent>.*)$/.exec(work)?.groups ?? {};
  const { product = a, beta } = /^(?<product>.*) \(β (?<beta>.*)\)$/.exec(a)?.groups ?? {};
  const kind = legacyKind({ product, beta, benchmark, opponent });
  return {
    id: name,
    kind,
    title: "",
    product,
    role: beta === undefined ? "result" : benchmark === undefined ? "candidate" : "validation",
    inputs: [],
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(beta !== undefined && { beta: Number(beta) }),
    ...(benchmark !== undefined && { benchmark }),
    ...(opponent !== undefined && { opponent }),
  };
}

/** The kind that a name alone gives away; only the keys of their artifacts distinguish a soup from an arm. */
function legacyKind({
  product,
  beta,
  benchmark,
  opponent,
}: Readonly<Record<"product" | "beta" | "benchmark" | "opponent", string | undefined>>): string {
  if (opponent !== undefined) return "judgments";
  if (benchmark !== undefined) return "answers";
  if (product === "base" || product === "preferences" || product === "reward") return product;
  if (beta !== undefined) return "rlhf";
  return /^sft-\d+$/.test(product ?? "") ? "sft" : "";
}

/** Kind of a stage by the key of its artifact, `<kind>-<hash>`. */
export function kindOfKey(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf("-")));
}
