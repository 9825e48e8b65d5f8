import { type RunConfig, halvedArms, keptAt, rungsOf } from "../config/index.ts";
import { formatDuration } from "../common/format.ts";
import { stageNames } from "../protocol/stageName.ts";
import type { PlannedStage } from "../protocol/toolOutput.ts";

/** Names that are listed before the rest is counted. */
const MOST_LISTED = 12;

/** Remarks on a config with grids: how many arms they make, what is made once for several, and how long it takes at least. */
export function sweepNotes(config: RunConfig, stages: readonly PlannedStage[]): string[] {
  const { arms, sweep } = config;
  if (sweep === undefined) return [];
  const nameOf = stageNames(stages);
  const shared = sharedStages(stages, Object.keys(arms)).map(({ id }) => nameOf(id));
  const groups = groupsOf(sweep, arms).map(([of, axes, n]) => `${of} is ${n} arms (${axes})`);
  return [
    `sweep: ${groups.join("; ")}; ${Object.keys(arms).length} arms in all`,
    ...upstreamNotes(config),
    `made once for several arms: ${listed(shared, ", ") || "nothing"}`,
    ...halvingNotes(config),
    ...chainNotes(stages),
  ];
}

/** How many models grids make that soups and arms are made of. */
function upstreamNotes({ sweep = {}, arms, soups }: RunConfig): string[] {
  const others = Object.entries(sweep).filter(([name]) => !Object.hasOwn(arms, name) && !Object.hasOwn(soups, name));
  const counts = [...Map.groupBy(others, ([, { of }]) => of)].map(([of, { length }]) => `${length} of ${of}`);
  return counts.length === 0 ? [] : [`models before the arms: ${listed(counts, ", ")}`];
}

/** How many arms successive halving lets go on, and how far each has been trained by then. */
function halvingNotes(config: RunConfig): string[] {
  const { halving, arms } = config;
  if (halving === undefined) return [];
  return [...halvedArms(config)].map(([of, names]) => {
    const iterations = arms[names[0] ?? ""]?.iterations ?? 0;
    const steps = rungsOf(iterations, halving.rungs).map((until, at) => {
      const kept = keptAt(names.length, at + 1);
      return `${kept} ${kept === 1 ? "goes" : "go"} on after ${until}`;
    });
    const what = `halving: of the ${names.length} arms of ${of}, ${steps.join(", ")} of ${iterations} iterations`;
    return `${what}; times in all count stages by how many arms come to them`;
  });
}

/** How long all work takes, and the longest chain of it; nothing where all is made. */
export function chainNotes(stages: readonly PlannedStage[]): string[] {
  const nameOf = stageNames(stages);
  const { seconds, path } = criticalPath(stages);
  const total = stages.reduce((sum, stage) => sum + secondsOf(stage), 0);
  if (total === 0) return [];
  const least = `with any number of devices at least ${formatDuration(seconds)}, one after another`;
  return [`about ${formatDuration(total)} of work in all; ${least}: ${listed(path.map(nameOf), " → ")}`];
}

/** Swept arms with their axes, "3 of beta × 2 of alpha", and how many arms each has become. */
function groupsOf(
  sweep: NonNullable<RunConfig["sweep"]>,
  arms: RunConfig["arms"],
): readonly (readonly [of: string, axes: string, n: number])[] {
  const all = Object.entries(sweep).filter(([name]) => Object.hasOwn(arms, name));
  return [...new Set(all.map(([, { of }]) => of))].map((of) => {
    const own = all.flatMap(([, one]) => (one.of === of ? [one.values] : []));
    const axes = Object.keys(own[0] ?? {}).map((axis) => {
      return `${new Set(own.map((values) => values[axis])).size} of ${axis}`;
    });
    return [of, axes.join(" × "), own.length] as const;
  });
}

/** Stages that lead to models of several arms, in their order. */
function sharedStages(stages: readonly PlannedStage[], arms: readonly string[]): readonly PlannedStage[] {
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const users = new Map<string, Set<string>>();
  const visit = (id: string, arm: string): void => {
    const stage = byId.get(id);
    const known = users.get(id) ?? new Set();
    if (stage === undefined || known.has(arm)) return;
    users.set(id, known.add(arm));
    for (const input of stage.inputs) visit(input, arm);
  };
  const ofArms = stages.filter(({ product, role, benchmark }) => {
    return arms.includes(product) && role === "result" && benchmark === undefined;
  });
  for (const { id, product } of ofArms) visit(id, product);
  // Rungs of one arm lead to the others by what they decide, and make nothing for them.
  return stages.filter(({ id, rung }) => rung === undefined && (users.get(id)?.size ?? 0) > 1);
}

/** The chain of stages that takes longest, each waiting for the one before. */
export function criticalPath(stages: readonly PlannedStage[]): {
  readonly seconds: number;
  readonly path: readonly string[];
} {
  const ends = new Map<string, { readonly seconds: number; readonly before: string | undefined }>();
  let last: string | undefined;
  // Each stage comes after its inputs.
  for (const stage of stages) {
    const before = stage.inputs.reduce<string | undefined>((latest, id) => {
      return (ends.get(id)?.seconds ?? 0) > (latest === undefined ? 0 : (ends.get(latest)?.seconds ?? 0)) ? id : latest;
    }, undefined);
    const begun = before === undefined ? 0 : (ends.get(before)?.seconds ?? 0);
    ends.set(stage.id, { seconds: begun + secondsOf(stage), before });
    if (last === undefined || begun + secondsOf(stage) > (ends.get(last)?.seconds ?? 0)) last = stage.id;
  }
  const path: string[] = [];
  for (let id = last; id !== undefined; id = ends.get(id)?.before) path.unshift(id);
  return { seconds: last === undefined ? 0 : (ends.get(last)?.seconds ?? 0), path };
}

/** Time that a stage will take, as far as it will be made at all. */
export function secondsOf({
  cached,
  estimatedSeconds,
  share = 1,
}: Pick<PlannedStage, "cached" | "estimatedSeconds" | "share">): number {
  return cached ? 0 : estimatedSeconds * share;
}

function listed(names: readonly string[], between: string): string {
  const more = names.length - MOST_LISTED;
  return [...names.slice(0, MOST_LISTED), ...(more > 0 ? [`${more} more`] : [])].join(between);
}
