import type { RunConfig } from "../../engine/config/index.ts";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { runProgress } from "../../engine/protocol/runProgress.ts";
import { applyEvents, emptyRunState, type RunState, type Series } from "../../engine/protocol/runState.ts";
import type { PackedCurves, RunOutline, RunProvenance, RunSummary, SeriesKey } from "../../engine/protocol/service.ts";
import { packCurves } from "../../engine/server/service/series.ts";
import { type Answers, type Backend, backendOf } from "./backend.ts";
import { BEGIN, configOf, recording } from "./recording.ts";
import { comparisonPage } from "./tables/rows.ts";

/** A run in memory: its folder, its config, and its events. */
export interface FixtureRun {
  readonly folder: string;
  readonly config: RunConfig;
  readonly events: readonly RunEvent[];
}

/** Folder of the fixture run of that id. */
export function folderOf(id: string): string {
  return `/work/.salsa/runs/${id}`;
}

/** A finished run of the usual recipe. */
export function demoRun(id = "demo-1"): FixtureRun {
  return { folder: folderOf(id), config: configOf(), events: recording() };
}

export function stateOf({ folder, events }: FixtureRun): RunState {
  const state = emptyRunState(folder.slice(folder.lastIndexOf("/") + 1));
  applyEvents(state, events);
  return state;
}

export function outlineOf(run: FixtureRun): RunOutline {
  const { metrics, ...rest } = stateOf(run);
  const counts = (series: Record<string, Series>): Record<string, number> =>
    Object.fromEntries(Object.entries(series).map(([metric, { steps }]) => [metric, steps.length]));
  const series = Object.fromEntries(Object.entries(metrics).map(([stage, of]) => [stage, counts(of)]));
  return { ...rest, folder: run.folder, series };
}

export function summaryOf(run: FixtureRun): RunSummary {
  const state = stateOf(run);
  return {
    folder: run.folder,
    root: "/work/.salsa",
    id: state.run,
    name: state.name,
    configFile: `/work/${state.name}.salsa.json`,
    status: state.status,
    device: state.device,
    createdAt: BEGIN,
    ...(state.startedAt !== undefined && { startedAt: state.startedAt }),
    ...(state.updatedAt !== undefined && { updatedAt: state.updatedAt }),
    progress: runProgress(state),
    nAlarms: state.alarms.length,
    ...(state.alarms.at(-1) !== undefined && { alarm: state.alarms.at(-1) }),
    ...(state.failure !== undefined && { failure: state.failure }),
    tables: state.tables.map(({ name }) => name),
  } as RunSummary;
}

/** Curves as the service gives them. */
export function seriesOf(run: FixtureRun, keys: readonly SeriesKey[]): PackedCurves & { nextSequence: number } {
  const state = stateOf(run);
  return { nextSequence: state.nextSequence, ...packCurves(state, keys) };
}

/** Runs in memory behind a dashboard; `answers` adds answers to requests of the views, or replaces them. */
export function fixtureBackend(runs: readonly FixtureRun[], answers: Answers = {}): Backend {
  const known = (folder: string): FixtureRun => {
    const run = runs.find((one) => one.folder === folder);
    if (run === undefined) throw new Error(`read run: no such folder: ${folder}`);
    return run;
  };
  return backendOf(runs.map(summaryOf), {
    follow: ({ folder }) => outlineOf(known(folder)),
    unfollow: () => ({}),
    series: ({ folder, keys }) => seriesOf(known(folder), keys),
    provenance: ({ folder }) => provenanceOf(known(folder)),
    winRates: () => [],
    figures: () => [],
    models: () => [],
    samples: () => ({ total: 0, all: 0, columns: [], allColumns: [], rows: [] }),
    comparisons: (query) => comparisonPage(0, query),
    ...answers,
  });
}

export function provenanceOf({ folder, config }: FixtureRun): RunProvenance {
  return {
    folder,
    id: folder.slice(folder.lastIndexOf("/") + 1),
    config,
    configFile: `/work/${config.name}.salsa.json`,
    seeds: config.seeds,
    salsa: "0.1.0",
    node: "v24.21.0",
    platform: "linux-x64",
    cpu: "2 × AMD EPYC",
    memoryBytes: 8 * 2 ** 30,
    device: "wasm, 2 threads",
    git: { commit: "0123456789abcdef0123456789abcdef01234567", branch: "main", dirty: true, diff: "--- a\n+++ b\n" },
  };
}
