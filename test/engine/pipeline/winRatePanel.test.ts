import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import type { Judge, JudgedAnswer } from "../../../engine/evaluation/judges/judge.ts";
import { judgingCost, judgingCostTexts } from "../../../engine/config/index.ts";
import { loadModel } from "../../../engine/pipeline/modelFolder.ts";
import { SilentJudge, judgedInTime } from "../../../engine/pipeline/patientJudging.ts";
import { watchSlice } from "../../../engine/pipeline/winRatePanel.ts";
import {
  type Script,
  type ScriptedServer,
  type Seen,
  chat,
  json,
  lastMessage,
  withServer,
} from "../serving/scriptedServer.ts";
import { ownData } from "./ownData.ts";
import {
  type TinyRun,
  type Written,
  artifactOf,
  computed,
  keysOf,
  metricOf,
  resolved,
  runTiny,
  tiny,
} from "./tinyRun.ts";

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

  it("goes by the run's own judge where that asks no language model", () => {
    const evaluation = { judge: "panel", panel: { members: ["gold", "reward"] } };
    const watched = resolved(tiny({ arms: { ppo: WATCHED }, evaluation }), os.tmpdir());
    assert.equal(watchSlice(watched, "ppo").watch?.judge.name, "panel");
  });

  it("goes by a score where no language model can be asked meanwhile: the editor's, or from a cluster", () => {
    const llm = { model: "m", baseUrl: "http://127.0.0.1:9/v1" };
    const judgeOf = (evaluation: Written, runtime: Written = {}): string | undefined => {
      const config = resolved(ppoRun(WATCHED, { evaluation, runtime }), folder);
      return watchSlice(config, "ppo").watch?.judge.name;
    };
    assert.equal(judgeOf({ judge: "llm", llm }), "llm");
    assert.equal(judgeOf({ judge: "llm", llm: { model: "vscode:copilot/gpt-4o" } }), "gold");
    assert.equal(judgeOf({ judge: "llm", llm }, { cluster: { address: "http://127.0.0.1:9" } }), "gold");
    assert.equal(judgeOf({ judge: "panel", panel: { members: ["gold", llm] } }), "panel");
    assert.equal(judgeOf({ judge: "reward" }), "reward");
    assert.deepEqual(watchSlice(watched.config, "sft-1"), {});
  });
});

