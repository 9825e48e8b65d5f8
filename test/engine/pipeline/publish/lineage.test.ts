import assert from "node:assert/strict";
import { parseConfig } from "../../../../engine/config/index.ts";
import { lineageList } from "../../../../engine/pipeline/publish/lineage.ts";
import { tiny } from "../tinyRun.ts";

const config = parseConfig(
  JSON.stringify(tiny({ arms: { ppo: {}, direct: { method: "dpo", reference: "soup", beta: 0.1 } } })),
  "tiny.salsa.json",
);

function lineage(product: string, of = config): string {
  const facts = { config: of, choices: [] } as unknown as Parameters<typeof lineageList>[0];
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

  it("goes by the models of the same values in a sweep", () => {
    const written = tiny({ sft: { steps: { grid: [3, 6] } }, reward: { epochs: { grid: [1, 2] } }, arms: { ppo: {} } });
    const text = lineage("ppo_sft.steps6_reward.epochs2", parseConfig(JSON.stringify(written), "tiny.salsa.json"));
    assert.match(
      text,
      /\n {2}- started at: `sft-1_sft\.steps6`, a supervised fine-tune, seed 1\n {4}- started at: `base`/,
    );
    const reward = "- rewarded by: `reward_sft.steps6_reward.epochs2`, a reward model, trained on the preferences";
    assert.ok(text.includes(`${reward}\n    - started at: \`sft-1_sft.steps6\``), text);
  });
});
