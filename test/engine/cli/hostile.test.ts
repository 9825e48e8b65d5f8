import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { PipelineModule } from "../../../engine/cli/pipeline.ts";
import { COMMANDS } from "../../../engine/cli/commands/index.ts";
import { printJson } from "../../../engine/cli/terminal.ts";
import { progressView } from "../../../engine/cli/progress.ts";
import { parseConfig } from "../../../engine/config/index.ts";
import { type OpenPreview, chooseBackend, modelNotes, withChoice } from "../../../engine/pipeline/index.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import type { EventBody, RunEvent, Table } from "../../../engine/protocol/events.ts";
import { legacyStage } from "../../../engine/protocol/legacyStages.ts";
import { HOSTILE, steering } from "../hostileText.ts";
import { scalarRecord } from "../../../engine/storage/formats/tfEvents.ts";
import { stamped, writeRun } from "../server/service/runFolders.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type Outcome, salsa, screen } from "./screen.ts";

const CONFIG = '{ "preset": "miniinstruct" }';
const FILE = "demo.salsa.json";

const TABLE: Table = {
  name: "winRates",
  title: HOSTILE,
  columns: [
    { header: HOSTILE, align: "left" },
    { header: "n", align: "right" },
  ],
  rows: [
    [HOSTILE, 1],
    [`${HOSTILE}2`, 1],
  ],
  files: [],
};

const stageInfo = { ...legacyStage("base"), id: HOSTILE, title: HOSTILE, product: HOSTILE };
const EVENTS: readonly EventBody[] = [
  { kind: "runQueued", run: HOSTILE, name: HOSTILE, device: HOSTILE, ahead: 1 },
  { kind: "runQueued", run: HOSTILE, name: HOSTILE, device: HOSTILE, reason: HOSTILE },
  { kind: "runStarted", run: HOSTILE, name: HOSTILE, device: HOSTILE, resumed: false, stages: [stageInfo, "sft-1"] },
  { kind: "stageStarted", stage: HOSTILE, key: "k", cached: true },
  { kind: "stageStarted", stage: HOSTILE, key: "k", cached: false },
  { kind: "progress", stage: HOSTILE, step: 1, total: 2 },
  { kind: "metrics", stage: HOSTILE, step: 1, values: { [HOSTILE]: 1, "sft/loss": 1 } },
  { kind: "progress", stage: HOSTILE, step: 2, total: 2 },
  { kind: "alarm", stage: HOSTILE, step: 1, name: HOSTILE, message: HOSTILE },
  ...(["window", "missing", "consent", "blocked", null] as const).map((reason): EventBody => {
    return { kind: "modelWait", model: HOSTILE, reason };
  }),
  { kind: "stageFinished", stage: HOSTILE, seconds: 1 },
  { kind: "table", table: TABLE },
];
const FAILED: EventBody = { kind: "runFailed", error: HOSTILE, message: HOSTILE, stage: HOSTILE };
const FINISHED: EventBody = { kind: "runFinished", status: "finished", seconds: 1 };

const asEvents = (bodies: readonly EventBody[]): readonly RunEvent[] =>
  // A minute apart, so that each step is shown.
  bodies.map((body, sequence) => ({ ...body, time: 60_000 * sequence, sequence }));

type Case = (folder: string) => Promise<readonly Outcome[]>;

const run = async (folder: string, ...argv: readonly string[]): Promise<Outcome> => salsa(argv, { folder });

/** A run that says these things, in a folder whose name is as bad. */
async function ended(folder: string, end: EventBody): Promise<string> {
  const ofRun = await writeRun(folder, "demo-1", { events: stamped([...EVENTS, end]) });
  const renamed = path.join(path.dirname(ofRun), HOSTILE);
  await fs.rename(ofRun, renamed);
  return renamed;
}

const startsRun: Case = async (folder) => {
  const config = path.join(folder, FILE);
  await fs.writeFile(config, CONFIG);
  const started = (isFailing: boolean): Promise<Outcome> =>
    salsa(["run", FILE], {
      folder,
      pipeline: {
        runPipeline: ({ report }) => {
          for (const event of asEvents(isFailing ? [...EVENTS, FAILED] : EVENTS)) report(event);
          if (isFailing) return Promise.reject(new DataError(HOSTILE, { file: HOSTILE, remedy: HOSTILE }));
          return Promise.resolve({ id: "x", folder: path.join(folder, HOSTILE), tables: [TABLE], status: "finished" });
        },
      },
    });
  await fs.writeFile(path.join(folder, "bad.salsa.json"), JSON.stringify({ [HOSTILE]: 1, name: HOSTILE }));
  return [await started(false), await started(true), await run(folder, "run", "bad.salsa.json")];
};

