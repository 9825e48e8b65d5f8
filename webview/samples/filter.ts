import { isDone } from "../../engine/protocol/runProgress.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import type { SampleQuery, SampleSource } from "../../engine/protocol/samples.ts";
import { baseSeeds } from "../../engine/protocol/stageName.ts";
import { isOfTestPrompts } from "./acrossRuns.ts";

/** Orders of rows. */
export const ORDERS = ["newest", "recorded", "lowest", "highest", "spread", "disagreement"] as const;
export type Order = (typeof ORDERS)[number];

/** Lines of text that each row shows. */
export const DENSITIES = { compact: 1, comfortable: 3, spacious: 7 } as const;
export type Density = keyof typeof DENSITIES;

/** The rows that the user has chosen to see. */
export interface SampleFilter {
  readonly source: SampleSource;
  readonly text: string;
  /** Undefined: from the first, to the last. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly isUnended: boolean;
  /** Only prompts that were kept at several steps. */
  readonly isRepeated?: boolean;
  readonly order: Order;
  /** Columns that are left out. */
  readonly hidden: readonly string[];
}

/** Everything, the newest step first. */
export const NO_FILTER: SampleFilter = {
  source: { kind: "rollouts" },
  text: "",
  isUnended: false,
  order: "newest",
  hidden: [],
};

/** The service's query for a filter, but for the window. */
export function sampleQuery(
  folder: string,
  filter: SampleFilter,
  allColumns: readonly string[],
): Omit<SampleQuery, "offset" | "limit"> {
  const { source, text, from, to, isUnended, isRepeated = false, order, hidden } = filter;
  const isOfRollouts = source.kind === "rollouts";
  const columns = allColumns.filter((column) => !hidden.includes(column));
  const hasSteps = isOfRollouts && (from !== undefined || to !== undefined);
  return {
    folder,
    source,
    // Columns of other runs stand beside those of test prompts, and are left out where these are laid together.
    ...(columns.length < allColumns.length && columns.length > 0 && !isOfTestPrompts(source) && { columns }),
    ...(text.trim() !== "" && { text: text.trim() }),
    ...(hasSteps && { steps: { from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER } }),
    ...(isUnended && { isUnended }),
    ...(isRepeated && isOfRollouts && { isRepeated }),
    // Answers have no steps.
    ...(order !== "recorded" && (order !== "newest" || isOfRollouts) && { order }),
  };
}

/** True if anything other than source and columns narrows the rows. */
export function isNarrowed({ text, from, to, isUnended, isRepeated = false }: SampleFilter): boolean {
  return text.trim() !== "" || from !== undefined || to !== undefined || isUnended || isRepeated;
}

/** Benchmarks of which some model's answers are there. */
export function benchmarksOf({ stages }: Pick<RunOutline, "stages">): readonly string[] {
  const names = stages.flatMap((stage) => {
    const { benchmark, opponent } = stage;
    return benchmark !== undefined && opponent === undefined && isDone(stage) ? [benchmark] : [];
  });
  return [...new Set(names)];
}

/** Base seeds to choose from; none where there is one. */
export function seedsOf({ stages }: Pick<RunOutline, "stages">): readonly number[] {
  const seeds = baseSeeds(stages);
  return seeds.length > 1 ? seeds : [];
}
