import assert from "node:assert/strict";
import type { PipelineModule } from "../../../engine/cli/pipeline.ts";
import { Stopped } from "../../../engine/pipeline/stage.ts";
import { FIGURE_FORMATS, type RunRecord } from "../../../engine/pipeline/index.ts";
import { runCli } from "../../../engine/cli/cli.ts";
import { type Terminal, printing } from "../../../engine/cli/terminal.ts";
import type { Table } from "../../../engine/protocol/events.ts";

/** A terminal that keeps its output. */
export interface Screen extends Terminal {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export function screen(
  settings: Partial<Pick<Terminal, "isInteractive" | "hasColor" | "columns" | "outColumns">> = {},
): Screen {
  const written = { out: "", err: "" };
  return {
    isInteractive: false,
    hasColor: false,
    columns: 80,
    outColumns: Infinity,
    ...settings,
    ...printing(
      { out: (text) => void (written.out += text), err: (text) => void (written.err += text) },
      settings.hasColor ?? false,
    ),
    stdout: () => written.out,
    stderr: () => written.err,
  };
}

/** Exit code and output of a command line. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in a folder with the parts of the pipeline that it needs. */
export async function salsa(
  argv: readonly string[],
  {
    folder = "/nowhere",
    pipeline = {},
    signal = new AbortController().signal,
    ask,
  }: {
    readonly folder?: string;
    readonly pipeline?: Partial<PipelineModule>;
    readonly signal?: AbortSignal;
    readonly ask?: (question: string) => Promise<string>;
  } = {},
): Promise<Outcome> {
  const terminal = screen();
  const code = await runCli(argv, {
    terminal,
    folder,
    version: "1.2.3",
    signal,
    ...(ask !== undefined && { ask }),
    pipeline: () => Promise.resolve({ ...UNUSED, ...pipeline }),
  });
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

/** A pipeline none of which a command line is expected to reach. */
const UNUSED: PipelineModule = {
  runPipeline: unexpected,
  runOnHost: unexpected,
  checkHostable: () => assert.fail("checkHostable is not expected here"),
  pullResults: unexpected,
  planPipeline: unexpected,
  trainerPlan: () => assert.fail("trainerPlan is not expected here"),
  lookAtCluster: unexpected,
  comparedPrompts: ({ evaluation }) => evaluation.prompts,
  fitOnCard: unexpected,
  modelNotes: unexpected,
  chooseBackend: unexpected,
  withChoice: () => {
    throw new TypeError("the command line chose no backend");
  },
  columnsOf: unexpected,
  openConfigData: unexpected,
  openFileData: unexpected,
  writeReport: unexpected,
  writeHtmlReport: unexpected,
  htmlComparison: unexpected,
  exportRuns: unexpected,
  importRun: unexpected,
  figureOfRun: unexpected,
  figuresOfRun: unexpected,
  measureFigure: unexpected,
  writeFigure: unexpected,
  FIGURE_FORMATS,
  paperTableOf: unexpected,
  makeSoup: unexpected,
  mergeAdapter: unexpected,
  scoreCheckpoint: unexpected,
  generateResponses: unexpected,
  serveModels: unexpected,
  readRun: unexpected,
  openAnswers: unexpected,
  judgeJob: unexpected,
  tablesOfJudgments: unexpected,
  Stopped,
};

function unexpected(): Promise<never> {
  return Promise.reject(new TypeError("the command line reached a part of the pipeline it should not"));
}

/** A small table with words, numbers and nothing. */
export const TABLE: Table = {
  name: "winRates",
  title: "Win rates",
  columns: [
    { header: "pair", align: "left" },
    { header: "adjusted %", align: "right" },
  ],
  rows: [
    ["salsa | ppo", 54.321987],
    ['mkl, "ppo"', null],
  ],
  files: [],
};

/** A run that has finished. */
export function finishedRun(folder: string, config: RunRecord["config"]): RunRecord {
  return { id: "demo-1", folder, config, configFile: "/c/demo.salsa.json", status: "finished", tables: [TABLE] };
}
