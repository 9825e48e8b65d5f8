import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { RunRollouts } from "../../../../engine/server/service/rollouts.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

const ROLLOUT = { stage: "ppo", step: 1, prompt: "p", response: "r", ended: true, score: 1, tokens: [], logprobs: [] };

/** The page of all rollouts, which is there in tenths of the seconds that it may take. */
async function pageOf(
  samples: Iterable<object>,
): Promise<{ readonly total: number; readonly columns: readonly string[] }> {
  return inTemporaryFolder(async (folder) => {
    const lines = Array.from(samples, (sample) => `${JSON.stringify({ ...ROLLOUT, ...sample })}\n`);
    await fs.writeFile(path.join(folder, "samples.jsonl"), lines.join(""));
    const before = process.cpuUsage();
    const page = await (
      await new RunRollouts(folder).current()
    ).page({ folder, source: { kind: "rollouts" }, offset: 0, limit: 1 });
    const ms = process.cpuUsage(before).user / 1000;
    assert.ok(ms < 10_000, `took ${Math.round(ms)} ms`);
    return page;
  });
}

function* times(n: number, of: (at: number) => object): Generator<object> {
  for (let at = 0; at < n; at++) yield of(at);
}

describe("rollouts that no training writes", () => {
  it("are listed in seconds, though their steps go back 100,000 times", async () => {
    const { total } = await pageOf(
      times(200_000, (at) => ({ step: 1 + (at % 2), prompt: `p${at}`, response: `r${at}` })),
    );
    assert.ok(total > 0);
  });

  it("are listed in seconds, though one prompt has 100,000 responses in a step", async () => {
    const { total } = await pageOf(times(100_000, (at) => ({ response: `r${at}` })));
    assert.equal(total, 100_000);
  });

  it("have a thousand stages at most, and take no room for the rest", async () => {
    const { columns } = await pageOf(times(50_000, (at) => ({ stage: `s${at}`, prompt: `p${at}` })));
    assert.equal(columns.length, 1000);
  });

  it("with steps so large that they would be mistaken for others are left out", async () => {
    const { total } = await pageOf([{ step: 1 }, { step: 2 ** 27 }, { step: Number.MAX_SAFE_INTEGER }]);
    assert.equal(total, 1);
  });
});
