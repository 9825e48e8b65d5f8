import { type BenchmarkConfig, type RunConfig, type SourceConfig, variantsOf } from "../config/index.ts";
import type { RecordKind } from "../data/index.ts";
import { needOf } from "../soup/index.ts";
import type { Shortfall } from "../protocol/shortfalls.ts";
import { keepsExamplesBack, sftCount, validationCount } from "./corpus.ts";
import type { ReadData } from "./fingerprints.ts";
import type { ResolvedRecipe } from "./resolve.ts";

/**
 * Settings that ask for more records than their sources have: the run takes what there is.
 *
 * How many records each source has was found when it was read, and is remembered while its file stays as it is.
 */
export function shortfalls(config: RunConfig, { data: read }: Pick<ResolvedRecipe, "data">): readonly Shortfall[] {
  const { data, evaluation } = config;
  if (data === undefined) return [];
  const readOf = (source: SourceConfig | undefined, kind: RecordKind): ReadData | undefined => {
    const name = JSON.stringify(source);
    return read.find((one) => one.kind === kind && JSON.stringify(one.source) === name);
  };
  const rowsOf = (source: SourceConfig | undefined, kind: RecordKind): number | undefined =>
    readOf(source, kind)?.file.rows;
  const found: Shortfall[] = [];
  const compare = (
    path: Shortfall["path"],
    asked: number | undefined,
    there: number | undefined,
    source: SourceConfig,
  ): void => {
    if (asked === undefined || there === undefined || asked <= there) return;
    const from = typeof source === "string" ? source : source.from;
    // Two benchmarks may be of one file.
    if (found.some((one) => one.path.join(".") === path.join(".") && one.from === from && one.there === there)) return;
    found.push({ path, asked, there, from });
  };
  const sources = [
    ["sft", "sft", data.sft],
    ["preferences", "preferences", data.preferences],
    ["prompts", "prompts", data.prompts],
  ] as const;
  for (const [key, kind, source] of sources) {
    if (typeof source === "object") compare(["data", key, "examples"], source.examples, rowsOf(source, kind), source);
  }
  for (const { sft, reward } of variantsOf(config)) {
    compare(["sft", "examples"], sft.examples, learnedExamples(config, readOf(data.sft, "sft")), data.sft);
    if (data.preferences !== undefined) {
      compare(["reward", "pairs"], reward.pairs, rowsOf(data.preferences, "preferences"), data.preferences);
    }
  }
  const prompts = readOf(data.prompts, "prompts");
  if (prompts !== undefined && choosesOnPrompts(config)) {
    const there = prompts.file.kept ?? validationCount(evaluation, prompts.file);
    compare(["evaluation", "validationPrompts"], evaluation.validationPrompts, there, data.prompts);
  }
  for (const name of evaluation.benchmarks) {
    const benchmark = data.benchmarks[name];
    if (benchmark === undefined) continue;
    const source = sourceOf(benchmark);
    compare(["evaluation", "prompts"], evaluation.prompts, rowsOf(source, "prompts"), source);
  }
  return found;
}

/** Prompts that every comparison is over, where benchmarks hold fewer than are asked for: the fewest of any. */
export function comparedPrompts({ evaluation }: Pick<RunConfig, "evaluation">, short: readonly Shortfall[]): number {
  const there = short.filter(({ path }) => path.join(".") === "evaluation.prompts").map((one) => one.there);
  return Math.min(evaluation.prompts, ...there);
}

/** Examples of a source that SFTs may learn from. */
function learnedExamples(config: RunConfig, read: ReadData | undefined): number | undefined {
  if (read === undefined) return undefined;
  return sftCount({ task: undefined, examples: undefined, keepsExamplesBack: keepsExamplesBack(config) }, read.file);
}

/** True where something is chosen on the validation split: a β, or the members of a soup. */
function choosesOnPrompts({ arms, soups }: RunConfig): boolean {
  if (Object.values(arms).some(({ betas }) => betas.length > 1)) return true;
  return Object.values(soups).some((soup) => needOf(soup, soup.of.length).on === "responses");
}

/** How questions are answered is not part of their source. */
function sourceOf(benchmark: BenchmarkConfig): SourceConfig {
  if (typeof benchmark === "string") return benchmark;
  const { temperature: _temperature, ...source } = benchmark;
  return source;
}
