import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { loadModel } from "../../../engine/pipeline/modelFolder.ts";
import { watchSlice } from "../../../engine/pipeline/winRatePanel.ts";
import { ownData } from "./ownData.ts";
import { type TinyRun, type Written, artifactOf, keysOf, metricOf, resolved, runTiny, tiny } from "./tinyRun.ts";

const RATE = "evaluation/winRate";
const WATCHED = { evaluateEvery: 2, evaluatePrompts: 12 };

/** A run of PPO alone. */
function ppoRun(arm: Written, more: Written = {}): Written {
  return tiny({ arms: { ppo: arm }, evaluation: { prompts: 4, pairs: [["ppo", "sft-1"]] }, ...more });
}

describe("the win rate against the start while PPO learns", function () {
  this.timeout(240_000);
  let folder: string;
  let watched: TinyRun;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-watch-"));
    watched = await runTiny(ppoRun(WATCHED), folder);
  });
  after(() => fs.rm(folder, { recursive: true }));

  it("is recorded every n iterations and after the last, with its interval around it", () => {
    const steps = watched.events.flatMap((event) =>
      event.kind === "metrics" && event.stage === "ppo" && RATE in event.values ? [event.step] : [],
    );
    assert.deepEqual(steps, [2, 3]);
    const [rates, lows, highs] = [RATE, `${RATE}Low`, `${RATE}High`].map((name) => metricOf(watched, "ppo", name));
    for (const [at, rate] of (rates ?? []).entries()) {
      const [low, high] = [lows?.[at] ?? NaN, highs?.[at] ?? NaN];
      assert.ok(
        typeof rate === "number" && low >= 0 && low <= rate && rate <= high && high <= 1,
        `${low} ${rate} ${high}`,
      );
    }
  });

  it("leaves the policy's bytes and every other metric as they are without it", async () => {
    const plain = await runTiny(ppoRun({}), folder);
    assert.deepEqual(metricOf(plain, "ppo", RATE), []);
    assert.notEqual(keysOf(plain).get("ppo"), keysOf(watched).get("ppo"), "both were trained");
    const [a, b] = [await loadModel(artifactOf(plain, "ppo")), await loadModel(artifactOf(watched, "ppo"))];
    for (const [name, { data }] of a.weights) assert.deepEqual(b.weights.get(name)?.data, data, name);
    for (const metric of ["objective/kl", "objective/score", "objective/gold", "loss/total", "policy/gradNorm"])
      assert.deepEqual(metricOf(plain, "ppo", metric), metricOf(watched, "ppo", metric), metric);
    const off = await runTiny(ppoRun({ evaluateEvery: 0 }), folder);
    assert.equal(keysOf(off).get("ppo"), keysOf(plain).get("ppo"), "off changes no key");
  });

  it("is one half where the policy stays as it starts, for both draw alike", async () => {
    const still = await runTiny(ppoRun({ ...WATCHED, learningRate: 1e-12 }), folder);
    assert.deepEqual(metricOf(still, "ppo", RATE), [0.5, 0.5]);
  });

  it("stopped in the middle and resumed, goes on with the start's answers: same bytes, same curve", async () => {
    const written = ppoRun(
      { ...WATCHED, evaluateEvery: 1 },
      { rlhf: { iterations: 4 }, runtime: { checkpointEvery: 10 } },
    );
    const whole = await runTiny(written, path.join(folder, "whole"));
    const stop = new AbortController();
    const root = path.join(folder, "stopped");
    const stopped = await runTiny(written, root, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "progress" && event.stage === "ppo" && event.step === 2) stop.abort();
      },
    });
    assert.equal(stopped.status, "stopped");
    const resumed = await runTiny(written, root, { resume: stopped.id });
    const later = metricOf(resumed, "ppo", RATE);
    assert.equal(later.length, 2);
    assert.deepEqual(metricOf(whole, "ppo", RATE).slice(2), later);
    const [a, b] = [await loadModel(artifactOf(whole, "ppo")), await loadModel(artifactOf(resumed, "ppo"))];
    for (const [name, { data }] of a.weights) assert.deepEqual(b.weights.get(name)?.data, data, name);
  });

  it("goes by the reward model on data of one's own, with adapters over one base, too", async () => {
    const place = path.join(folder, "own");
    await fs.mkdir(place);
    const written = await ownData(place);
    const own = await runTiny(
      {
        ...written,
        model: { ...(written["model"] as Written), lora: { rank: 2, alpha: 4 } },
        rlhf: { ...(written["rlhf"] as Written), ...WATCHED, evaluatePrompts: 4, learningRate: 1e-2 },
        arms: { ppo: {} },
      },
      place,
    );
    const rates = metricOf(own, "ppo", RATE);
    assert.equal(rates.length, 2);
    for (const rate of rates) assert.ok(typeof rate === "number" && rate >= 0 && rate <= 1);
  });

  it("asks no language model: the task's score stands in, and elsewhere the reward model", () => {
    const llm = { model: "m", baseUrl: "http://127.0.0.1:9/v1" };
    const judgeOf = (evaluation: Written): string | undefined => {
      const config = resolved(ppoRun(WATCHED, { evaluation }), folder);
      return watchSlice(config, "ppo").watch?.judge.name;
    };
    assert.equal(judgeOf({ judge: "llm", llm }), "gold");
    assert.equal(judgeOf({ judge: "reward" }), "reward");
    assert.deepEqual(watchSlice(watched.config, "sft-1"), {});
  });
});
