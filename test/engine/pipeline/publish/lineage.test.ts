import assert from "node:assert/strict";
import { parseConfig } from "../../../../engine/config/index.ts";
import { lineageList } from "../../../../engine/pipeline/publish/lineage.ts";
import { tiny } from "../tinyRun.ts";

const config = parseConfig(
  JSON.stringify(tiny({ arms: { ppo: {}, direct: { method: "dpo", reference: "soup", beta: 0.1 } } })),
  "tiny.salsa.json",
);

function lineage(product: string): string {
  const facts = { config, choices: [] } as unknown as Parameters<typeof lineageList>[0];
  return lineageList(facts, { product, kind: "rlhf", folder: "" });
}

describe("a model's lineage", () => {
  it("says of an arm that PPO trained what rewarded it", () => {
    assert.match(lineage("ppo"), /^- `ppo`, PPO against one reference\n/);
    assert.match(lineage("ppo"), /\n {2}- rewarded by: `reward`/);
  });

  it("says of an arm that DPO trained that it was, and names no reward model, which it has not seen", () => {
    assert.match(lineage("direct"), /^- `direct`, DPO on preference pairs against one reference\n/);
    assert.match(lineage("direct"), /\n {2}- held to: `soup`/);
    assert.doesNotMatch(lineage("direct"), /reward/);
  });
});