const LACK = { what: HOSTILE, snippet: HOSTILE, command: HOSTILE };

/** A case for each command, in which everything that may come from a file is hostile. */
const CASES: Readonly<Record<string, Case>> = {
  run: startsRun,
  attach: async (folder) => {
    const finished = await run(folder, "attach", await ended(folder, FINISHED));
    return [finished, await inTemporaryFolder(async (other) => run(other, "attach", await ended(other, FAILED)))];
  },
  stop: async (folder) => [await run(folder, "stop", await ended(folder, FINISHED))],
  resume: async (folder) => {
    const of = await ended(folder, FINISHED);
    const config = parseConfig(CONFIG, FILE);
    const record = { id: HOSTILE, folder: of, config, configFile: FILE, status: "running", tables: [] } as const;
    return [await salsa(["resume", of], { folder, pipeline: { readRun: () => Promise.resolve(record) } })];
  },
  plan: async (folder) => {
    await fs.writeFile(path.join(folder, FILE), CONFIG);
    const cost = { key: "k", cached: false, parameters: 1, memoryBytes: 1, estimatedSeconds: 1 };
    const planPipeline = () => Promise.resolve([{ ...stageInfo, ...cost }]);
    return [await salsa(["plan", FILE], { folder, pipeline: { planPipeline, chooseBackend, modelNotes, withChoice } })];
  },
  claims: async (folder) => {
    await fs.writeFile(path.join(folder, "bad.salsa.json"), JSON.stringify({ [HOSTILE]: 1, name: HOSTILE }));
    const armless = { preset: "miniinstruct", name: HOSTILE, arms: { [HOSTILE]: { reference: "sft" } } };
    await fs.writeFile(path.join(folder, FILE), JSON.stringify(armless));
    return [
      await run(folder, "claims", "bad.salsa.json"),
      await run(folder, "claims", FILE, "--plan"),
      await run(folder, "claims", HOSTILE),
    ];
  },
  data: async (folder) => {
    const sequence = {
      role: "example",
      nTokens: 9,
      used: 1,
      start: 0,
      pieces: [HOSTILE, HOSTILE],
      ids: [1, 2],
      learned: "10",
    } as const;
    const row = { file: HOSTILE, line: 1, fate: "refused", problem: HOSTILE, sequences: [sequence] } as const;
    const bins = [{ from: 0, to: 9, count: 1 }];
    const preview = {
      facts: { prompts: HOSTILE, limit: 1, unusable: "drop" },
      page: ({ offset }: { offset: number }) =>
        Promise.resolve({ total: 1, isAll: true, rows: offset === 0 ? [row] : [] }),
      row: () => row,
      counts: () =>
        Promise.resolve({
          ...{ rows: 1, fates: { refused: 1 }, reasons: { [HOSTILE]: 1 }, cut: 1, sequences: 1, bins },
          ...{ shortest: 9, median: 9, longest: 9 },
        }),
      close: () => Promise.resolve(),
    } as unknown as OpenPreview["preview"];
    const source = { name: HOSTILE, kind: "sft", from: HOSTILE } as const;
    const openFileData = () => Promise.resolve({ preview, sources: [source], source });
    const argv = ["data", HOSTILE, "--model", "m"];
    return [
      await salsa(argv, { folder, pipeline: { openFileData } }),
      await salsa([...argv, "--json"], { folder, pipeline: { openFileData } }),
      await salsa(["data", HOSTILE], { folder }),
    ];
  },
  soup: async (folder) => {
    const makeSoup = () => Promise.resolve({ folder: HOSTILE });
    return [await salsa(["soup", "a", "b", "--out", "c"], { folder, pipeline: { makeSoup } })];
  },
  score: async (folder) => {
    const argv = ["score", "x", "--task", "miniinstruct"];
    return [await salsa(argv, { folder, pipeline: { scoreCheckpoint: () => Promise.resolve(TABLE) } })];
  },
  generate: async (folder) => {
    const text = HOSTILE.replaceAll("\r\n", " ");
    const generateResponses = () => Promise.resolve([{ prompt: text, response: text }]);
    const argv = ["generate", "x", "--prompt", "y"];
    const pipeline = { generateResponses };
    return [await salsa(argv, { folder, pipeline }), await salsa([...argv, "--json"], { folder, pipeline })];
  },
  "serve-model": async (folder) => {
    await ended(folder, FINISHED);
    const checkpoint = path.join(folder, HOSTILE);
    await fs.mkdir(checkpoint);
    await fs.writeFile(path.join(checkpoint, "config.json"), JSON.stringify({ model_type: HOSTILE }));
    const served = { name: HOSTILE, folder: HOSTILE, context: 1, parameters: 1, answerBytes: 1 };
    const pipeline: Partial<PipelineModule> = {
      serveModels: ({ ready, report }) => {
        ready({ baseUrl: "http://127.0.0.1:1/v1", backend: HOSTILE, models: [served] });
        report?.(new DataError(HOSTILE, { file: HOSTILE, remedy: HOSTILE }));
        return Promise.resolve();
      },
    };
    return [
      await salsa(["serve-model", checkpoint], { folder, pipeline }),
      await salsa(["serve-model", checkpoint, "--json"], { folder, pipeline }),
      await run(folder, "serve-model", checkpoint),
      await run(folder, "serve-model", `${HOSTILE}:${HOSTILE}`),
    ];
  },
  fetch: async (folder) => [await run(folder, "fetch", HOSTILE)],
  judge: async (folder) => {
    const config = parseConfig(CONFIG, FILE);
    const job = { config, questions: [HOSTILE], positions: [] } as unknown as Awaited<
      ReturnType<PipelineModule["openAnswers"]>
    >;
    const judged = { judge: HOSTILE, isPartial: false, tables: [TABLE], judgments: [] };
    const opens: Partial<PipelineModule> = {
      openAnswers: () => Promise.resolve(job),
      judgeJob: () => Promise.resolve(judged as unknown as Awaited<ReturnType<PipelineModule["judgeJob"]>>),
    };
    const argv = ["judge", HOSTILE, "--against", HOSTILE, "--questions", HOSTILE, "--kind", "mt-bench"];
    const asks = [...argv, "--model", HOSTILE, "--server", "http://127.0.0.1:1/v1", "--yes"];
    return [
      await salsa(asks, { folder, pipeline: opens }),
      await salsa([...asks, "--json"], { folder, pipeline: opens }),
      await run(folder, ...asks),
      await run(folder, ...argv, "--config", HOSTILE),
    ];
  },
  winrates: async (folder) => {
    const pipeline = { tablesOfJudgments: () => Promise.resolve([TABLE]) };
    await fs.writeFile(path.join(folder, "bad.jsonl"), `${JSON.stringify({ [HOSTILE]: HOSTILE })}\n`);
    return [
      await salsa(["winrates", "x"], { folder, pipeline }),
      await salsa(["winrates", "x", "--json"], { folder, pipeline }),
      await run(folder, "winrates", "bad.jsonl"),
      await run(folder, "winrates", HOSTILE),
    ];
  },
  report: async (folder) => {
    const of = await ended(folder, FINISHED);
    const config = parseConfig(CONFIG, FILE);
    const record = { id: HOSTILE, folder: of, config, configFile: FILE, status: "finished", tables: [TABLE] } as const;
    const pipeline = {
      readRun: () => Promise.resolve(record),
      writeReport: () => Promise.resolve(path.join(of, "report.md")),
    };
    const report = (...more: readonly string[]): Promise<Outcome> =>
      salsa(["report", of, ...more], { folder, pipeline });
    const none = { ...pipeline, readRun: () => Promise.resolve({ ...record, tables: [] }) };
    return [
      await report(),
      await report("--format", "markdown"),
      await report("--format", "latex"),
      await report("--json"),
      await report("--format", "document"),
      await salsa(["report", of], { folder, pipeline: none }),
      await salsa(["report", "nothing"], { folder, pipeline }),
    ];
  },
  table: async (folder) => {
    const of = await ended(folder, FINISHED);
    const { columns, rows } = TABLE;
    const paperTableOf = () =>
      Promise.resolve({ title: HOSTILE, sheet: { columns, rows }, note: "", lacks: [LACK] } as unknown as Awaited<
        ReturnType<PipelineModule["paperTableOf"]>
      >);
    const table = (...more: readonly string[]): Promise<Outcome> =>
      salsa(["table", "1", of, ...more], { folder, pipeline: { paperTableOf } });
    return [await table(), await table("--json"), await run(folder, "table", HOSTILE)];
  },
  figure: async (folder) => {
    const of = await ended(folder, FINISHED);
    const figure = { name: HOSTILE, source: HOSTILE, title: HOSTILE, description: HOSTILE };
    const figuresOfRun = () =>
      Promise.resolve([{ figure, lacks: [LACK] }] as unknown as Awaited<ReturnType<PipelineModule["figuresOfRun"]>>);
    const figureOfRun = () =>
      Promise.resolve({ lacks: [LACK] } as unknown as Awaited<ReturnType<PipelineModule["figureOfRun"]>>);
    const pipeline: Partial<PipelineModule> = { figuresOfRun, figureOfRun };
    return [
      await salsa(["figure"], { folder, pipeline }),
      await salsa(["figure", "--json"], { folder, pipeline }),
      await salsa(["figure", "1", of], { folder, pipeline }),
      await salsa(["figure", "1", of, "--json"], { folder, pipeline }),
      await run(folder, "figure", "1", of),
      await run(folder, "figure", HOSTILE),
    ];
  },
  export: async (folder) => {
    const of = await ended(folder, FINISHED);
    const exportRuns = () => Promise.resolve({ folder: HOSTILE, rows: { [HOSTILE]: 1 } });
    const argv = ["export", of, "--to", HOSTILE];
    return [
      await salsa(argv, { folder, pipeline: { exportRuns } }),
      await salsa([...argv, "--json"], { folder, pipeline: { exportRuns } }),
      await run(folder, ...argv),
      await run(folder, "export", HOSTILE, "--to", "x"),
    ];
  },
  import: async (folder) => {
    const imported = { id: HOSTILE, folder: HOSTILE, unknown: [HOSTILE] };
    const stages = [{ name: HOSTILE, kind: "rlhf", nSteps: 1 }] as const;
    const importRun = () => Promise.resolve({ ...imported, stages });
    await fs.mkdir(path.join(folder, HOSTILE));
    const events = Buffer.concat([scalarRecord({ time: 1, step: 1, values: [[HOSTILE, 1]] })]);
    await fs.writeFile(path.join(folder, HOSTILE, `tfevents${HOSTILE}`), events);
    return [
      await salsa(["import", "x"], { folder, pipeline: { importRun } }),
      await salsa(["import", "x", "--json"], { folder, pipeline: { importRun } }),
      await run(folder, "import", HOSTILE),
      await run(folder, "import", folder, "--name", HOSTILE),
    ];
  },
  publish: async (folder) => {
    const of = await ended(folder, FINISHED);
    const checkpoint = path.join(folder, HOSTILE);
    await fs.mkdir(checkpoint);
    await fs.writeFile(path.join(checkpoint, "adapter_config.json"), JSON.stringify(ADAPTER));
    await fs.writeFile(path.join(checkpoint, "adapter_model.safetensors"), "");
    const to = ["--to", "me/model"];
    const written = await run(folder, "publish", checkpoint, ...to);
    assert.equal(written.code, 0, written.stderr);
    return [
      written,
      await run(folder, "publish", checkpoint, ...to, "--json"),
      await run(folder, "publish", of, ...to),
      await run(folder, "publish", `${of}:${HOSTILE}`, ...to),
      await run(folder, "publish", checkpoint, "--to", HOSTILE),
    ];
  },
  merge: async (folder) => {
    const adapter = path.join(folder, HOSTILE);
    await fs.mkdir(adapter);
    await fs.writeFile(path.join(adapter, "adapter_config.json"), JSON.stringify(ADAPTER));
    await fs.writeFile(path.join(adapter, "adapter_model.safetensors"), "");
    const out = ["--out", path.join(folder, "merged")];
    return [
      await run(folder, "merge", adapter, ...out),
      await run(folder, "merge", adapter, "--base", HOSTILE, ...out),
      await run(folder, "merge", HOSTILE, "--out", HOSTILE),
    ];
  },
  verify: async (folder) => {
    const of = await ended(folder, FINISHED);
    return [await run(folder, "verify", of), await run(folder, "verify", "--directory", HOSTILE, "--all")];
  },
  serve: () => Promise.resolve([]), // prints nothing but messages
  mcp: () => Promise.resolve([]), // neither does it
  doctor: async (folder) => {
    await fs.writeFile(path.join(folder, HOSTILE), "");
    return [await run(folder, "doctor", "--directory", path.join(folder, HOSTILE))];
  },
  cluster: async (folder) => {
    const cluster = { address: "https://head:8265", tokenEnv: "LAB_AUTH_TOKEN", sharedFolder: `/${HOSTILE}` };
    await fs.writeFile(path.join(folder, FILE), JSON.stringify({ ...JSON.parse(CONFIG), runtime: { cluster } }));
    const finding = { name: HOSTILE, state: "missing", detail: HOSTILE, remedy: HOSTILE } as const;
    const lookAtCluster: PipelineModule["lookAtCluster"] = ({ progress }) => {
      progress(HOSTILE);
      return Promise.resolve({ findings: [finding] });
    };
    return [
      await salsa(["cluster", FILE, "--yes"], { folder, pipeline: { lookAtCluster } }),
      await run(folder, "cluster", FILE),
    ];
  },
  pull: async (folder) => {
    const of = await ended(folder, FINISHED);
    const pullResults: PipelineModule["pullResults"] = ({ progress }) => {
      progress(HOSTILE);
      return Promise.resolve([{ model: HOSTILE, folder: HOSTILE }]);
    };
    return [await salsa(["pull", of, HOSTILE], { folder, pipeline: { pullResults } })];
  },
  new: async (folder) => {
    await fs.writeFile(path.join(folder, `${HOSTILE}.jsonl`), '{"messages":[]}\n');
    return [await run(folder, "new"), await run(folder, "new"), await run(folder, "new", "x", "--from", HOSTILE)];
  },
  schema: async (folder) => [await run(folder, "schema"), await run(folder, "schema", "--markdown")],
};

