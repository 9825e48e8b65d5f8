import type { RunOutline } from "../../engine/protocol/service.ts";
import type { SampleSource } from "../../engine/protocol/samples.ts";
import { isOfArm } from "../../engine/protocol/armStages.ts";
import { stageName, stageNames } from "../../engine/protocol/stageName.ts";
import type { StageState } from "../../engine/protocol/runState.ts";
import { fromCatalogue } from "../localize.ts";
import { originText } from "../parts/origin.ts";
import { columnOf } from "./acrossRuns.ts";

/** A column of samples: a stage whose rollouts, or a model whose answers, it holds. */
export interface SampleColumn {
  /** As the service names it. */
  readonly id: string;
  /** Display name. */
  readonly name: string;
  /** "from demo-1", where that run made it; else empty. */
  readonly origin: string;
  /** The arm that it belongs to, if it is one's. */
  readonly arm?: string;
  /** Base seed, in a run of several. */
  readonly seed?: number;
}

/** Two columns whose differences are shown. */
export interface ComparedPair {
  readonly base: string;
  readonly other: string;
}

/** The first two arms, of one base seed. */
export function firstArms(columns: readonly SampleColumn[]): ComparedPair | undefined {
  const base = columns.find(({ arm }) => arm !== undefined);
  const other = columns.find(({ arm, seed }) => arm !== undefined && arm !== base?.arm && seed === base?.seed);
  return base === undefined || other === undefined ? undefined : { base: base.id, other: other.id };
}

/** Columns as they are drawn: their descriptions are replaced only when they change, since a grid is drawn again then. */
export class SampleColumns {
  private described: readonly SampleColumn[] = [];
  private last: readonly SampleColumn[] = [];

  /** All that there are to choose from. */
  get all(): readonly SampleColumn[] {
    return this.described;
  }

  describe(...of: Parameters<typeof sampleColumns>): void {
    const described = sampleColumns(...of);
    if (JSON.stringify(described) !== JSON.stringify(this.described)) this.described = described;
  }

  /** Those of a page. */
  of(ids: readonly string[]): readonly SampleColumn[] {
    const columns = ids.flatMap((id) => this.described.find((one) => one.id === id) ?? []);
    const isSame = columns.length === this.last.length && columns.every((one, at) => one === this.last[at]);
    if (!isSame) this.last = columns;
    return this.last;
  }
}

/** Describes columns of a source by the run's stages; other runs, whose columns stand beside them, by their titles. */
export function sampleColumns(
  ids: readonly string[],
  source: SampleSource,
  { stages }: Pick<RunOutline, "stages"> = { stages: [] },
  titleOf: (folder: string) => string = (folder) => folder,
): readonly SampleColumn[] {
  const arms = new Set(stages.filter(isOfArm).map(({ product }) => product));
  const nameOf = source.kind === "rollouts" ? stageNames(stages, fromCatalogue) : (id: string) => id;
  return ids.map((id) => {
    const { folder, column } = columnOf(id);
    if (folder !== undefined) return { id, name: `${column} · ${titleOf(folder)}`, origin: "" };
    const stage = stages.find((one) => (source.kind === "rollouts" ? one.id === id : isAnswering(one, id, source)));
    const { product = "", seed } = stage ?? {};
    return {
      id,
      name: nameOf(id),
      origin: stage === undefined ? "" : originText([stage]),
      ...(arms.has(product) && { arm: product }),
      ...(seed !== undefined && { seed }),
    };
  });
}

/** Without a base seed, the run's first is meant. */
function isAnswering(
  stage: StageState,
  model: string,
  { benchmark, seed }: Extract<SampleSource, { kind: "answers" }>,
): boolean {
  const { benchmark: own, opponent, ...rest } = stage;
  const isOfSeed = seed === undefined || stage.seed === seed;
  return opponent === undefined && own === benchmark && isOfSeed && stageName(rest) === model;
}
