import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parseConfig } from "../../../engine/config/index.ts";
import { readLayoutFile } from "../../../engine/protocol/runsLayoutFile.ts";
import { fewestStages } from "../../../engine/config/sizes.ts";
import { ALARMS } from "../../../engine/protocol/alarms.ts";
import { translatedSeen } from "../../../engine/protocol/alarmTexts.ts";
import { ConfigError } from "../../../engine/protocol/errors.ts";
import { filledIn } from "../../../engine/common/format.ts";
import { JsonError, parseJson } from "../../../engine/common/json.ts";
import { MOST_STAGES } from "../../../engine/protocol/limits.ts";
import { FIRST_LAYOUT } from "../../../engine/protocol/runsLayout.ts";
import { readTableState } from "../../../engine/protocol/runsLayoutSchema.ts";
import { questionText } from "../../../engine/protocol/conversation.ts";
import { readTestPrompts } from "../../../engine/protocol/testPromptsSchema.ts";
import { applyEvents, emptyRunState } from "../../../engine/protocol/runState.ts";
import { parseEvents, parseRunState } from "../../../engine/protocol/runStateSchema.ts";
import { readDoctorOutput, readPlanOutput, readPublishLine } from "../../../engine/protocol/toolOutput.ts";
import { FILES_HEADING, readListing } from "../../../engine/pipeline/publish/listing.ts";
import { findingsOf } from "../../../extension/config/analysis/findings.ts";
import { fixesOf } from "../../../extension/config/analysis/fixes.ts";
import { readTree } from "../../../extension/config/analysis/tree.ts";
import { withLayoutChange } from "../../../extension/runs/layoutFile.ts";
import { rootOf } from "../../../extension/runs/roots.ts";
import { readFilter } from "../../../webview/runsTable/filter.ts";
import { type Reader, jsonFiles, jsonLines } from "../reader.ts";
import { EVENTS } from "./records.ts";

const FILE = "/project/demo.salsa.json";
const CONFIGS = [
  ...["demo", "comparison", "claims"].map((name) =>
    readFileSync(new URL(`../../../examples/miniinstruct/${name}.salsa.json`, import.meta.url)),
  ),
  Buffer.from(`{
  // Own data.
  "data": { "sft": "a.jsonl", "preferences": "b.jsonl", "prompts": "c.jsonl", "benchmarks": { "mine": "d.jsonl" } },
  "model": { "checkpoint": "m" }, "seeds": [1, 2], "sft": { "seeds": [1, 2, 3] },
  "soups": { "soup": { "method": "linear", "of": ["sft-1", "sft-2"], "weights": [0.5, 0.5] } },
  "arms": { "ppo": { "reference": "sft-1", "beta": [0.1, 0.2] }, "mkl": { "reference": ["sft-1", "soup"] }, },
  "evaluation": { "pairs": [["mkl", "ppo"]], "judge": "reward" }
}`),
];

const config: Reader = {
  name: "config",
  corpus: CONFIGS,
  errors: ["ConfigError"],
  read: (input) => {
    try {
      assert.ok(fewestStages(parseConfig(input.toString(), FILE)) <= MOST_STAGES);
    } catch (error) {
      if (error instanceof ConfigError) assert.ok(error.issues.length <= 101 && error.issues.length > 0);
      throw error;
    }
  },
};

/** As an editor looks at a config that is being typed. */
const diagnostics: Reader = {
  name: "diagnostics",
  corpus: CONFIGS,
  errors: [],
  read: async (input) => {
    const text = input.toString();
    const tree = readTree(text);
    for (const finding of findingsOf(tree, { file: FILE, exists: () => false })) {
      assert.ok(finding.span.start <= finding.span.end && finding.span.end <= Math.max(1, text.length));
      fixesOf({ tree, finding });
    }
    assert.equal(typeof (await rootOf(FILE, text)), "string");
  },
};

const state = emptyRunState("demo-1");
applyEvents(state, EVENTS);

/** A message that has arrived: parsed by the library, or refused. */
function ofMessage(name: string, corpus: readonly Buffer[], read: (message: unknown) => unknown): Reader {
  return {
    name,
    corpus,
    errors: ["MessageError", "JsonError"],
    read: (input) => {
      let message: unknown;
      try {
        message = JSON.parse(input.toString());
      } catch {
        throw new JsonError("not JSON");
      }
      read(message);
    },
  };
}

const plan = {
  name: "demo",
  backend: { name: "wasm", title: "WebAssembly", device: "cpu", deviceName: "x", limits: { maxBytes: 1 }, reason: "r" },
  stages: [
    {
      ...{ id: "base", kind: "base", title: "Base", product: "base", role: "result", inputs: [] },
      ...{ key: "base-0", cached: false, parameters: 10, memoryBytes: 20, estimatedSeconds: 1.5 },
    },
  ],
  peakMemoryBytes: 20,
  secondsLeft: 1.5,
};

const seen = ALARMS.flatMap(({ name, seen: templates }) =>
  templates.map((template) => Buffer.from(`${name}\n${filledIn(template, [1.5, "12 s", "-1", 4])}`)),
);