describe("the win rate against the start by a language model", function () {
  this.timeout(240_000);
  const VARIABLE = "SALSA_TEST_API_KEY";
  const KEY = "sk-marker-0123456789-never-seen";
  let folder: string;
  before(async () => {
    process.env[VARIABLE] = KEY;
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-watch-llm-"));
  });
  after(async () => {
    delete process.env["SALSA_TEST_API_KEY"];
    await fs.rm(folder, { recursive: true });
  });

  /** Every policy moves a lot, so that its answers are others than its start's. */
  const judged = (baseUrl: string, evaluation: Written = {}, more: Written = {}): Written =>
    tiny({
      arms: { ppo: { ...WATCHED, evaluateEvery: 1, evaluatePrompts: 4, learningRate: 1e-2 } },
      evaluation: {
        ...{ prompts: 2, pairs: [["ppo", "sft-1"]], judge: "llm" },
        llm: { model: "judge-1", baseUrl, keyVariable: VARIABLE, maxTokens: 100 },
        ...evaluation,
      },
      ...more,
    });
  /** The answers in a pair-v2 prompt, by seat. */
  const seats = (seen: Seen): [a: string, b: string] => {
    const [a = "", b = ""] = ["A", "B"].map(
      (name) => lastMessage(seen).split(`[The Start of Assistant ${name}'s Answer]`)[1]?.split("[The End")[0] ?? "",
    );
    return [a, b];
  };
  const longer: Script = (seen, response) => {
    const [a, b] = seats(seen);
    json(response, chat(`[[${a.length === b.length ? "C" : a.length > b.length ? "A" : "B"}]]`));
  };
  const notesOf = ({ events }: TinyRun): string[] =>
    events.flatMap((event) =>
      event.kind === "note" && event.message.startsWith("no win rate") ? [event.message] : [],
    );
  const ratesOf = (run: TinyRun): (number | null)[] => metricOf(run, "ppo", RATE);
  const bodies = (server: ScriptedServer): string[] => server.seen.map(({ body }) => JSON.stringify(body));

  it("asks about both orders, as often as was said beforehand at most; a stop in its middle loses and repeats nothing", () =>
    withServer(longer, async (server) => {
      const written = judged(server.baseUrl);
      const whole = await runTiny(written, folder);
      assert.equal(ratesOf(whole).length, 3);
      const shown = server.seen.map(seats);
      assert.ok(
        shown.some(([a, b]) => a !== b),
        "some answers differ",
      );
      assert.ok(
        shown.every(([a, b]) => shown.some(([c, d]) => c === b && d === a)),
        "all are shown in both orders",
      );
      const [cost] = judgingCost(whole.config);
      assert.deepEqual([cost?.nWhileTraining, cost?.nCalls], [3 * 4 * 2, 3 * 4 * 2 + 2 * 2]);
      assert.ok(server.seen.length <= (cost?.nCalls ?? 0), `${server.seen.length} calls`);
      assert.match(judgingCostTexts(judgingCost(whole.config), 1)[0] ?? "", /28 requests to judge-1, 24 of them while/);
      assert.deepEqual(computed(await runTiny(written, folder)), [], "all is there");

      const stop = new AbortController();
      let nAnswered = 0;
      await withServer(
        (seen, response, index) => {
          // Of the second comparison one game is answered, and the others are under way.
          if (stop.signal.aborted || nAnswered < 3) {
            nAnswered += 1;
            return longer(seen, response, index);
          }
          stop.abort();
          return undefined;
        },
        async (other) => {
          const llm = {
            model: "judge-1",
            baseUrl: other.baseUrl,
            keyVariable: VARIABLE,
            maxTokens: 100,
            concurrency: 1,
          };
          const again = judged(other.baseUrl, { llm });
          const stopped = await runTiny(again, folder, { signal: stop.signal });
          assert.equal(stopped.status, "stopped");
          assert.equal(notesOf(stopped).length, 1);
          assert.match(notesOf(stopped)[0] ?? "", /judging was stopped/);
          const resumed = await runTiny(again, folder, { resume: stopped.id });
          assert.deepEqual([...ratesOf(stopped), ...ratesOf(resumed)], ratesOf(whole));
          const answered = bodies(other).toSpliced(3, 1);
          assert.deepEqual(answered.length, new Set(answered).size, "nothing that was answered is asked again");
          assert.deepEqual(new Set(answered), new Set(bodies(server)));
        },
      );
    }));

  it("has a gap and a note where the judge refuses, is down, or the budget is spent; training goes on, and no key is shown", async () => {
    const outcomes: [Script, RegExp][] = [
      [(seen, response) => json(response, { error: seen.headers.authorization }, 401), /refuses the key/],
      [(_, response) => json(response, {}, 503, { "retry-after": "3600" }), /has no time \(503\)/],
      [(_, response) => json(response, chat("I cannot say.")), /no verdict on any of 4 prompts/],
    ];
    for (const [script, message] of outcomes) {
      let isIll = false;
      await withServer(
        (seen, response, index) => (isIll ? script(seen, response, index) : longer(seen, response, index)),
        async ({ baseUrl }) => {
          const run = await runTiny(judged(baseUrl), folder, {
            onEvent: (event) => {
              if (event.kind === "progress" && event.stage === "ppo") isIll = event.step === 1;
            },
          });
          assert.equal(run.status, "finished");
          assert.equal(ratesOf(run).length, 2);
          assert.equal(notesOf(run).length, 1);
          assert.match(notesOf(run)[0] ?? "", message);
          assert.match(notesOf(run)[0] ?? "", /^no win rate at step 2: /);
          assert.ok(!JSON.stringify(run.events).includes(KEY));
        },
      );
    }
    await withServer(longer, async ({ baseUrl, seen }) => {
      const prices = { "judge-1": { input: 0, output: 1000 } };
      const run = await runTiny(judged(baseUrl, { prices, budget: 0.01 }), folder);
      assert.equal(seen.length, 0);
      assert.deepEqual(ratesOf(run), []);
      assert.equal(run.status, "stopped", "at the judgments");
      assert.equal(notesOf(run).length, 3);
      assert.match(notesOf(run)[0] ?? "", /the budget is spent/);
    });
  });

  it("is another training's curve with another prompt file, by which it asks", () =>
    withServer(longer, async ({ baseUrl, seen }) => {
      const llm = { ...{ model: "judge-1", baseUrl, keyVariable: VARIABLE }, protocol: "file", promptFile: "own.txt" };
      const run = async (text: string): Promise<TinyRun> => {
        await fs.writeFile(path.join(folder, "own.txt"), `${text} {question} {answer_a} {answer_b}`);
        return runTiny(judged(baseUrl, { llm }), folder);
      };
      const [a, b] = [await run("one"), await run("two")];
      assert.notEqual(keysOf(a).get("ppo"), keysOf(b).get("ppo"));
      assert.ok(seen.every((one) => /^(one|two) /.test(lastMessage(one))));
    }));
});

describe("judging that something waits for", () => {
  const pairs = [0, 1].map((id) => ({
    question: { id: String(id), prompt: [{ role: "user", content: "q" }] as const },
    ...{ a: answer("x"), b: answer("y") },
  }));

  function answer(text: string): JudgedAnswer {
    return { text, ended: true, nTokens: 1, scores: {} };
  }

  it("is given up when the judge is silent for long, or one game fails for all", async () => {
    const { signal } = new AbortController();
    const hanging = (ends: AbortSignal): Judge => ({
      concurrency: 4,
      play: () => new Promise((_, reject) => ends.addEventListener("abort", () => reject(ends.reason as Error))),
    });
    await assert.rejects(judgedInTime(pairs, hanging, { signal, longestSilenceMs: 20 }), SilentJudge);
    const failing = (ends: AbortSignal): Judge => {
      const hangs = hanging(ends);
      let n = 0;
      return { concurrency: 4, play: (game) => (++n === 3 ? Promise.reject(new Error("down")) : hangs.play(game)) };
    };
    await assert.rejects(judgedInTime(pairs, failing, { signal, longestSilenceMs: 60_000 }), /^Error: down$/);
  });
});
