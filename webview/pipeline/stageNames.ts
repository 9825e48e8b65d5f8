/** What a stage's name says of it. */
export interface StageName {
  /** Base seed, where a run has several. */
  readonly seed?: number;
  /** Model, arm, or other product that it belongs to: "salsa", "reward". */
  readonly product: string;
  /** Candidate for β: "β 0.1". */
  readonly candidate?: string;
  /** Split that answers are given to. */
  readonly benchmark?: string;
  /** The other model of a comparison. */
  readonly opponent?: string;
}

/** Takes a stage's name apart: "seed-2/salsa (β 0.1) on validation", "salsa vs ppo on inDistribution". */
export function readStageName(name: string): StageName {
  const { seed, rest = name } = /^seed-(?<seed>\d+)\/(?<rest>.*)$/.exec(name)?.groups ?? {};
  const { work = rest, benchmark } = /^(?<work>.*) on (?<benchmark>\S+)$/.exec(rest)?.groups ?? {};
  const { a = work, opponent } = /^(?<a>.*) vs (?<opponent>.*)$/.exec(work)?.groups ?? {};
  const { product = a, candidate } = /^(?<product>.*) \((?<candidate>β .*)\)$/.exec(a)?.groups ?? {};
  return {
    product,
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(candidate !== undefined && { candidate }),
    ...(benchmark !== undefined && { benchmark }),
    ...(opponent !== undefined && { opponent }),
  };
}
