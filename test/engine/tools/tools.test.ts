import assert from "node:assert/strict";
import type { RunSummary, ServiceRequests } from "../../../engine/protocol/service.ts";
import type { TableRows } from "../../../engine/protocol/runsTable.ts";
import type { SamplePage } from "../../../engine/protocol/samples.ts";
import type { PlanOutput } from "../../../engine/protocol/toolOutput.ts";
import { callTool, roughCount } from "../../../engine/tools/index.ts";
import { checkedText } from "../../../engine/tools/checkConfig.ts";
import { findConfig } from "../../../engine/tools/findConfig.ts";
import { samplesText } from "../../../engine/tools/readSamples.ts";
import type { CheckedConfig, ToolHost } from "../../../engine/tools/tool.ts";
import { summary } from "../../extension/commands/summaries.ts";

const budget = { tokens: 6000, count: roughCount };
const CONFIGS = [
  { file: "/work/demo.salsa.json", name: "demo.salsa.json" },
  { file: "/work/a/one.salsa.json", name: "a/one.salsa.json" },
  { file: "/work/b/one.salsa.json", name: "b/one.salsa.json" },
];
const PLAN: PlanOutput = {
  name: "demo",
  backend: { name: "wasm", title: "WebAssembly", device: "cpu", deviceName: "2 threads", limits: {}, reason: "first" },
  stages: [
    {
      ...{ id: "base", kind: "pretrain", title: "Base model", product: "base", role: "result", inputs: [] },
      ...{ key: "base-1", cached: true, parameters: 1000, memoryBytes: 2048, estimatedSeconds: 9 },
    },
  ],
  shortfalls: [{ path: ["reward", "pairs"], asked: 4000, there: 95, from: "pairs.jsonl" }],
  peakMemoryBytes: 2048,
  secondsLeft: 0,
};
const page = (texts: readonly string[]): SamplePage => ({
  total: texts.length,
  all: texts.length,
  columns: ["ppo", "salsa"],
  allColumns: ["ppo", "salsa"],
  steps: { from: 1, to: 9 },
  rows: texts.map((text) => ({
    step: 9,
    prompt: "Say it",
    responses: [{ text, ended: true, nTokens: 3, score: 1.25, gold: 0.5 }, null],
  })),
});

/** Two runs, of which the older comes first. */
const TABLE: TableRows = {
  blocks: [{ "config.rlhf.learningRate": 0.003 }, { "config.rlhf.learningRate": 0.001 }],
  runs: [
    {
      ...{ folder: "/work/.salsa/runs/old-1", settings: [0] },
      values: { "run.id": "old-1", "run.createdAt": 1_700_000_000_000 },
      models: [
        {
          ...{ name: "ppo", settings: [] },
          values: { "model.name": "ppo", "model.kind": "arm", "model.beta": 0.2, "metric.objective/kl": 2.25 },
        },
      ],
    },
    {
      ...{ folder: "/work/.salsa/runs/new-1", settings: [1] },
      values: { "run.id": "new-1", "run.createdAt": 1_800_000_000_000 },
      models: [
        {
          ...{ name: "salsa, two", settings: [], intervals: { "winRate/in/ppo": [0.55, 0.59] } },
          values: {
            ...{ "model.name": "salsa, two", "model.kind": "arm", "model.beta": 0.4, "metric.objective/kl": 1.5 },
            "winRate/in/ppo": 0.56812345,
          },
        },
        {
          ...{ name: "ppo", settings: [] },
          values: { "model.name": "ppo", "model.kind": "arm", "model.beta": 0.1 },
        },
        { name: "soup", settings: [], values: { "model.name": "soup", "model.kind": "soup" } },
      ],
    },
  ],
  ...{ palette: {}, missing: [], meanings: {} },
};

/** Content of a host, other than its service's answers. */
interface HostFacts {
  readonly runs?: readonly RunSummary[];
  readonly check?: CheckedConfig;
  readonly marks?: Awaited<ReturnType<ToolHost["marks"]>>;
}

/** A host of one run; what is asked of the service is kept. */
function host(
  answers: Partial<{ [M in keyof ServiceRequests]: ServiceRequests[M]["result"] }>,
  { runs = [summary("demo-1")], check = { plan: PLAN }, marks = { marks: {}, problems: [] } }: HostFacts = {},
): ToolHost & { readonly asked: readonly unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    request: (method, params) => {
      asked.push([method, params]);
      const answer = answers[method];
      return answer === undefined ? Promise.reject(new Error(`${method} is not expected`)) : Promise.resolve(answer);
    },
    runs: () => Promise.resolve(runs),
    configs: () => Promise.resolve(CONFIGS),
    marks: () => Promise.resolve(marks),
    check: () => Promise.resolve(check),
  };
}

