import type { StageInfo } from "../../protocol/stages.ts";

/** Facts about a stage, for tools that group and filter by them. */
export function stageFacts(stage: StageInfo | undefined): Readonly<Record<string, string>> {
  if (stage === undefined) return {};
  const { kind, product, seed, beta } = stage;
  return {
    kind,
    product,
    ...(seed !== undefined && { seed: String(seed) }),
    ...(beta !== undefined && { beta: String(beta) }),
  };
}
