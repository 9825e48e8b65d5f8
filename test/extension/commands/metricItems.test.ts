import assert from "node:assert/strict";
import { metricItems } from "../../../extension/commands/metricItems.ts";

describe("metrics to pick", () => {
  it("are those recorded, once, in the catalogue's order, with unknown ones last", async () => {
    const outlines = [
      { series: { ppo: { "rollout/length": 3, "objective/kl": 3 }, "sft-1": { "sft/loss": 9 } } },
      { series: { ppo: { "objective/kl": 5, "future/metric": 5 } } },
    ];
    const items = await metricItems(outlines);
    assert.deepEqual(
      items.map(({ metric }) => metric),
      ["objective/kl", "rollout/length", "sft/loss", "future/metric"],
    );
  });

  it("are shown by label, path, unit and what they mean", async () => {
    const [item] = await metricItems([{ series: { ppo: { "rollout/length": 3 } } }]);
    assert.equal(item?.label, "Response length");
    assert.equal(item.description, "rollout/length · tokens");
    assert.match(item.detail, /Mean tokens per response/);
  });
});
