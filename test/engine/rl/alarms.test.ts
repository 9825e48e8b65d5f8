import assert from "node:assert/strict";

import { translatedSeen } from "../../../engine/protocol/alarmTexts.ts";
import { type Alarm, alarms, DETECTORS, type Metrics } from "../../../engine/rl/alarms.ts";

const healthy: Metrics = {
  "objective/kl": 3,
  "rollout/length": 20,
  "policy/entropy": 1.2,
  "policy/ratio": 1,
  "policy/skipped": 0,
  "objective/score": 1,
  "objective/scoreStd": 1,
  "objective/gold": 1,
};

/** Twelve iterations that drift from the healthy state to this one, linearly. */
const drift = (end: Metrics): Metrics[] =>
  Array.from({ length: 12 }, (_, step) =>
    Object.fromEntries(
      Object.entries(healthy).map(([metric, start]) => [
        metric,
        start + Math.min(step / 8, 1) * ((end[metric] ?? start) - start),
      ]),
    ),
  );

const CASES: Readonly<Record<string, Metrics>> = {
  nonFinite: { "objective/kl": NaN },
  negativeKl: { "objective/kl": -4 },
  lengthCollapse: { "rollout/length": 2, "objective/kl": 0.5 },
  gibberish: { "objective/kl": 80 },
  entropyCollapse: { "policy/entropy": 0.01 },
  // One of eight: its ratio of 40 leaves the mean over the iteration below 6.
  skippedMinibatch: { "policy/ratio": 5.9, "policy/skipped": 1 / 8 },
  rewardHacking: { "objective/score": 3, "objective/gold": 0.4 },
};

/** True if the catalogue has the text, so that it can be shown in another language. */
const isCatalogued = ({ name, seen }: Alarm): boolean =>
  translatedSeen({ name, message: seen }, () => "found") === "found";

describe("alarms", () => {
  it("stay silent over a healthy run and over no run", () => {
    assert.deepEqual(alarms(drift({ "objective/kl": 6, "rollout/length": 15 })), []);
    assert.deepEqual(alarms([]), []);
  });

  for (const { name } of DETECTORS) {
    it(`ring for ${name}, and say what is seen`, () => {
      const raised = alarms(drift(CASES[name] ?? {}));
      assert.deepEqual(
        raised.map((alarm) => alarm.name),
        [name],
      );
      assert.match(raised[0]?.seen ?? "", /\d|NaN/);
      assert.ok(raised.every(isCatalogued));
    });
  }

  it("ring when entropy doubles although KL is moderate", () => {
    const raised = alarms(drift({ "policy/entropy": 4 }));
    assert.deepEqual(
      raised.map((alarm) => alarm.name),
      ["gibberish"],
    );
    assert.ok(raised.every(isCatalogued));
  });

  it("wait with trends until the history has two windows", () => {
    assert.deepEqual(alarms(drift({ "rollout/length": 4 }).slice(5)), []);
  });

  const names = (history: readonly Metrics[]): string[] => alarms(history).map(({ name }) => name);
  /** Scores with jitter that no trend is seen in below 4 standard errors. */
  const scores = (score: (at: number) => number, gold?: (at: number) => number): Metrics[] =>
    Array.from({ length: 60 }, (_, at) => ({
      ...healthy,
      "objective/score": score(at) + 0.03 * Math.sin(7 * at),
      ...(gold === undefined
        ? { "objective/gold": undefined }
        : { "objective/gold": gold(at) + 0.03 * Math.cos(5 * at) }),
    })).map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as Metrics);

  it("ring for rewardHacking when gold falls below its peak, though not below its start", () => {
    const peak = (at: number): number => 1 + 0.4 * Math.min(at / 20, 1) - Math.max(0, at - 20) * 0.008;
    const history = scores((at) => 1 + at / 30, peak);
    assert.ok((history.at(-1)?.["objective/gold"] ?? 0) > 1);
    assert.deepEqual(names(history), ["rewardHacking"]);
    assert.match(
      alarms(history)[0]?.seen ?? "",
      /score rose from 1\.7\d to 2\.9\d while the gold score fell from 1\.[34]\d to 1\.1\d/,
    );
  });

  it("take a gold score that falls with the reward model's score for bad learning, not for hacking", () => {
    const falling = (at: number): number => 2 - at / 60;
    assert.deepEqual(names(scores(falling, falling)), []);
  });

  it("take jitter around a plateau for no trend", () => {
    const plateau = (at: number): number => Math.min(1, at / 10);
    for (let length = 1; length <= 60; length++) assert.deepEqual(names(scores(plateau, plateau).slice(0, length)), []);
  });

  it("without a gold score, ring for rewardHacking when the KL runs away under a risen score", () => {
    const run = (score: number, kl: number): Metrics[] =>
      scores((at) => 1 + (score * at) / 59).map((row, at) => ({ ...row, "objective/kl": (kl * at) / 59 }));
    assert.deepEqual(names(run(3, 15)), ["rewardHacking"], "0.7 nats a token, three deviations");
    assert.match(
      alarms(run(3, 15))[0]?.seen ?? "",
      /while the KL to the reference ran away to 14\.\d nats, 0\.7\d a token/,
    );
    assert.ok(alarms(run(3, 15)).every(isCatalogued));
    assert.deepEqual(names(run(1, 15)), [], "the score has hardly risen");
    assert.deepEqual(names(run(3, 8)), [], "the policy is near its reference");
    const known = run(3, 15).map((row) => ({ ...row, "objective/gold": 1 }));
    assert.deepEqual(names(known), [], "true quality is known to be as it was");
  });

  it("are not shaken by a history whose middle is missing, as after a resume", () => {
    const rising = scores(
      (at) => at / 30,
      (at) => at / 60,
    );
    assert.deepEqual(names([...rising.slice(0, 4), ...rising.slice(-4)]), []);
    const hacked = scores(
      (at) => at / 10,
      (at) => 1 - at / 60,
    );
    assert.deepEqual(names([...hacked.slice(0, 4), ...hacked.slice(-4)]), ["rewardHacking"]);
  });
});
