import assert from "node:assert/strict";
import { join } from "node:path";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { emptyRunState } from "../../../engine/protocol/runState.ts";
import type { RunOutline } from "../../../engine/protocol/service.ts";
import { ServiceClient } from "../../../extension/engine/serviceClient.ts";
import { type ArmLine, armDescription, candidateLines } from "../../../extension/runs/arms.ts";
import { RunDetail, stageDescription } from "../../../extension/runs/detail.ts";
import { RunDetails } from "../../../extension/runs/details.ts";
import { lastValue } from "../../../extension/runs/series.ts";
import { DEMO_MS, demoFolder } from "../demoRun.ts";
import { stageState } from "../../engine/protocol/stageStates.ts";
import { ScriptedService } from "../scriptedService.ts";
import { salsaProgram } from "../../program.ts";

const ENGINE = salsaProgram();

const { metrics: _, ...state } = emptyRunState("demo");
const running: RunOutline = { ...state, status: "running", folder: "/r/demo", series: {} };
const finished: RunOutline = { ...running, status: "finished" };

describe("RunDetails of the demo", () => {
  it("opens out into its arms with their last values, its stages and its models", async function () {
    this.timeout(DEMO_MS);
    const folder = join(demoFolder(), ".salsa/runs/demo-1");
    const client = new ServiceClient({
      client: "test",
      isTrusted: () => true,
      runtime: () => Promise.resolve({ node: process.execPath, main: ENGINE, env: process.env, isOwnNode: false }),
      onText: () => undefined,
      onLog: () => undefined,
      onGiveUp: () => undefined,
    });
    const details = new RunDetails(client, () => undefined);
    const { arms, detail, models } = await details.open(folder);
    assert.deepEqual(
      arms.map(({ name }) => name),
      ["ppo", "salsa", "salsa-3", "mkl"],
    );
    const [, salsa] = arms;
    assert.ok(salsa);
    assert.match(armDescription(salsa, detail), /^ref soup · β 0\.2 · score \d\.\d+ · KL \d\.\d+$/);
    assert.ok(detail.stages.every((stage) => stageDescription(stage) !== ""));
    assert.ok(models.some(({ name, isPolicy }) => name === "salsa" && isPolicy));
    assert.ok(models.some(({ name, isPolicy }) => name === "reward" && !isPolicy));
    assert.equal(details.isUnfollowed(folder), true);
    details.dispose();
    client.dispose();
  });
});

describe("RunDetails", () => {
  const script = (outline: RunOutline): ScriptedService =>
    new ScriptedService({
      outline: () => Promise.resolve(outline),
      follow: () => Promise.resolve(outline),
      unfollow: () => Promise.resolve({}),
      models: () => Promise.resolve([]),
    });
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it("follows a run at work while it is open, once however often it is asked for", async () => {
    const service = script(running);
    const details = new RunDetails(service, () => undefined);
    await Promise.all([details.open("/r/demo"), details.open("/r/demo")]);
    details.close("/r/demo");
    await settled();
    assert.equal(service.asked.filter((one) => one === "follow /r/demo").length, 1);
    assert.equal(service.asked.filter((one) => one === "unfollow /r/demo").length, 1);
  });

  it("unfollows a run that is closed before it has come", async () => {
    const service = script(running);
    const details = new RunDetails(service, () => undefined);
    const opening = details.open("/r/demo");
    details.close("/r/demo");
    await opening;
    await settled();
    assert.ok(service.asked.includes("unfollow /r/demo"));
  });

  it("does not follow a run that has ended", async () => {
    const service = script(finished);
    const details = new RunDetails(service, () => undefined);
    await details.open("/r/demo");
    details.dispose();
    await settled();
    assert.ok(!service.asked.some((one) => one.includes("follow")));
    assert.equal(service.nListeners, 0);
  });

  it("asks again for a run that could not be read", async () => {
    let isBroken = true;
    const service = new ScriptedService({
      outline: () => (isBroken ? Promise.reject(new Error("unreadable")) : Promise.resolve(finished)),
    });
    const details = new RunDetails(service, () => undefined);
    await assert.rejects(details.open("/r/demo"), /unreadable/);
    isBroken = false;
    assert.deepEqual((await details.open("/r/demo")).models, []);
  });

  it("goes on with events, and tells of it", async () => {
    const service = script(running);
    let told = 0;
    const details = new RunDetails(service, () => told++);
    const { detail } = await details.open("/r/demo");
    service.notify("runEvents", { folder: "/r/demo", events: [started(0), metrics(1, 0.5)] });
    service.notify("runEvents", { folder: "/r/other", events: [started(0)] });
    await settled();
    assert.equal(detail.stages[0]?.status, "running");
    assert.equal(detail.valuesOf("ppo")["objective/kl"], 0.5);
    assert.equal(told, 1);
  });
});

