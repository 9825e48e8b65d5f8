import assert from "node:assert/strict";
import type { PlannedStage } from "../../../../engine/protocol/toolOutput.ts";
import { memoryFindings, shortfallFindings, unreadableFinding } from "../../../../extension/config/analysis/memory.ts";
import { readTree } from "../../../../extension/config/analysis/tree.ts";
import { planned, plannedBackend } from "../../plannedStage.ts";
import { DATA, marked, TASK } from "./configs.ts";

const GIB = 1024 ** 3;

function stage(id: string, kind: string, more: Partial<PlannedStage> = {}): PlannedStage {
  const batchSetting = [kind, kind === "rlhf" ? "minibatchSize" : "batchSize"];
  return planned(id, { kind, batchSetting, memoryBytes: 6 * GIB, ...more });
}

function found(
  text: string,
  stages: readonly PlannedStage[],
  { backend = "wasm", machine = 64 * GIB }: { backend?: "wasm" | "tfjs"; machine?: number } = {},
): string[][] {
  const tree = readTree(text);
  return memoryFindings(tree, { stages, backend: plannedBackend(backend) }, machine).map((one) => [
    marked(text, one),
    one.message,
    one.remedy,
  ]);
}

const LOWER = "lower it, and raise gradientAccumulation to keep the effective batch size";

describe("memoryFindings", () => {
  it("say nothing where everything fits, or is made already", () => {
    const stages = [stage("sft-1", "sft", { memoryBytes: 3 * GIB }), stage("reward", "reward", { cached: true })];
    assert.deepEqual(found(`{ ${TASK} }`, stages), []);
  });

  it("sit on the arm's minibatchSize with the wasm backend's limit", () => {
    const text = `{ ${TASK}, "rlhf": { "minibatchSize": 64 }, "arms": { "a": { "minibatchSize": 128 } } }`;
    const message = "a needs an estimated 6.0 GiB of memory, and the wasm backend can use 4.0 GiB";
    assert.deepEqual(found(text, [stage("a", "rlhf")]), [["128", message, LOWER]]);
    const again = message.replace("a needs", "a (β 0.1), seed 2 needs");
    const seeds = [stage("seed-1/base", "base", { cached: true }), stage("seed-2/a (β 0.1)", "rlhf")];
    assert.deepEqual(found(text, seeds), [["128", again, LOWER]]);
  });

  it("sit on the section where the setting is not written, and on the preset that brings it", () => {
    const config = `{ ${TASK}, "rlhf": { "gamma": 1 } }`;
    assert.equal(found(config, [stage("ppo", "rlhf")])[0]?.[0], '{ "gamma": 1 }');
    assert.equal(found('{ "preset": "miniinstruct" }', [stage("sft-1", "sft")])[0]?.[0], '"miniinstruct"');
  });

  it("tell the machine's memory where that is less, or the backend has no limit", () => {
    const text = `{ ${TASK}, "sft": { "maxLength": 512 } }`;
    const small = found(text, [stage("sft-1", "sft", { memoryBytes: 3 * GIB })], { machine: 2 * GIB });
    assert.deepEqual(small, [
      ["512", "sft-1 needs an estimated 3.0 GiB of memory, and this machine has 2.0 GiB", LOWER],
    ]);
    assert.deepEqual(found(text, [stage("sft-1", "sft")], { backend: "tfjs" }), []);
    assert.match(found(text, [stage("sft-1", "sft")], { backend: "tfjs", machine: 5 * GIB })[0]?.[1] ?? "", /5\.0 GiB/);
  });

  it("blame the model where its weights alone are too much", () => {
    const text = `{ ${DATA} }`;
    const large = stage("sft-1", "sft", { parameters: 7e9, memoryBytes: 130 * GIB });
    assert.deepEqual(found(text, [large])[0]?.[0], '{ "checkpoint": "m" }');
    assert.equal(found(text, [large])[0]?.[2], "choose a smaller model");
  });

  it("sit on the setting that a stage of any kind names, and on the model for one that trains nothing", () => {
    const text = `{ ${DATA}, "reward": { "batchSize": 8 } }`;
    const distillation = stage("small", "distillation", { batchSetting: ["reward", "batchSize"] });
    assert.equal(found(text, [distillation])[0]?.[0], "8");
    const { batchSetting: _none, ...reading } = stage("ppo on mine", "answers");
    assert.deepEqual(
      found(text, [reading])[0]?.filter((_, at) => at !== 1),
      ['{ "checkpoint": "m" }', "choose a smaller model"],
    );
  });

  it("tell of each place once, by its largest stage", () => {
    const text = `{ ${TASK}, "sft": { "batchSize": 512 } }`;
    const stages = [5, 7, 6].map((size, at) => stage(`sft-${at}`, "sft", { memoryBytes: size * GIB }));
    assert.deepEqual(
      found(text, stages).map(([, message]) => message?.split(" ")[0]),
      ["sft-1"],
    );
  });
});

describe("unreadableFinding", () => {
  it("sits on the setting whose file the plan could not read", () => {
    const text = `{ ${DATA} }`;
    const files = [{ path: ["model", "checkpoint"], file: "/project/m" }];
    const finding = unreadableFinding(readTree(text), "/project/m/config.json: is not JSON; download it again", files);
    assert.ok(finding !== undefined);
    assert.equal(marked(text, finding), '"m"');
    assert.equal(unreadableFinding(readTree(text), "the engine does not start", files), undefined);
  });
});

describe("shortfallFindings", () => {
  const short = { path: ["reward", "pairs"], asked: 4000, there: 95, from: "/w/pairs.jsonl" };

  it("warn at the setting, with both numbers", () => {
    const text = `{ ${DATA}, "reward": { "pairs": 4000 } }`;
    const [finding] = shortfallFindings(readTree(text), [short]);
    assert.ok(finding !== undefined);
    assert.deepEqual([marked(text, finding), finding.severity, finding.code], ["4000", "warning", "fewRecords"]);
    assert.match(finding.message, /^reward\.pairs asks for 4,000, and \/w\/pairs\.jsonl has 95 for it/);
  });

  it("warn at the preset that asks, and not of a default", () => {
    const preset = '{ "preset": "miniinstruct" }';
    const found = shortfallFindings(readTree(preset), [short]);
    assert.deepEqual(
      found.map((one) => marked(preset, one)),
      ['"miniinstruct"'],
    );
    assert.deepEqual(shortfallFindings(readTree(`{ ${DATA} }`), [short]), []);
  });
});