const alarm: Reader = {
  name: "alarm",
  corpus: seen,
  errors: [],
  read: (input) => {
    const [name = "", ...message] = input.toString().split("\n");
    const values: string[] = [];
    translatedSeen({ name, message: message.join("\n") }, (text, ...more) => {
      values.push(...more.map(String));
      return filledIn(text, more);
    });
    for (const value of values) assert.ok(value !== "" && message.join("\n").includes(value.split(" ")[0] ?? ""));
  },
};

/** The list of files in a model card that somebody has edited. */
const listing: Reader = {
  name: "cardListing",
  corpus: [Buffer.from(`# x\n\n${FILES_HEADING}\n\n| \`a/b.png\` | 1,234 | \`${"0a".repeat(32)}\` |\n\n## More\n`)],
  errors: ["DataError"],
  read: (input) => {
    for (const { path, bytes, sha256 } of readListing(input.toString(), "README.md")) {
      assert.ok(!path.startsWith("/") && !path.split("/").includes("..") && Number.isSafeInteger(bytes));
      assert.equal(sha256.length, 64);
    }
  },
};

/** The runs table's file of layouts, tags and notes, which people edit by hand. */
const layouts: Reader = {
  name: "layouts",
  corpus: [
    ...jsonFiles({
      version: 1,
      layouts: [{ name: "β", ...FIRST_LAYOUT, plot: { x: "model.beta" }, groupBy: ["model.seed"] }],
      runs: { ".salsa/runs/demo-1": { tags: ["good, really", "🔥"], note: "n" } },
    }),
    Buffer.from(
      '{\n  // ours\n  "version": 1,\n  "layouts": [{ "name": "a", "columns": [{ "id": "run.id", "pinned": true }] }],\n}\n',
    ),
  ],
  errors: ["LayoutMistakes"],
  read: (input) => {
    const text = input.toString();
    const read = readLayoutFile(text, "/w/salsa-runs.json");
    if ("problems" in read) {
      assert.ok(read.problems.length > 0);
      for (const { line, message } of read.problems) assert.ok(line >= 1 && message !== "");
      throw Object.assign(new Error(read.problems[0]?.message), { name: "LayoutMistakes" });
    }
    // Whatever is read can be changed, and stays readable.
    const marks = { addTags: ["a, b"], removeTags: read.runs["r"]?.tags, note: "", name: "" };
    const after = readLayoutFile(withLayoutChange(text, read, { kind: "mark", run: "r", marks }), "/w/salsa-runs.json");
    assert.ok("runs" in after, JSON.stringify(after));
    assert.deepEqual(after.runs["r"], { tags: ["a, b"], note: "" });
    for (const { name: _name, ...layout } of after.layouts) {
      assert.ok(readTableState(layout) !== undefined);
      readFilter(layout.filter, new Set(layout.columns.map(({ id }) => id)));
    }
  },
};

const testPrompts: Reader = {
  name: "testPrompts",
  corpus: [jsonLines({ prompt: "a", from: "demo-1" }, { prompt: [{ role: "user", content: "b" }], note: "c" })],
  errors: [],
  read: (input) => {
    const { prompts, issues } = readTestPrompts(input.toString(), "salsa.prompts.jsonl");
    assert.ok(prompts.every((prompt) => questionText(prompt).trim() !== "" || Array.isArray(prompt)));
    assert.ok(issues.every(({ line, remedy }) => line > 0 && remedy !== ""));
  },
};

export const TEXTS: readonly Reader[] = [
  testPrompts,
  listing,
  layouts,
  config,
  diagnostics,
  ofMessage("snapshotMessage", jsonFiles(state), (message) => {
    const { stages, metrics } = parseRunState(message);
    assert.ok(stages.length <= MOST_STAGES);
    assert.equal(Object.getPrototypeOf(metrics), null);
  }),
  ofMessage("eventsMessage", jsonFiles(EVENTS), (message) => {
    const all = emptyRunState("demo-1");
    applyEvents(all, parseEvents(message));
    parseRunState(JSON.parse(JSON.stringify(all)));
  }),
  ofMessage("planOutput", jsonFiles(plan), readPlanOutput),
  ofMessage(
    "doctorOutput",
    jsonFiles({
      ...{ ok: true, findings: [{ name: "node", state: "ok", detail: "v24" }] },
      cluster: {
        ...{ address: "http://head:8265", version: "2.60.0", free: { cpus: 96, gpus: 3 } },
        machines: [{ count: 2, cpus: 96, gpus: 8, accelerator: "A100" }],
      },
    }),
    (message) => readDoctorOutput(message),
  ),
  ofMessage(
    "publishLine",
    jsonFiles(
      { kind: "upload", doneBytes: 1, totalBytes: 3, secondsLeft: 2 },
      { kind: "published", url: "https://hub/me/x", commit: "c", public: false, kept: ["a"] },
    ),
    (message) => readPublishLine(message),
  ),
  {
    name: "json",
    corpus: jsonFiles({ a: [1, { b: null }] }),
    errors: ["JsonError"],
    read: (input) => JSON.stringify(parseJson(input.toString())),
  },
  alarm,
];
