import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { ALARMS, alarmMessage, describeAlarm, kindsOf, seenOf } from "../../engine/protocol/alarms.ts";
import { alarmTexts, translatedAlarm, translatedSeen } from "../../engine/protocol/alarmTexts.ts";
import { METRICS } from "../../engine/protocol/catalogue.ts";
import { settingsRead } from "../../engine/config/algorithms/index.ts";
import { runConfigSchema } from "../../engine/config/schema.ts";
import { settingsOf } from "../../engine/config/walk.ts";
import { DETECTORS, type Metrics, alarms } from "../../engine/rl/alarms.ts";
import { inPig } from "./inPig.ts";

/** Raised by the run or its watchers, not from the metrics. */
const OTHERS = ["damaged", "stalled", "waiting"];

describe("the catalogue of alarms", () => {
  it("has each alarm that is detected, and no other, once", () => {
    const names = ALARMS.map(({ name }) => name);
    assert.deepEqual([...names].sort(), [...DETECTORS.map(({ name }) => name), ...OTHERS].sort());
  });

  const settings = new Set(settingsOf(runConfigSchema).map(({ path }) => path));
  for (const { name, label, why, actions, metrics } of ALARMS) {
    it(`says what ${name} is called, why it matters and what to try`, () => {
      assert.match(label, /^[A-Z].*[^.]$/);
      assert.match(why, /^[A-Z].{40,}\.$/);
      assert.ok(actions.length >= 2);
      for (const { text, settings: named } of actions) {
        assert.match(text, /^[A-Z].*[^.]$/);
        for (const path of named) assert.ok(settings.has(path), path);
      }
      for (const metric of metrics) assert.ok(METRICS.some((entry) => entry.name === metric));
    });

    it(`gives ${name} a message of what was seen and what to do, which can be told apart again`, () => {
      const message = alarmMessage(name, "KL is 3: high");
      assert.match(message, /^KL is 3: high: [a-z]/);
      assert.equal(seenOf({ name, message }), "KL is 3: high");
    });
  }

  // Each method's arms are trained by a stage of their own.
  for (const [kind, method] of [
    ["rlhf", "ppo"],
    ["dpo", "dpo"],
  ] as const) {
    it(`advises of ${kind} stages only what ${method} reads`, () => {
      for (const { name, metrics } of ALARMS) {
        const { actions } = describeAlarm(name, [kind]);
        assert.ok(actions.length > 0 || metrics.length === 0 || name === "skippedMinibatch", name);
        for (const path of actions.flatMap((action) => action.settings)) {
          const [section, key = ""] = path.split(".");
          if (section === "rlhf") assert.ok(settingsRead(method).has(key), `${name}: ${path}`);
        }
        const message = alarmMessage(name, "seen so", kind);
        assert.equal(seenOf({ name, message }), "seen so");
      }
    });
  }

  it("advises what helps any of the stages that raised an alarm", () => {
    const stages = [
      { id: "a", kind: "rlhf" },
      { id: "b", kind: "dpo" },
      { id: "a to rung 1", kind: "rung" },
    ];
    const settingsFor = (...ids: string[]): readonly string[] =>
      describeAlarm(
        "gibberish",
        kindsOf(
          ids.map((stage) => ({ stage })),
          stages,
        ),
      ).actions.flatMap((one) => one.settings);
    assert.ok(settingsFor("a").includes("rlhf.ppoEpochs") && !settingsFor("a").includes("rlhf.dpoEpochs"));
    assert.deepEqual(settingsFor("a to rung 1"), settingsFor("a"));
    assert.ok(settingsFor("b").includes("rlhf.dpoEpochs") && !settingsFor("b").includes("rlhf.ppoEpochs"));
    for (const ids of [["a", "b"], [""]]) assert.ok(settingsFor(...ids).includes("rlhf.ppoEpochs"));
  });

  it("numbers the values of what was seen as they stand", () => {
    for (const { seen } of ALARMS) {
      assert.ok(seen.length > 0);
      for (const text of seen) {
        const numbers = [...text.matchAll(/\{(\d+)\}/g)].map(([, number]) => Number(number));
        assert.deepEqual(
          numbers,
          numbers.map((_, at) => at),
          text,
        );
      }
    }
  });

  it("is put into another language as a whole, with its values in their places", () => {
    const { label, why, actions } = translatedAlarm("gibberish", inPig);
    assert.equal(label, "<Gibberish>");
    for (const text of [label, why, ...actions.map((action) => action.text)]) {
      assert.ok(alarmTexts().includes(text.slice(1, -1)), text);
    }
    const message = alarmMessage("stalled", "the run has reported nothing for 5 minutes, though its steps take 10 s");
    assert.equal(
      translatedSeen({ name: "stalled", message }, inPig),
      "<the run has reported nothing for {0}, though its steps take {1}|<{0} minutes|5>|<{0} s|10>>",
    );
  });

  it("lets an alarm of a newer version speak for itself", () => {
    assert.equal(
      translatedSeen({ name: "gibberish", message: "seen again" }, () => "?"),
      "seen again",
    );
    assert.equal(describeAlarm("later").label, "later");
    assert.equal(alarmMessage("later", "seen"), "seen");
    assert.equal(seenOf({ name: "later", message: "all of it" }), "all of it");
  });
});

describe("the detectors", () => {
  it("are silent over every iteration of a healthy demo", () => {
    // The run of examples/miniinstruct, by arm and metric.
    const file = new URL("./healthyDemo.json", import.meta.url);
    const arms = Object.entries(
      z.record(z.string(), z.record(z.string(), z.array(z.number()))).parse(JSON.parse(readFileSync(file, "utf8"))),
    );
    assert.equal(arms.length, 4);
    for (const [arm, series] of arms) {
      const history = Array.from({ length: 60 }, (_, at): Metrics => {
        const row = Object.entries(series).map(([metric, values]) => [metric, values[at] ?? NaN] as const);
        return Object.fromEntries(row);
      });
      for (let n = 1; n <= history.length; n++) assert.deepEqual(alarms(history.slice(0, n)), [], `${arm}, step ${n}`);
    }
  });
});
