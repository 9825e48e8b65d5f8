import assert from "node:assert/strict";
import type { ModelArtifact } from "../../../engine/protocol/service.ts";
import { checkpointGroups } from "../../../extension/commands/checkpointItems.ts";

const model = (name: string, given: Partial<ModelArtifact> = {}): ModelArtifact => ({
  ...{ name, product: name, kind: "sft" },
  folder: `/artifacts/${name}`,
  exists: true,
  bytes: 420_000,
  isPolicy: true,
  ...given,
});
const isPolicy = (one: ModelArtifact): boolean => one.isPolicy;

describe("checkpoints to pick", () => {
  it("are listed once, under the newest run that has them", () => {
    const runs = [
      { id: "demo-2", models: [model("sft-1"), model("ppo")] },
      { id: "demo-1", models: [model("sft-1"), model("old")] },
    ];
    const groups = checkpointGroups(runs, isPolicy).map(({ heading, items }) => [
      heading,
      items.map(({ label, description }) => `${label}, ${description}`),
    ]);
    assert.deepEqual(groups, [
      ["Models of demo-2", ["sft-1, 420 kB", "ppo, 420 kB"]],
      ["Models of demo-1", ["old, 420 kB"]],
    ]);
  });

  it("leave out what is gone and what does not fit, and runs that have nothing else", () => {
    const runs = [
      { id: "a", models: [model("gone", { exists: false }), model("reward", { isPolicy: false })] },
      { id: "b", models: [] },
    ];
    assert.deepEqual(checkpointGroups(runs, isPolicy), []);
  });

  it("carry the folder and the name that people know it by", () => {
    const [group] = checkpointGroups(
      [{ id: "a", models: [model("sft-1", { folder: "/artifacts/sft-9f3c" })] }],
      isPolicy,
    );
    assert.deepEqual(group?.items[0]?.checkpoint, { folder: "/artifacts/sft-9f3c", name: "sft-1" });
  });
});