describe("tools for language models", () => {
  it("refuse an unknown tool, and an input that does not fit, by name", async () => {
    await assert.rejects(
      callTool("salsa_delete", {}, host({}), budget),
      /no tool "salsa_delete"\. There are salsa_listR/,
    );
    const wrong = callTool("salsa_readMetrics", { run: 1, other: 2 }, host({}), budget);
    await assert.rejects(wrong, /input of salsa_readMetrics does not fit: .*run/s);
    const huge = { metrics: Array.from({ length: 100_000 }, () => "a") };
    await assert.rejects(callTool("salsa_readMetrics", huge, host({}), budget), /does not fit/);
  });

  it("find a config by its path or by a file name that only one has, and no other", () => {
    assert.equal(findConfig(CONFIGS, "demo.salsa.json").file, "/work/demo.salsa.json");
    assert.equal(findConfig(CONFIGS, "/work/a/one.salsa.json").name, "a/one.salsa.json");
    for (const other of ["one.salsa.json", "../../etc/passwd", "/etc/passwd", ""])
      assert.throws(() => findConfig(CONFIGS, other), /is not a run config of this workspace\. There are demo/);
  });

  it("read the newest step's samples unless steps are given, with the facts about each response", async () => {
    const asking = host({ samples: page(["one", "two"]) });
    const text = await callTool("salsa_readSamples", { limit: 2 }, asking, budget);
    assert.deepEqual(asking.asked.at(-1), [
      "samples",
      {
        folder: "/work/.salsa/runs/demo-1",
        source: { kind: "rollouts" },
        offset: 0,
        limit: 2,
        steps: { from: 9, to: 9 },
      },
    ]);
    assert.match(text, /Prompts 1 to 2 of 2 of demo-1\. Models with samples: ppo, salsa\. Steps 1 to 9/);
    assert.match(text, /ppo \(score 1\.25, gold 0\.5, 3 tokens\):\none/);
    await callTool("salsa_readSamples", { fromStep: 3, toStep: 4, benchmark: "mt" }, asking, budget);
    const [, query] = asking.asked.at(-1) as [string, ServiceRequests["samples"]["params"]];
    assert.deepEqual(query.source, { kind: "answers", benchmark: "mt" });
  });

  it("cut long samples, and then leave prompts out, until they fit", async () => {
    const tight = { ...budget, tokens: 500, offset: 0 };
    const cut = await samplesText("demo-1", page(["x".repeat(5000), "y"]), tight);
    assert.match(cut, /x… \(\d+ characters more\)/);
    assert.ok((await roughCount(cut)) <= 500);
    const many = await samplesText("demo-1", page(Array.from({ length: 50 }, (_, n) => `${n}`.repeat(200))), tight);
    assert.match(many, /\d+ prompts do not fit/);
    assert.ok((await roughCount(many)) <= 510);
  });

  it("read the runs table as CSV: chosen columns, with intervals, of the rows that fit, the newest first", async () => {
    const asking = host({ tableRows: TABLE });
    const ask = async (input: object): Promise<readonly string[]> =>
      (await callTool("salsa_readRunsTable", input, asking, budget)).split("\n");
    assert.deepEqual(
      await ask({ columns: ["run", "name", "model.beta", "learningRate", "winRate/*", "*/kl"], filter: "kind=arm" }),
      [
        "1 to 3 of 3 rows that fit, of 4.",
        "",
        "run.id,model.name,model.beta,config.rlhf.learningRate,winRate/in/ppo,winRate/in/ppo low,winRate/in/ppo high,metric.objective/kl",
        'new-1,"salsa, two",0.4,0.001,0.568123,0.55,0.59,1.5',
        "new-1,ppo,0.1,0.001,,,,",
        "old-1,ppo,0.2,0.003,,,,2.25",
      ],
    );
    const [few] = await ask({ columns: ["run.createdAt"], filter: "beta>=0.2 -run.id=old-1" });
    assert.equal(few, "1 to 1 of 1 rows that fit, of 4.");
    assert.deepEqual((await ask({ columns: ["run.createdAt"], offset: 3 })).slice(2), [
      "run.createdAt",
      "2023-11-14T22:13:20.000Z",
    ]);
    const [usual, , head] = await ask({});
    assert.match(usual ?? "", /Other columns are .*config\.rlhf\.learningRate/);
    assert.equal(
      head,
      "run.id,model.name,model.beta,metric.objective/kl,winRate/in/ppo,winRate/in/ppo low,winRate/in/ppo high",
    );
  });

  it("read names, tags and notes that people have given to runs, and say why some cannot be read", async () => {
    const own = { tags: ["good, really", "β"], note: "keep", name: "best so far" };
    const marks = {
      marks: { "/work/.salsa/runs/old-1": own },
      problems: [{ file: "/other/salsa-runs.json", line: 3, message: "version is 7" }],
    };
    const asking = host({ tableRows: TABLE }, { marks });
    const columns = ["run.id", "run.displayName", "run.tags", "run.note"];
    for (const filter of ["tag=β", 'tags="good, really"', 'id="best so far"', "note:keep"]) {
      assert.equal(
        await callTool("salsa_readRunsTable", { columns, filter }, asking, budget),
        [
          "1 to 1 of 1 rows that fit, of 4. Not read: /other/salsa-runs.json:3 version is 7.",
          "",
          "run.id,run.displayName,run.tags,run.note",
          'old-1,best so far,"""good, really"", β",keep',
        ].join("\n"),
      );
    }
    assert.match(await callTool("salsa_readRunsTable", { filter: "tag=good" }, asking, budget), /^None of 0 rows/);
  });

  it("say which columns of the runs table there are when one is asked for that is not, and in a filter", async () => {
    const wrong = async (input: object, why: RegExp): Promise<void> =>
      assert.rejects(callTool("salsa_readRunsTable", input, host({ tableRows: TABLE }), budget), why);
    await wrong({ columns: ["gamma"] }, /No column is called "gamma"\. Columns are model\.name, .*config\.rlhf\.learn/);
    await wrong({ columns: ["metric.x*"] }, /No column is like "metric\.x\*"/);
    await wrong({ filter: "gamma=1" }, /No column is called "gamma"/);
    await wrong({ filter: '"a' }, /cannot be read at "/);
    await wrong({ limit: 1e6 }, /does not fit/);
  });

  it("read as many rows of a large runs table as there is room for, and say how to go on", async () => {
    const [run] = TABLE.runs;
    assert.ok(run !== undefined);
    const runs = Array.from({ length: 1000 }, () => run);
    const tight = { tokens: 500, count: roughCount };
    const asked = { columns: ["run.id", "model.name"], limit: 500 };
    const text = await callTool("salsa_readRunsTable", asked, host({ tableRows: { ...TABLE, runs } }), tight);
    assert.ok((await roughCount(text)) <= 500);
    const [, n] = /^1 to (\d+) of 1000 rows that fit, of 1000\. \d+ further rows: ask with offset/.exec(text) ?? [];
    assert.equal(text.split("\n").length, Number(n) + 3);
    const huge = { "run.id": "x".repeat(10_000) };
    const long = { ...TABLE, runs: [{ ...run, values: huge }] };
    const none = await callTool("salsa_readRunsTable", { columns: ["run.id"] }, host({ tableRows: long }), tight);
    assert.match(none, /^None of 1 rows that fit, of 1\. 1 further rows: .*fewer columns/);
  });

  it("explain alarms, the newest first", async () => {
    const alarms = [1, 2].map((step) => ({
      stage: "ppo",
      step,
      name: "nonFinite",
      message: `loss is NaN ${step}`,
      time: 0,
    }));
    const outline = { alarms, stages: [] } as unknown as ServiceRequests["outline"]["result"];
    const text = await callTool("salsa_readAlarms", {}, host({ outline }), budget);
    assert.match(
      text,
      /It has raised 2 alarms\. Not a number \(nonFinite\): .* To try: Lower the learning rate \(rlhf\./,
    );
    assert.ok(text.indexOf("at step 2") < text.indexOf("at step 1") && text.indexOf("at step 2") > 0);
    const none = host({ outline: { ...outline, alarms: [] } });
    assert.match(await callTool("salsa_readAlarms", {}, none, budget), /has raised no alarm/);
  });

  it("tell a config's plan with its warnings, or all of its mistakes with their places", async () => {
    const plan = await callTool("salsa_checkConfig", { config: "demo.salsa.json" }, host({}), budget);
    assert.match(plan, /demo\.salsa\.json has no mistakes\. 1 of 1 stages are made already/);
    assert.match(plan, /Warning: reward\.pairs asks for 4,000, and pairs\.jsonl has 95/);
    const issue = {
      file: "demo.salsa.json",
      line: 3,
      column: 5,
      path: "rlhf.beta",
      message: "must be",
      remedy: "mend it",
    };
    const text = await checkedText("demo.salsa.json", { issues: [issue, { ...issue, line: 9 }] }, budget);
    assert.match(text, /cannot be run: 2 mistakes\.\n\ndemo\.salsa\.json:3:5 {2}rlhf\.beta: must be; mend it/);
  });

  it("start no run in which a language model judges, which people agree to", async () => {
    const cost = { model: "gpt", server: "https://api", nCalls: 10, promptTokens: 1, completionTokens: 1 };
    const judged = host({
      judgingCost: { costs: [cost], isFree: false } as unknown as ServiceRequests["judgingCost"]["result"],
    });
    await assert.rejects(
      callTool("salsa_startRun", { config: "demo.salsa.json" }, judged, budget),
      /has a language model judge, which a person must agree to/,
    );
    const free = host({
      judgingCost: { costs: [], isFree: true },
      startRun: { folder: "/work/.salsa/runs/demo-2", id: "demo-2", pid: 1 },
    });
    assert.match(await callTool("salsa_startRun", { config: "demo.salsa.json" }, free, budget), /Run demo-2 has begun/);
    assert.deepEqual(free.asked.at(-1), ["startRun", { configFile: "/work/demo.salsa.json" }]);
  });
});
