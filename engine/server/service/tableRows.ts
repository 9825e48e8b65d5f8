import { settingsOf, docsOf } from "../../config/walk.ts";
import { runConfigSchema } from "../../config/schema.ts";
import { isOfArm } from "../../protocol/armStages.ts";
import { isPercentile } from "../../protocol/distributions.ts";
import { dictionary } from "../../common/dictionary.ts";
import type { RunState, StageState } from "../../protocol/runState.ts";
import {
  type TableModel,
  type TableParams,
  type TableRows,
  type TableRun,
  type TableValue,
  type TableValues,
  scoreColumn,
  winRateColumn,
} from "../../protocol/runsTable.ts";
import type { RunSummary } from "../../protocol/service.ts";
import { makesModel } from "../../protocol/stages.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import { type LastValues, RunLog } from "../../storage/runLog.ts";
import { recordFolder } from "../../storage/recordFolder.ts";
import { Recent } from "./recent.ts";
import type { Runs } from "./runs.ts";
import type { ArmRate, RunsTableFacts } from "./tableFacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** Artifacts of other runs whose last metrics are remembered: neither they nor their records ever change. */
const MOST_ARTIFACTS = 20_000;

/**
 * Rows of the runs table, from what the registry of runs holds in memory: a run's files are read again only when its
 * folder or its log has changed.
 */
export class RunsTableRows {
  private readonly runs: Runs;
  /** By root and key; null where nothing was recorded. */
  private readonly borrowed = new Recent<LastValues | null>(MOST_ARTIFACTS);

  constructor(runs: Runs) {
    this.runs = runs;
  }

  async read({ folders }: TableParams): Promise<TableRows> {
    const wanted = folders === undefined ? undefined : new Set(folders);
    const chosen = await this.runs.inFull(({ folder }) => wanted?.has(folder) ?? true);
    for (const { folder } of chosen) wanted?.delete(folder);
    const blocks = new Blocks();
    const runs: TableRun[] = [];
    for (const run of chosen) runs.push(await this.row(run, blocks));
    const meanings = folders === undefined ? settingMeanings() : {};
    const palette = await this.runs.palette();
    return { blocks: blocks.all, runs, palette, missing: [...(wanted ?? [])], meanings };
  }

  private async row(run: TrackedRun, blocks: Blocks): Promise<TableRun> {
    const { table: facts, brief: state } = run;
    const scores = scoresOf(state);
    const models: TableModel[] = [];
    for (const { name, seed, stages } of modelsOf(state, facts)) {
      const result = stages.find(({ role }) => role === "result");
      const ofResult = result && (await this.lastOf(run, result));
      const trained = trainedStage(stages, ofResult?.["choice/beta"]);
      const ofTrained = trained && trained !== result ? await this.lastOf(run, trained) : undefined;
      const metrics = [ofTrained, ofResult];
      const own = facts.arms.get(name) ?? facts.swept.get(name);
      models.push({
        name,
        ...(seed !== undefined && { seed }),
        settings: own === undefined ? [] : [blocks.place(own)],
        values: modelValues({ name, seed, stages, trained, facts, scores, metrics }),
        ...intervalsOf(ratesOf(facts.rates, name, seed)),
      });
    }
    const settings = facts.sections.map((section) => blocks.place(section));
    return { folder: run.folder, settings, values: runValues(run.summary()), models };
  }

  /** The last value of each metric of a stage, in the run itself or where its artifact was made. */
  private async lastOf(run: TrackedRun, { id, key, status }: StageState): Promise<LastValues | undefined> {
    const own = run.lastValues(id);
    if (own !== undefined || status !== "cached" || !isArtifactKey(key)) return own;
    const place = `${run.root}\0${key}`;
    const known = this.borrowed.peek(place);
    if (known !== undefined) return known ?? undefined;
    const found = (await recordedLast(run.root, key)) ?? this.fromMaker(run, key);
    return this.borrowed.get(place, () => found ?? null) ?? undefined;
  }

