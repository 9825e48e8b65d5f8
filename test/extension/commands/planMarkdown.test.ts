import assert from "node:assert/strict";
import type { PlanOutput } from "../../../engine/protocol/toolOutput.ts";
import { planMarkdown } from "../../../extension/commands/planMarkdown.ts";
import { planned, plannedBackend } from "../plannedStage.ts";

const GiB = 2 ** 30;
const cost = { parameters: 104_640, memoryBytes: 16 * 2 ** 20, estimatedSeconds: 32.5 };
const plan: PlanOutput = {
  name: "demo",
  stages: [
    planned("base", { ...cost, cached: true }),
    planned("soup", { parameters: 0, memoryBytes: 0, estimatedSeconds: 0.1 }),
    planned("ppo", { ...cost, estimatedSeconds: 185 }),
  ],
  peakMemoryBytes: 16 * 2 ** 20,
  secondsLeft: 185.1,
  backend: plannedBackend(),
};
const place = { file: "demo.salsa.json", memoryBytes: 8 * GiB };

describe("a plan for people", () => {
  const text = planMarkdown(plan, place);

  it("has a line for each stage, and one for all", () => {
    const rows = text.split("\n").filter((line) => line.startsWith("| "));
    assert.deepEqual(rows.slice(2), [
      "| base | cached | 104,640 | 16.0 MiB | – |",
      "| soup | to do | – | – | under 1 s |",
      "| ppo | to do | 104,640 | 16.0 MiB | 3 min |",
      "| **In all** | **2 to do** |  | **16.0 MiB at most** | **3 min** |",
    ]);
  });

  it("says where each stage of a run on a cluster is made", () => {
    const runsOn = (id: string): string => (id === "base" ? "OpenRLHF, 8 cards" : "Ray, 1 GPU");
    const stages = plan.stages.map((stage) => ({ ...stage, runsOn: runsOn(stage.id) }));
    const rows = planMarkdown({ ...plan, stages }, place)
      .split("\n")
      .filter((line) => line.startsWith("| "));
    assert.equal(rows[0], "| Stage | State | Made by | Parameters | Memory | Time |");
    assert.equal(rows[2], "| base | cached | OpenRLHF, 8 cards | 104,640 | 16.0 MiB | – |");
    assert.equal(rows.at(-1), "| **In all** | **2 to do** |  |  | **16.0 MiB at most** | **3 min** |");
  });

  it("shows the memory of the largest stage of each kind by role, without roles that none of them has", () => {
    const MiB = 2 ** 20;
    const stages = plan.stages.map((stage) => ({
      ...stage,
      ...(stage.id === "base" && { memoryByRole: { policy: 6 * MiB, activations: 10 * MiB } }),
      ...(stage.id === "ppo" && {
        kind: "rlhf",
        memoryByRole: { policy: 5 * MiB, reference: 5 * MiB, other: 6 * MiB },
      }),
    }));
    const rows = planMarkdown({ ...plan, stages }, place)
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .slice(-4);
    assert.deepEqual(rows, [
      "| Memory of | Policy | References | Activations | Other |",
      "| --- | ---: | ---: | ---: | ---: |",
      "| base | 6.0 MiB | – | 10.0 MiB | – |",
      "| ppo | 5.0 MiB | 5.0 MiB | – | 6.0 MiB |",
    ]);
    assert.ok(!text.includes("Memory of"), "nothing where it is not known");
  });

  it("says how much is made, and that it fits", () => {
    assert.match(text, /`demo\.salsa\.json`: 1 of 3 stages are cached/);
    assert.match(text, /It needs 226\.0 MiB of memory, including the process itself; this machine has 8\.0 GiB\./);
  });

  it("says so when everything is made", () => {
    const stages = plan.stages.map((one) => ({ ...one, cached: true }));
    assert.match(planMarkdown({ ...plan, stages, secondsLeft: 0 }, place), /every stage is cached/);
  });

  it("says what to do when the machine has not enough memory", () => {
    const text = planMarkdown({ ...plan, peakMemoryBytes: 3 * GiB }, { ...place, memoryBytes: 2 * GiB });
    assert.match(text, /\*\*This does not fit: it needs 3\.2 GiB .* this machine has 2\.0 GiB\.\*\* Make the model/);
  });

  it("gives the engine's advice where there is one, and lists what it says of prompts, checkpoint and data", () => {
    const advice = "wasm holds too little for ppo: set runtime.gradientCheckpointing to true";
    const counts = { read: 10, used: 9, validation: 1, unusable: {} };
    const text = planMarkdown(
      {
        ...{ ...plan, peakMemoryBytes: 80 * GiB, advice, prompts: "prompts as they stand", notes: ["a <b>note</b>"] },
        data: [{ kind: "sft", from: "sft.jsonl", ...counts }],
      },
      place,
    );
    assert.match(text, /\*\* wasm holds too little for ppo: set runtime\\?\.gradientCheckpointing to true/);
    assert.match(text, /^- prompts as they stand\n- a \S*b.*note.*\n- sft sft\\?\.jsonl: /m);
    assert.doesNotMatch(text, /<b>/);
  });

  it("says what to do when the wasm backend has not, on any machine", () => {
    const text = planMarkdown({ ...plan, peakMemoryBytes: 80 * GiB }, { ...place, memoryBytes: 999 * GiB });
    assert.match(text, /\*\*This does not fit: the wasm backend holds 4\.0 GiB, and a stage needs 80\.0 GiB\.\*\*/);
    const tfjs = { ...plan, peakMemoryBytes: 80 * GiB, backend: plannedBackend("tfjs") };
    assert.doesNotMatch(planMarkdown(tfjs, { ...place, memoryBytes: 999 * GiB }), /does not fit/);
  });
});
