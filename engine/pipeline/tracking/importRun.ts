import { basename, resolve } from "node:path";
import type { RunConfig } from "../../config/index.ts";
import { dictionary } from "../../common/dictionary.ts";
import { describeMetric } from "../../protocol/catalogue.ts";
import type { EventBody } from "../../protocol/events.ts";
import { LONGEST_NAME } from "../../protocol/limits.ts";
import type { StageInfo } from "../../protocol/stages.ts";
import { usableName } from "../../config/usableName.ts";
import type { JsonObject } from "../../storage/json.ts";
import { keepPalette } from "../../storage/palette.ts";
import { paletteNames } from "../../protocol/palette.ts";
import { openRun, version } from "../run.ts";
import { type StageKind, kindOfNames, metricNameOf } from "./metricNames.ts";
import { type EventFolder, readEventFolders } from "./readEventFolder.ts";

/** The folder to import, and the place for its run. */
export interface ImportRequest {
  /** Folder of event files. */
  readonly folder: string;
  /** Name of the run; that of the folder unless given. */
  readonly name?: string;
  /** The folder of runs and artifacts: `.salsa`. */
  readonly runsRoot: string;
  readonly signal: AbortSignal;
}

/** A run that was imported. */
export interface ImportedRun {
  readonly id: string;
  readonly folder: string;
  readonly stages: readonly { readonly name: string; readonly kind: StageKind; readonly nSteps: number }[];
  /** Names that are none of our metrics, and are kept. */
  readonly unknown: readonly string[];
}

/**
 * Takes the scalars of TensorBoard's event files, such as TRL and OpenRLHF write, as a finished run, with a stage for each
 * folder, to be laid beside others.
 *
 * @throws {DataError} when there is nothing to import, or a file is damaged. @throws {DiskError}
 */
export async function importRun({ folder, name, runsRoot, signal }: ImportRequest): Promise<ImportedRun> {
  const from = resolve(folder);
  const stages = (await readEventFolders(from, signal)).map(stageOf);
  const config = configFor(runNameOf(name ?? basename(from)), stages);
  const run = await openRun({ config, runsRoot });
  const id = basename(run.folder);
  try {
    const origin = { salsa: version, node: process.version, configFile: from, imported: true };
    await run.writeRun({ id, config: config as unknown as JsonObject, seeds: config.seeds, ...origin });
    const times = stages.flatMap(({ steps }) => [steps[0]?.time ?? 0, steps[steps.length - 1]?.time ?? 0]);
    let sequence = run.nextSequence;
    const report = (body: EventBody, time: number): void => {
      run.append("events", { ...body, time, sequence });
      sequence += 1;
    };
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const infos = stages.map(({ info }) => info);
    await keepPalette(runsRoot, paletteNames(infos));
    const about = { run: id, name: config.name, device: "imported", resumed: false };
    report({ kind: "runStarted", ...about, stages: infos }, first);
    for (const { info, steps } of stages) {
      signal.throwIfAborted();
      const began = steps[0]?.time ?? first;
      const ended = steps[steps.length - 1]?.time ?? began;
      report({ kind: "stageStarted", stage: info.id, key: "", cached: false }, began);
      for (const { step, time, values } of steps) report({ kind: "metrics", stage: info.id, step, values }, time);
      report({ kind: "stageFinished", stage: info.id, seconds: Math.max(0, ended - began) / 1000 }, ended);
    }
    report({ kind: "runFinished", status: "finished", seconds: (last - first) / 1000 }, last);
  } catch (error) {
    await run.discard();
    throw error;
  }
  await run.close();
  return {
    id,
    folder: run.folder,
    stages: stages.map(({ info, kind, steps }) => ({ name: info.product, kind, nSteps: steps.length })),
    unknown: [...new Set(stages.flatMap(({ unknown }) => unknown))].sort(),
  };
}

interface ImportedStage {
  readonly info: StageInfo;
  readonly kind: StageKind;
  readonly steps: readonly ImportedStep[];
  readonly unknown: readonly string[];
}

interface ImportedStep {
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly values: Record<string, number | null>;
}

function stageOf({ name, tags }: EventFolder): ImportedStage {
  const kind = kindOfNames(tags.keys());
  const names = pathsOf([...tags.keys()], kind);
  const byStep = new Map<number, ImportedStep>();
  for (const [tag, values] of tags) {
    const path = names.get(tag) ?? tag;
    for (const [step, { time, value }] of values) {
      const known = byStep.get(step) ?? { step, time: momentOf(time), values: dictionary<number | null>() };
      byStep.set(step, known);
      known.values[path] = Number.isFinite(value) ? value : null;
    }
  }
  const id = name.slice(0, LONGEST_NAME);
  return {
    info: { id, kind, title: TITLES[kind], product: id, role: "result", makes: "records", inputs: [] },
    kind,
    steps: [...byStep.values()].sort((a, b) => a.step - b.step),
    unknown: [...names.values()].filter((path) => describeMetric(path).label === path),
  };
}

/** Milliseconds of a moment that somebody has logged in seconds; 0 for what is none, or beyond all dates. */
function momentOf(seconds: number): number {
  const time = 1000 * seconds;
  return Number.isNaN(new Date(time).getTime()) ? 0 : time;
}

const TITLES: Readonly<Record<StageKind, string>> = {
  rlhf: "RLHF, imported",
  dpo: "DPO, imported",
  sft: "Training, imported",
};

/** Our paths by tags; of two tags of one path, the second keeps its own name. */
function pathsOf(tags: readonly string[], kind: StageKind): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    tags.map((tag) => {
      const path = metricNameOf(tag, kind);
      const own = taken.has(path) ? tag : path;
      taken.add(own);
      return [tag, own];
    }),
  );
}

/** A run's id begins with its name, and has letters, digits, dots, dashes and underscores. */
function runNameOf(name: string): string {
  return usableName(name) || "imported";
}

/** As much of a config as readers of runs rely on: how others have trained is not known. */
function configFor(name: string, stages: readonly ImportedStage[]): RunConfig {
  const arms = stages
    .filter(({ kind }) => kind !== "sft")
    .map(({ info }) => [info.product, { reference: ["unknown"], betas: [] }] as const);
  const config = {
    name,
    seeds: [1],
    arms: Object.fromEntries(arms),
    model: {},
    evaluation: { judge: "none" },
    runtime: {},
  };
  return config as unknown as RunConfig;
}