  /** Of an artifact that is older than records beside artifacts. */
  private fromMaker({ root }: TrackedRun, key: string): LastValues | undefined {
    for (const other of this.runs.listed()) {
      if (other.root !== root) continue;
      const made = other.brief.stages.find((stage) => stage.key === key && stage.status === "finished");
      if (made !== undefined) return other.lastValues(made.id);
    }
    return undefined;
  }
}

/** Settings of a reply, each once. */
class Blocks {
  readonly all: TableValues[] = [];
  private readonly places = new Map<TableValues, number>();

  place(block: TableValues): number {
    const known = this.places.get(block);
    if (known !== undefined) return known;
    const place = this.all.push(block) - 1;
    this.places.set(block, place);
    return place;
  }
}

/** A record that cannot be read has no values: a row is worth more than an error about one of its cells. */
async function recordedLast(root: string, key: string): Promise<LastValues | undefined> {
  const log = new RunLog(recordFolder(root, key), { hasCurves: false });
  try {
    await log.update();
  } catch {
    return undefined;
  }
  return log.lastValues.get(key);
}

/** A model with the stages that make it. */
interface ModelStages {
  readonly name: string;
  readonly seed: number | undefined;
  readonly stages: readonly StageState[];
}

/** Models of a run, its arms first; before its stages are known, the arms of its config. */
function modelsOf({ stages }: RunState, facts: RunsTableFacts): readonly ModelStages[] {
  const found = new Map<string, ModelStages & { readonly stages: StageState[] }>();
  for (const stage of stages) {
    const isModel = makesModel(stage) && stage.benchmark === undefined && stage.role !== "validation";
    if (!isModel || stage.kind === "base") continue;
    const { product: name, seed } = stage;
    const key = `${seed ?? ""}\0${name}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { name, seed, stages: [stage] });
    else known.stages.push(stage);
  }
  if (found.size === 0) {
    const seeds = facts.seeds.length > 1 ? facts.seeds : [undefined];
    return seeds.flatMap((seed) => [...facts.arms.keys()].map((name) => ({ name, seed, stages: [] })));
  }
  const all = [...found.values()];
  return [...all.filter(isArm), ...all.filter((one) => !isArm(one))];
}

function isArm({ stages }: Pick<ModelStages, "stages">): boolean {
  return stages.some(isOfArm);
}

/** The stage that trained a model: of several candidates the chosen one, once it is known. */
function trainedStage(stages: readonly StageState[], chosen: number | null | undefined): StageState | undefined {
  const candidates = stages.filter(({ role }) => role === "candidate");
  if (candidates.length === 0) return stages.find(({ role }) => role === "result");
  return candidates.find(({ beta }) => beta === chosen);
}

interface ModelParts extends ModelStages {
  readonly trained: StageState | undefined;
  readonly facts: RunsTableFacts;
  readonly scores: ReadonlyMap<string, TableValues>;
  readonly metrics: readonly (LastValues | undefined)[];
}

function modelValues({ name, seed, stages, trained, facts, scores, metrics }: ModelParts): TableValues {
  const values = dictionary<TableValue>();
  const put = (column: string, value: TableValue | null | undefined): void => {
    if (value !== undefined && value !== null) values[column] = value;
  };
  const arm = facts.arms.get(name);
  const isOne = stages.length === 0 || isArm({ stages });
  put("model.name", name);
  put("model.kind", isOne ? "arm" : stages[0]?.kind);
  put("model.seed", seed ?? (facts.seeds.length === 1 ? facts.seeds[0] : undefined));
  const result = stages.find(({ role }) => role === "result");
  put("model.status", result?.status);
  put("model.droppedAt", result?.droppedAt);
  put("model.reference", arm?.["config.rlhf.reference"]);
  // Of several β the chosen one alone: the others are in the settings.
  const beta = trained?.beta ?? arm?.["config.rlhf.beta"];
  if (typeof beta === "number") put("model.beta", beta);
  for (const last of metrics) {
    for (const [path, value] of Object.entries(last ?? {})) if (!isPercentile(path)) put(`metric.${path}`, value);
  }
  for (const [column, value] of Object.entries(scores.get(placeOf(name, seed)) ?? {})) put(column, value);
  for (const rate of ratesOf(facts.rates, name, seed)) put(winRateColumn(rate.benchmark, rate.b), rate.adjusted);
  return values;
}

function intervalsOf(rates: readonly ArmRate[]): Pick<TableModel, "intervals"> {
  const found = dictionary<readonly [number, number]>();
  for (const { benchmark, b, low, high } of rates) {
    if (low !== null && high !== null) found[winRateColumn(benchmark, b)] = [low, high];
  }
  return Object.keys(found).length === 0 ? {} : { intervals: found };
}

/** Of a run of several base seeds the seed's own lines, else those over all, which are the only ones. */
function ratesOf(rates: readonly ArmRate[], name: string, seed: number | undefined): readonly ArmRate[] {
  const own = rates.filter(({ a }) => a === name);
  const isWanted = (rate: ArmRate): boolean => rate.seed === (seed ?? "all");
  const found = own.filter(isWanted);
  return found.length > 0 || seed === undefined ? found : [];
}

/** Columns of the table of scores that the runs table has, with its names for them. */
const QUANTITIES = { gold: "gold", reward: "reward", tokens: "tokens", "ended %": "ended" } as const;

/** Mean scores of each model of a base seed, by both. */
function scoresOf({ tables }: RunState): ReadonlyMap<string, TableValues> {
  const found = new Map<string, Record<string, TableValue>>();
  const table = tables.find(({ name }) => name === "scores");
  if (table === undefined) return found;
  const at = (header: string): number => table.columns.findIndex((column) => column.header === header);
  const [benchmarkAt, modelAt, seedAt] = [at("benchmark"), at("model"), at("seed")];
  const isOneSeed = new Set(table.rows.map((row) => row[seedAt])).size <= 1;
  for (const row of table.rows) {
    const [benchmark, model, seed] = [row[benchmarkAt], row[modelAt], row[seedAt]];
    if (typeof benchmark !== "string" || typeof model !== "string") continue;
    const place = placeOf(model, isOneSeed || typeof seed !== "number" ? undefined : seed);
    const values = found.get(place) ?? dictionary<TableValue>();
    found.set(place, values);
    for (const [header, quantity] of Object.entries(QUANTITIES)) {
      const cell = row[at(header)];
      const value = typeof cell === "string" && cell.trim() !== "" ? Number(cell) : cell;
      if (typeof value === "number" && Number.isFinite(value)) values[scoreColumn(benchmark, quantity)] = value;
    }
  }
  return found;
}

function placeOf(model: string, seed: number | undefined): string {
  return `${seed ?? ""}\0${model}`;
}

function runValues(summary: RunSummary): TableValues {
  const { id, name, configFile, root, status, device, createdAt, startedAt, updatedAt, pausedSeconds = 0 } = summary;
  const values = dictionary<TableValue>(
    Object.entries({ id, name, configFile, root, status, device, createdAt, alarms: summary.nAlarms }).map(
      ([fact, value]) => [`run.${fact}`, value] as const,
    ),
  );
  if (startedAt !== undefined && updatedAt !== undefined) {
    values["run.seconds"] = Math.max(0, (updatedAt - startedAt) / 1000 - pausedSeconds);
  }
  values["run.progress"] = summary.progress.fraction;
  if (summary.failure !== undefined) values["run.failure"] = summary.failure.message;
  if (summary.problem !== undefined) values["run.problem"] = summary.problem;
  return values;
}

let meaningsOnce: Readonly<Record<string, string>> | undefined;

/** Descriptions of all settings, those of an arm as `rlhf` has them. */
function settingMeanings(): Readonly<Record<string, string>> {
  meaningsOnce ??= dictionary(
    settingsOf(runConfigSchema)
      .filter(({ path }) => !path.startsWith("arms."))
      .map(({ path, schema }) => [`config.${path}`, docsOf(schema).description ?? ""] as const),
  );
  return meaningsOnce;
}
