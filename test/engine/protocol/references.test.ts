import assert from "node:assert/strict";
import { describeMetric } from "../../../engine/protocol/catalogue.ts";
import { withReferences } from "../../../engine/protocol/references.ts";
import { configOf } from "../../webview/recording.ts";

describe("the title of a metric that is measured against a reference", () => {
  const kl = describeMetric("objective/kl");

  it("names the one that all arms share, or each arm's own", () => {
    const shared = configOf({ arms: { a: { reference: "soup" }, b: { reference: "soup" } } });
    assert.equal(withReferences(kl, [shared]).label, "KL to soup");
    const own = configOf({ arms: { ppo: { reference: "sft-1" }, mkl: { reference: ["sft-1", "sft-2"] } } });
    assert.equal(withReferences(kl, [own]).label, "KL to reference (ppo: sft-1; mkl: sft-1 + sft-2)");
  });

  it("names every reference that an arm has in several runs, whichever comes last", () => {
    const soup = configOf({ arms: { salsa: { reference: "soup" } } });
    const sft = configOf({ arms: { salsa: { reference: "sft-1" } } });
    assert.equal(withReferences(kl, [soup, sft]).label, "KL to reference (salsa: soup / sft-1)");
    const more = configOf({ arms: { ppo: { reference: "sft-1" }, salsa: { reference: "sft-1" } } });
    assert.equal(withReferences(kl, [soup, more]).label, "KL to reference (salsa: soup / sft-1; ppo: sft-1)");
  });

  it("is as ever for other metrics, and until a config is read", () => {
    const score = describeMetric("objective/score");
    assert.equal(withReferences(score, [configOf()]), score);
    assert.equal(withReferences(kl, []), kl);
  });
});
