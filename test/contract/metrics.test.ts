import assert from "node:assert/strict";
import { METRICS } from "../../engine/protocol/catalogue.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";
import { type TinyRun, runTiny, tiny } from "../engine/pipeline/tinyRun.ts";

describe("metrics of a run", function () {
  this.timeout(120_000);
  let recorded: readonly Extract<TinyRun["events"][number], { kind: "metrics" }>[];

  before(() =>
    inTemporaryFolder(async (folder) => {
      const { events } = await runTiny(tiny({ arms: { ppo: {} }, rlhf: { iterations: 1 } }), folder);
      recorded = events.filter((event) => event.kind === "metrics");
    }),
  );

  it("are all in the catalogue, and all that is in the catalogue is recorded", () => {
    const names = new Set(recorded.flatMap(({ values }) => Object.keys(values)));
    assert.deepEqual([...names].sort(), METRICS.map(({ name }) => name).sort());
  });

  it("of one stage never go back in steps", () => {
    const last = new Map<string, number>();
    for (const { stage, step } of recorded) {
      assert.ok(step >= (last.get(stage) ?? 0), `${stage}: ${step} after ${last.get(stage) ?? 0}`);
      last.set(stage, step);
    }
  });
});
