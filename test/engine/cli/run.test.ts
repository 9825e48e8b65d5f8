import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseBackend, modelNotes, trainerPlan, withChoice } from "../../../engine/pipeline/index.ts";
import type { RunRequest, RunResult } from "../../../engine/pipeline/index.ts";
import type { PlanSettings } from "../../../engine/pipeline/plan.ts";
import { legacyStage } from "../../../engine/protocol/legacyStages.ts";
import { type PlannedStage, readPlanOutput } from "../../../engine/protocol/toolOutput.ts";
import { parseConfig } from "../../../engine/config/index.ts";
import type { RunConfig } from "../../../engine/config/index.ts";
import { CheckpointError } from "../../../engine/protocol/errors.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { runtimeFolder } from "../../../engine/server/address.ts";
import { finishedRun, salsa, TABLE } from "./screen.ts";

const CONFIG = '{ "preset": "miniinstruct" }';
const STARTED: RunEvent = {
  kind: "runStarted",
  time: 1000,
  sequence: 0,
  run: "demo-1",
  name: "demo",
  device: "wasm, 2 threads",
  resumed: false,
  stages: ["base"],
};

describe("commands about runs", () => {
  let folder: string;
  const requests: RunRequest[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-cli-"));
    await writeFile(join(folder, "demo.salsa.json"), CONFIG);
    requests.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));

  function ending(status: RunResult["status"]): (request: RunRequest) => Promise<RunResult> {
    return (request) => {
      requests.push(request);
      request.report(STARTED);
      return Promise.resolve({ id: "demo-1", folder: join(folder, "r"), tables: [TABLE], status });
    };
  }

  async function withRuns(...ids: string[]): Promise<void> {
    for (const id of ids) {
      await mkdir(join(folder, ".salsa", "runs", id), { recursive: true });
      await writeFile(join(folder, ".salsa", "runs", id, "run.json"), "{}");
    }
  }

  const readRun = (run: string): Promise<ReturnType<typeof finishedRun>> =>
    Promise.resolve(finishedRun(run, parseConfig(CONFIG, join(folder, "demo.salsa.json"))));

  it("run prints the tables and where the files are", async () => {
    const { code, stdout, stderr } = await salsa(["run", "demo.salsa.json"], {
      folder,
      pipeline: { runPipeline: ending("finished") },
    });
    assert.equal(code, 0);
    assert.match(stdout, /Win rates/);
    assert.match(stdout, /^Files: r$/m);
    assert.match(stderr, /Run demo-1 on wasm, 2 threads/);
  });

  it("run gives commands about it that work where it was started", async () => {
    const shown = async (directory: string, run: string): Promise<string> => {
      const runPipeline = (): Promise<RunResult> =>
        Promise.resolve({ id: run, folder: join(folder, directory, "runs", run), tables: [], status: "finished" });
      return (await salsa(["run", "demo.salsa.json"], { folder, pipeline: { runPipeline } })).stdout;
    };
    assert.match(await shown(".salsa", "demo-3"), /node \/.*\/salsa\.mjs report demo-3\n/);
    const within = fileURLToPath(new URL("..", import.meta.url));
    const { stderr } = await salsa(["run", join(folder, "demo.salsa.json")], {
      folder: within,
      pipeline: { runPipeline: ending("stopped") },
    });
    assert.match(stderr, /npx --no-install salsa resume \/.*\/r\n/);
    assert.match(await shown("a/.salsa", "demo-3"), / report a\/\.salsa\/runs\/demo-3\n/);
    assert.match(await shown("a b", "demo-3"), / report 'a b\/runs\/demo-3'\n/);
    assert.match(await shown("../x", "demo-3"), / report \/.*\/x\/runs\/demo-3\n/);
  });

  it("run that fails after it began says how to go on before it says why", async () => {
    const runPipeline = (request: RunRequest): Promise<never> => {
      request.report(STARTED);
      request.report({ kind: "runFailed", time: 1, sequence: 1, error: "DataError", message: "no", stage: "ppo" });
      return Promise.reject(new CheckpointError("no", { file: "/f", remedy: "yes" }));
    };
    const { code, stderr } = await salsa(["run", "demo.salsa.json"], { folder, pipeline: { runPipeline } });
    assert.equal(code, 1);
    assert.match(stderr, /Everything finished stays\. .* resume demo-1\nerror: \/f: no; yes\n$/);
  });

  it("run takes its settings from the config and then the command line", async () => {
    const argv = ["run", "demo.salsa.json", "--threads", "3", "--backend", "tfjs", "--directory", "d"];
    await salsa(argv, { folder, pipeline: { runPipeline: ending("finished") } });
    const [request] = requests;
    assert.deepEqual(
      [request?.config.runtime.threads, request?.config.runtime.backend, request?.runsRoot, request?.configFile],
      [3, "tfjs", join(folder, "d"), join(folder, "demo.salsa.json")],
    );
    assert.equal(request?.config.name, "demo");
  });

  it("run and resume take turns with all of a user's runs to ask a cluster", async () => {
    const withCluster = { preset: "miniinstruct", runtime: { cluster: { address: "http://127.0.0.1:8265" } } };
    await writeFile(join(folder, "there.salsa.json"), JSON.stringify(withCluster));
    const pipeline = { runPipeline: ending("finished") };
    for (const name of ["demo", "there"]) await salsa(["run", `${name}.salsa.json`], { folder, pipeline });
    await withRuns("there-1");
    const stopped = { ...finishedRun("there-1", requests[1]?.config ?? assert.fail()), status: "stopped" as const };
    await salsa(["resume", "there-1"], { folder, pipeline: { ...pipeline, readRun: () => Promise.resolve(stopped) } });
    const place = await runtimeFolder();
    assert.deepEqual(
      requests.map(({ machineFolder }) => machineFolder),
      [undefined, place, place],
    );
  });

  it("run --json prints the events and then the result, one a line", async () => {
    const { stdout, stderr } = await salsa(["run", "demo.salsa.json", "--json"], {
      folder,
      pipeline: { runPipeline: ending("finished") },
    });
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    const result = { kind: "result", id: "demo-1", folder: join(folder, "r"), tables: [TABLE], status: "finished" };
    assert.deepEqual(lines, [STARTED, result]);
    assert.equal(stderr, "");
  });

  it("run that was stopped exits with 130 and says how to go on", async () => {
    const { code, stderr } = await salsa(["run", "demo.salsa.json"], {
      folder,
      pipeline: { runPipeline: ending("stopped") },
    });
    assert.equal(code, 130);
    assert.match(stderr, / resume r\n/);
  });

  it("run that fails exits with 1 and the message alone, or its stack with --debug", async () => {
    const place = { file: "/m/model.safetensors", remedy: "copy it again" };
    const runPipeline = (): Promise<never> => Promise.reject(new CheckpointError("is cut short", place));
    const plain = await salsa(["run", "demo.salsa.json"], { folder, pipeline: { runPipeline } });
    assert.deepEqual([plain.code, plain.stderr], [1, "error: /m/model.safetensors: is cut short; copy it again\n"]);
    const debug = await salsa(["run", "demo.salsa.json", "--debug"], { folder, pipeline: { runPipeline } });
    assert.match(debug.stderr, /is cut short; copy it again\n +at /);
  });

  it("run with a wrong config exits with 2 and every issue on a line", async () => {
    await writeFile(
      join(folder, "bad.salsa.json"),
      '{\n"sft": { "stps": 1 },\n"rlhf": { "gamma": 2 },\n"task": { "name": "miniinstruct" } }',
    );
    const { code, stderr } = await salsa(["run", "bad.salsa.json"], { folder });
    assert.equal(code, 2);
    const file = join(folder, "bad.salsa.json");
    assert.deepEqual(stderr.split("\n").slice(0, 2), [
      `error: ${file}:2:10  sft.stps: is not a setting; did you mean "steps"?`,
      `${file}:3:20  rlhf.gamma: must be at most 1, got 2; leave it out for the default 1 (TRL 0.11 PPOConfig)`,
    ]);
  });

  it("run with a wrong config and --json lists the issues with their places", async () => {
    await writeFile(join(folder, "bad.salsa.json"), '{ "preset": "miniinstruct",\n"seds": [1] }');
    const { code, stdout } = await salsa(["run", "bad.salsa.json", "--json"], { folder });
    const { error, issues } = JSON.parse(stdout) as { error: string; issues: unknown };
    assert.deepEqual([code, error], [2, "ConfigError"]);
    const place = { file: join(folder, "bad.salsa.json"), line: 2, column: 1, path: "seds" };
    assert.deepEqual(issues, [{ ...place, message: "is not a setting", remedy: 'did you mean "seeds"?' }]);
  });

  it("run names data files that are not there", async () => {
    const data = '"data": { "sft": "a.jsonl", "preferences": "demo.salsa.json", "prompts": "demo.salsa.json" }';
    await writeFile(join(folder, "data.salsa.json"), `{ "model": { "checkpoint": "." }, ${data} }`);
    const { code, stderr } = await salsa(["run", "data.salsa.json"], { folder });
    assert.equal(code, 2);
    assert.match(stderr, /data\.sft: there is no "a\.jsonl"/);
    assert.match(stderr, /model\.checkpoint: there is no config\.json in "\."/);
    assert.equal(stderr.trimEnd().split("\n").length, 2);
  });

  for (const [name, message] of [
    ["none.salsa.json", /there is no such file/],
    [".", /a folder stands where a file is needed/],
  ] as const) {
    it(`run refuses ${name} with exit code 2`, async () => {
      const { code, stderr } = await salsa(["run", name], { folder });
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }

  it("resume goes on with the latest run, or with the one that is named", async () => {
    await withRuns("demo-1", "demo-2");
    const seen: string[] = [];
    const pipeline = {
      runPipeline: ending("finished"),
      readRun: (run: string) => {
        seen.push(run);
        return readRun(run);
      },
    };
    // Runs made within the clock's resolution are distinguished by their names.
    assert.equal((await salsa(["resume"], { folder, pipeline })).code, 0);
    assert.equal((await salsa(["resume", "demo-1"], { folder, pipeline })).code, 0);
    assert.equal(
      (await salsa(["resume", join(".salsa", "runs", "demo-2")], { folder: process.cwd(), pipeline })).code,
      2,
    );
    assert.deepEqual(seen.slice(1), [join(folder, ".salsa", "runs", "demo-1")]);
    assert.deepEqual(
      requests.map(({ resume }) => resume),
      ["demo-1", "demo-1"],
    );
  });

  it("resume refuses a run that is going on already", async () => {
    await withRuns("demo-1");
    const pipeline = { readRun: async (run: string) => ({ ...(await readRun(run)), status: "running" as const }) };
    const { code, stderr } = await salsa(["resume"], { folder, pipeline });
    assert.equal(code, 2);
    assert.match(stderr, /demo-1 is running already/);
  });

  it("resume says where it looked when there is no run, and which there are when the name is wrong", async () => {
    assert.match(
      (await salsa(["resume"], { folder })).stderr,
      /there is no run in .*\.salsa\/runs; start one with salsa run/,
    );
    const below = join(folder, "examples", "a");
    await mkdir(join(below, ".salsa", "runs", "a-1"), { recursive: true });
    await writeFile(join(below, ".salsa", "runs", "a-1", "run.json"), "{}");
    await writeFile(join(below, "a.salsa.json"), "{}");
    assert.ok(
      (await salsa(["resume"], { folder })).stderr.includes(
        `or give --directory: there are runs in ${join(below, ".salsa")}\n`,
      ),
    );
    assert.ok(
      (await salsa(["resume", "a-1"], { folder })).stderr.includes(
        `there is no run "a-1", nor any other, in ${join(folder, ".salsa", "runs")}; start one with salsa run, or give --directory: there are runs in ${join(below, ".salsa")}\n`,
      ),
    );
    await withRuns("demo-1");
    const { code, stderr } = await salsa(["resume", "demo-7"], { folder });
    assert.equal(code, 2);
    assert.match(stderr, /there is no run "demo-7"; latest are demo-1/);
  });

  it("report prints tables as text, Markdown, CSV and JSON", async () => {
    await withRuns("demo-1");
    const pipeline = { readRun };
    const printed = async (...argv: string[]): Promise<string> =>
      (await salsa(["report", ...argv], { folder, pipeline })).stdout;
    assert.equal(await printed("--format", "csv"), 'pair,adjusted %\r\nsalsa | ppo,54.321987\r\n"mkl, ""ppo""",\r\n');
    assert.match(
      await printed("--format", "markdown"),
      /^## Win rates\n\n\| pair \| adjusted % \|\n.*\n\| salsa \\\| ppo \| 54\.32 \|/,
    );
    assert.match(await printed(), /^Win rates\n\npair {9}adjusted %\n─+ {2}─+\nsalsa \| ppo {7}54\.32\n/);
    assert.equal((JSON.parse(await printed("--format", "json")) as unknown[]).length, 2);
    assert.equal((await printed("--table", "winRates")).length, (await printed()).length);
    assert.match((await salsa(["report", "--table", "winRate"], { folder, pipeline })).stderr, /did you mean winRates/);
    const record = JSON.parse(await printed("--json")) as { id: string; tables: unknown };
    assert.deepEqual([record.id, record.tables], ["demo-1", [TABLE]]);
  });

  it("report takes win rates from the run's numbers, which have every digit, and no text from its files", async () => {
    await withRuns("demo-1");
    const tables = join(folder, ".salsa", "runs", "demo-1", "tables");
    await mkdir(tables, { recursive: true });
    const counts = { wins: 5, losses: 4, ties: 1, dropped: 0, n: 10, nSeeds: 1 };
    const rates = { winRate: 0.5, adjusted: 0.543219871, low: 0.4, high: 0.7, p: 0.5 };
    const row = { benchmark: "mine", a: "salsa", b: "=ppo", seed: "all", ...counts, ...rates };
    await writeFile(join(tables, "winRates.json"), JSON.stringify([row]));
    await writeFile(join(tables, "winRates.csv"), "=cmd|'/c calc'!A0\n");
    const withFile = async (path: string): ReturnType<typeof readRun> => ({
      ...(await readRun(path)),
      tables: [{ ...TABLE, files: ["tables/winRates.csv", "tables/winRates.json"] }],
    });
    const argv = ["report", "demo-1", "--format", "csv", "--out", "copy.csv"];
    const { code, stdout } = await salsa(argv, { folder, pipeline: { readRun: withFile } });
    assert.deepEqual([code, stdout], [0, ""]);
    const copy = await readFile(join(folder, "copy.csv"), "utf8");
    assert.match(copy, /0\.543219871/);
    assert.ok(copy.includes("'=ppo") && !copy.includes("calc"), copy);
  });

  it("report writes a document into the run's folder, and prints where", async () => {
    await withRuns("demo-1");
    const asked: string[] = [];
    const writeReport = (path: string): Promise<string> => {
      asked.push(path);
      return Promise.resolve(join(path, "report", "report.md"));
    };
    const argv = ["report", "demo-1", "--format", "document"];
    const run = join(folder, ".salsa", "runs", "demo-1");
    const file = join(run, "report", "report.md");
    assert.equal((await salsa(argv, { folder, pipeline: { writeReport } })).stdout, `${file}\n`);
    const { stdout } = await salsa([...argv, "--json"], { folder, pipeline: { writeReport } });
    assert.deepEqual(JSON.parse(stdout), { file });
    assert.deepEqual(asked, [run, run]);
    const { code, stderr } = await salsa([...argv, "--out", "x.md"], { folder, pipeline: { writeReport } });
    assert.equal(code, 2);
    assert.match(stderr, /--out does not go with --format document/);
  });

  it("report says which file it could not write", async () => {
    await withRuns("demo-1");
    const argv = ["report", "demo-1", "--out", join("none", "t.md")];
    const { code, stderr } = await salsa(argv, { folder, pipeline: { readRun } });
    assert.equal(code, 2);
    assert.match(stderr, /none\/t\.md: cannot be written \(ENOENT\); check the path/);
  });

  it("report prints what the numbers cover, for people", async () => {
    await withRuns("demo-1");
    const noted = async (path: string): ReturnType<typeof readRun> => ({
      ...(await readRun(path)),
      tables: [{ ...TABLE, note: "One seed." }],
    });
    const printed = async (format: string): Promise<string> =>
      (await salsa(["report", "--format", format], { folder, pipeline: { readRun: noted } })).stdout;
    assert.match(await printed("text"), /^Win rates\n\nOne seed\.\n\npair/);
    assert.match(await printed("markdown"), /^## Win rates\n\nOne seed\.\n\n\| pair/);
    assert.ok(!(await printed("csv")).includes("One seed"));
  });

  it("plan lists stages, what is made, and what is left", async () => {
    const stages = [plannedStage("base", { cached: true }), plannedStage("sft-1")];
    const planned: RunConfig[] = [];
    const planPipeline = (config: RunConfig): Promise<readonly PlannedStage[]> => {
      planned.push(config);
      return Promise.resolve(stages);
    };
    const pipeline = { planPipeline, chooseBackend, modelNotes, withChoice };
    const { stdout } = await salsa(["plan", "demo.salsa.json"], { folder, pipeline });
    assert.match(stdout, /sft-1 {2}to do {6}101,632 {2}3\.0 MiB {2}1 min 30 s/);
    assert.match(stdout, /1 of 2 stages are cached; about 1 min 30 s to go, at most 3\.0 MiB of memory/);
    const json = await salsa(["plan", "demo.salsa.json", "--json"], { folder, pipeline });
    const printed = JSON.parse(json.stdout) as {
      sizes: { pretrainSteps: number };
      backend: { limits: Readonly<Record<string, number>> };
    };
    const { secondsLeft, stages: listed, backend } = readPlanOutput(printed);
    assert.deepEqual([secondsLeft, printed.sizes.pretrainSteps], [90, 1500]);
    assert.deepEqual(listed, stages);
    // Keys are planned for the backend that is taken, and the plan says which and why.
    assert.deepEqual(
      planned.map(({ runtime }) => runtime.backend),
      ["wasm", "wasm"],
    );
    assert.match(stdout, /^computes on wasm, \d+ threads? \(auto: cuda: .+\)$/m);
    assert.deepEqual([backend.name, backend.device], ["wasm", "cpu"]);
    assert.match(backend.reason, /^cuda: /);
    assert.deepEqual(printed.backend.limits, { maxBytes: 4 * 2 ** 30, maxThreads: 64 });
  });

  it("plan has the test prompts beside the config, or names the line that does not fit", async () => {
    const planned: RunConfig[] = [];
    const planPipeline = (config: RunConfig): Promise<readonly PlannedStage[]> => {
      planned.push(config);
      return Promise.resolve([plannedStage("base")]);
    };
    const pipeline = { planPipeline, chooseBackend, modelNotes, withChoice };
    await writeFile(join(folder, "salsa.prompts.jsonl"), '{"prompt":"reverse: red blue."}\n');
    await salsa(["plan", "demo.salsa.json"], { folder, pipeline });
    assert.deepEqual(planned[0]?.testPrompts, ["reverse: red blue."]);
    await writeFile(join(folder, "salsa.prompts.jsonl"), '{"prompt":"a"}\n{"promt":"b"}\n');
    const { code, stderr } = await salsa(["plan", "demo.salsa.json"], { folder, pipeline });
    assert.notEqual(code, 0);
    assert.match(stderr, /salsa\.prompts\.jsonl:2:1 {2}prompt: does not fit; give a text/);
  });

  it("plan warns when a stage needs more than the backend holds", async () => {
    const pipeline = {
      chooseBackend,
      modelNotes,
      withChoice,
      planPipeline: (_: RunConfig, { onCheckpointing }: PlanSettings) => {
        onCheckpointing?.("gradient checkpointing for base");
        const batchSetting = ["model", "pretrain", "batchSize"];
        return Promise.resolve([plannedStage("base", { memoryBytes: 16 * 2 ** 30, batchSetting })]);
      },
    };
    const { stdout } = await salsa(["plan", "demo.salsa.json"], { folder, pipeline });
    assert.match(
      stdout,
      /^wasm holds 4\.0 GiB, which is too little for base: lower model\.pretrain\.batchSize and raise gradientAccumulation/m,
    );
    assert.match(stdout, /^gradient checkpointing for base$/m, "what is chosen by itself is told");
  });

  it("plan names what fits on a card, or refuses, where a card computes", async () => {
    const device = { id: "cuda:0", uuid: "ab".repeat(16), name: "cuda, L4", memoryBytes: 24 * 2 ** 30, limits: {} };
    const asked = await chooseBackend({ backend: "wasm", threads: 1 });
    const choice = { ...asked, device, devices: [device] };
    const plan = (changes: readonly string[], fits: boolean): ReturnType<typeof salsa> => {
      const pipeline = {
        ...{ modelNotes, withChoice, chooseBackend: () => Promise.resolve(choice) },
        planPipeline: () => Promise.resolve([plannedStage("base", { cardBytes: 30 * 2 ** 30 })]),
        fitOnCard: (config: RunConfig) => Promise.resolve({ config, changes, cardBytes: 20 * 2 ** 30, fits }),
      };
      return salsa(["plan", "demo.salsa.json"], { folder, pipeline });
    };
    const smaller = await plan(["runtime.gradientCheckpointing true"], true);
    assert.equal(smaller.code, 0);
    assert.match(smaller.stdout, /^on a card: at most 30\.0 GiB, in base; too much for 8, 16 and 24 GB, room on /m);
    assert.match(
      smaller.stdout,
      /^cuda, L4 has .* too little: set runtime\.gradientCheckpointing true; it then takes 20/m,
    );
    const refused = await plan(["a"], false);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /^cuda, L4 has .* too little, whatever is set: nearest is a; /m);
  });

  it("plan says where each stage of a run on a cluster is made, why, and which chain is the longest", async () => {
    const config = JSON.parse(await readFile(join(folder, "demo.salsa.json"), "utf8")) as object;
    const cluster = { address: "http://head:8265", trainer: { use: "openrlhf" }, price: { cardHour: 2.5 } };
    const changes = { rlhf: { klController: "fixed" }, arms: { mkl: null }, runtime: { cluster } };
    await writeFile(join(folder, "large.salsa.json"), JSON.stringify({ ...config, ...changes }));
    const place = { nodes: 2, cardsPerNode: 8, tensorParallel: 1, offload: false };
    const plan = (placement: PlannedStage["placement"]): ReturnType<typeof salsa> => {
      const stages = [
        plannedStage("sft-1", { kind: "sft", runsOn: "OpenRLHF, 2 × 8 cards", placement, pricePerHour: 40 }),
        plannedStage("soup", { runsOn: "Ray, 1 GPU and 4 CPUs", inputs: ["sft-1"], pricePerHour: 4 }),
      ];
      const planPipeline = (): Promise<readonly PlannedStage[]> => Promise.resolve(stages);
      const pipeline = { modelNotes, withChoice, chooseBackend, planPipeline, trainerPlan };
      return salsa(["plan", "large.salsa.json"], { folder, pipeline });
    };
    const { code, stdout } = await plan({ trainer: "openrlhf", reason: "it is too large", place });
    assert.equal(code, 0);
    assert.match(stdout, /^stage +state +made by +parameters/m);
    assert.match(stdout, /^sft-1 +to do +OpenRLHF, 2 × 8 cards /m);
    assert.match(stdout, /^sft-1: OpenRLHF 0\.11\.2, since it is too large$/m);
    assert.match(stdout, /^OpenRLHF: weights are saved in bf16/m);
    assert.match(stdout, /with any number of devices at least 3 min 00 s, one after another: sft-1 → soup$/m);
    assert.match(stdout, /^costs about 1\.10 USD in the times above, at 2\.5 USD for a card and hour$/m);
    assert.doesNotMatch(stdout, /^computes on/m);
    const nobody = await plan({ trainer: "none", reason: "it fits nowhere", remedy: "add cards" });
    assert.deepEqual([nobody.code, /^sft-1: nobody: it fits nowhere; add cards$/m.test(nobody.stdout)], [1, true]);
  });

  it("plan says what fits on how many cards, without a config", async () => {
    const { code, stdout } = await salsa(["plan", "--sizes", "80"]);
    assert.equal(code, 0);
    assert.match(stdout, /^7B +– +OpenRLHF, offload +OpenRLHF /m);
    assert.equal((await salsa(["plan"])).code, 2);
  });

  it("keeps latest first by the time a run was started", async () => {
    await withRuns("b");
    await utimes(join(folder, ".salsa", "runs", "b", "run.json"), 1, 1);
    const { stderr } = await salsa(["report", "zzz"], { folder });
    assert.match(stderr, /latest are b/);
  });
});

function plannedStage(id: string, more: Partial<PlannedStage> = {}): PlannedStage {
  const cost = { parameters: 101_632, memoryBytes: 3 * 2 ** 20, estimatedSeconds: 90 };
  return { ...legacyStage(id), ...cost, key: "k", cached: false, ...more };
}