describe("RunDetail", () => {
  it("passes over events that it has seen, and keeps the newest finite value", () => {
    const detail = new RunDetail({ ...running, nextSequence: 1 });
    detail.apply([metrics(0, 9), metrics(1, 0.5), metrics(2, null)]);
    assert.equal(detail.valuesOf("ppo")["objective/kl"], 0.5);
  });

  it("prefers what events have brought to the end of a curve that comes later", () => {
    const detail = new RunDetail(running);
    detail.apply([metrics(0, 0.7)]);
    const values = Buffer.from(new Float64Array([0.1, NaN]).buffer).toString("base64");
    detail.takeSeries([{ stage: "ppo", metric: "objective/kl", length: 2, axis: 0, values }]);
    assert.equal(detail.valuesOf("ppo")["objective/kl"], 0.7);
  });
});

describe("an arm with several β", () => {
  const arm: ArmLine = { name: "salsa", reference: ["soup"], betas: [0.1, 0.4] };
  const ids = arm.betas.flatMap((beta) => [`salsa (β ${beta})`, `salsa (β ${beta}) on validation`]);
  const seeded = (seed: number): readonly string[] => [...ids, "salsa"].map((id) => `seed-${seed}/${id}`);
  const stages = [...seeded(1), ...seeded(2)].map((id) => stageState(id));

  function detailOf(...records: readonly (readonly [stage: string, metric: string, value: number])[]): RunDetail {
    const detail = new RunDetail({ ...running, stages });
    detail.apply(
      records.map(([stage, metric, value], sequence) => {
        return { kind: "metrics", stage, step: 1, values: { [metric]: value }, time: 0, sequence };
      }),
    );
    return detail;
  }

  it("has no score until its β is chosen", () => {
    const detail = detailOf(["seed-1/salsa (β 0.1)", "objective/score", 1]);
    assert.equal(armDescription(arm, detail), "ref soup · β 0.1, 0.4");
    assert.deepEqual(candidateLines(arm, detail), []);
  });

  it("has the mean of the chosen candidates' values, and tells how all were scored", () => {
    const detail = detailOf(
      ["seed-1/salsa (β 0.1)", "objective/kl", 9],
      ["seed-1/salsa (β 0.4)", "objective/kl", 1],
      ["seed-2/salsa (β 0.4)", "objective/kl", 2],
      ["seed-1/salsa (β 0.1) on validation", "validation/score", 0.5],
      ["seed-1/salsa (β 0.4) on validation", "validation/score", 0.75],
      ["seed-1/salsa", "choice/beta", 0.4],
      ["seed-2/salsa", "choice/beta", 0.4],
      // By the judge, which the gold scores of the answers above may contradict.
      ["seed-2/salsa", "choice/score/0.1", 0.25],
      ["seed-2/salsa", "choice/score/0.4", 0.5],
    );
    assert.equal(armDescription(arm, detail), "ref soup · β 0.4 of 0.1, 0.4 · KL 1.50");
    assert.deepEqual(candidateLines(arm, detail), [
      "Seed 1. Validation score: β 0.1: 0.50, β 0.4: 0.75 (chosen)",
      "Seed 2. Validation score: β 0.1: 0.25, β 0.4: 0.50 (chosen)",
    ]);
  });
});

describe("stageDescription", () => {
  it("names the run that a cached stage is from, where it is known", () => {
    const cached = stageState("ppo", { title: "RLHF", status: "cached" });
    assert.equal(stageDescription(cached), "RLHF · from an earlier run");
    assert.equal(stageDescription({ ...cached, from: { run: "demo-1", folder: "/r/demo-1" } }), "RLHF · from demo-1");
  });
});

describe("lastValue", () => {
  it("is the last that is finite", () => {
    const pack = (...values: readonly number[]) => ({
      values: Buffer.from(Float64Array.from(values).buffer).toString("base64"),
    });
    assert.equal(lastValue(pack(1, 2.5, NaN)), 2.5);
    assert.equal(lastValue(pack(NaN)), undefined);
    assert.equal(lastValue(pack()), undefined);
  });
});

function started(sequence: number): RunEvent {
  return { kind: "stageStarted", stage: "ppo", key: "k", name: "RLHF", cached: false, time: 0, sequence };
}

function metrics(sequence: number, kl: number | null): RunEvent {
  return { kind: "metrics", stage: "ppo", step: sequence, values: { "objective/kl": kl }, time: 0, sequence };
}