/** Settings of adapters that are read. */
const ADAPTER = {
  ...{ peft_type: "LORA", task_type: "CAUSAL_LM", base_model_name_or_path: HOSTILE },
  ...{ r: 1, lora_alpha: 1, target_modules: [HOSTILE] },
};

/** Checks that nothing steers the terminal, and that no line passes for one of ours. */
function assertPlain({ stdout, stderr }: Pick<Outcome, "stdout" | "stderr">): void {
  for (const text of [stdout, stderr]) {
    assert.deepEqual(steering(text), [], JSON.stringify(text));
    assert.doesNotMatch(text, /^done: forged/m);
  }
}

describe("what files say, on a terminal", () => {
  for (const { name } of COMMANDS) {
    it(`steers nothing in salsa ${name}`, async () => {
      const work = CASES[name];
      assert.ok(work !== undefined, `give ${name} a case`);
      await inTemporaryFolder(async (folder) => {
        for (const outcome of await work(folder)) assertPlain(outcome);
      });
    });
  }

  it("is shown in full, spelled out", async () => {
    await inTemporaryFolder(async (folder) => {
      const [{ stdout } = { stdout: "" }] = (await CASES["score"]?.(folder)) ?? [];
      assert.match(stdout, /^\\x1b\[2J\\u009b31m\\x07\\u202egnp\\u2066\\u061c\\u200f\\u2028x\\r\\ndone: forged$/m);
    });
  });

  it("steers nothing in a line that is redrawn, which holds only our own sequences", () => {
    const terminal = screen({ isInteractive: true, hasColor: true, columns: 400 });
    const view = progressView(terminal);
    for (const event of asEvents(EVENTS)) view.show(event);
    view.close();
    const ours = terminal
      .stderr()
      .replaceAll("\r\x1b[2K", "\n")
      .replace(/\x1b\[(0|1|2|31|32|33)m/g, ""); // oxlint-disable-line no-control-regex -- our own sequences
    assert.match(terminal.stderr(), /\x1b\[1m/); // oxlint-disable-line no-control-regex -- our own sequences
    assertPlain({ stdout: "", stderr: ours });
  });

  it("comes through JSON as it is, spelled as JSON spells it", () => {
    const terminal = screen();
    printJson(terminal, { name: HOSTILE });
    assertPlain({ stdout: terminal.stdout(), stderr: "" });
    assert.deepEqual(JSON.parse(terminal.stdout()), { name: HOSTILE });
  });
});
