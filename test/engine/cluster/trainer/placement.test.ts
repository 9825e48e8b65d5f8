import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { plannedBytes, trainingBytes } from "../../../../engine/cluster/trainer/memory.ts";
import { trainingCards } from "../../../../engine/cluster/trainer/cards.ts";
import { type StageToPlace, isSent, placeStage } from "../../../../engine/cluster/trainer/placement.ts";
import { openRlhf } from "../../../../engine/cluster/openrlhf/index.ts";
import { TRAINED_KINDS, type TrainedKind } from "../../../../engine/config/trainedKinds.ts";
import { trainerSchema } from "../../../../engine/config/trainer.ts";
import { fitTable } from "../../../../engine/cluster/trainer/fitTable.ts";

const LLAMA_7B: StageToPlace = {
  ...{ kind: "rlhf", parameters: 6.74e9, nLayers: 32, hiddenSize: 4096, vocabularySize: 32_000 },
  ...{ length: 2048, microBatchSize: 1, gradientCheckpointing: true, stepSize: 8 },
};
const trainer = trainerSchema.parse({});

describe("the place of a stage", () => {
  it("is this engine where it fits on one card", () => {
    const placement = placeStage({ ...LLAMA_7B, cardBytes: 12 * 2 ** 30 }, trainer);
    assert.deepEqual(placement, {
      trainer: "own",
      reason: "it takes 12 GB on one card, and a card of 80 GB holds that",
    });
  });

  it("is OpenRLHF on the fewest cards that hold it, where it does not", () => {
    const placement = placeStage(LLAMA_7B, trainer);
    assert.equal(placement.trainer, "openrlhf");
    assert.ok("place" in placement);
    assert.deepEqual(placement.place, { nodes: 1, cardsPerNode: 4, tensorParallel: 1, offload: false });
    assert.match(
      placement.reason,
      /^it takes 1\d\d GB on one card, more than a card of 80 GB holds; \d\d GB on each of 4 cards$/,
    );
    // By hand: 22 bytes a parameter on four cards are 34.5 GiB, and half as many more on two.
    assert.ok(trainingBytes(openRlhf, LLAMA_7B, { cards: 4, offload: false }) / 2 ** 30 > 34.5);
    assert.ok(trainingBytes(openRlhf, LLAMA_7B, { cards: 2, offload: false }) > plannedBytes(80));
  });

  it("is what the config says", () => {
    assert.equal(placeStage(LLAMA_7B, { ...trainer, use: "own" }).trainer, "own");
    const small = { ...LLAMA_7B, parameters: 1e8, nLayers: 12, hiddenSize: 768 };
    assert.equal(placeStage(small, { ...trainer, use: "openrlhf" }).trainer, "openrlhf");
  });

  it("is what the config says for its kind of stage, and left to its size for others", () => {
    const use = { sft: "auto", reward: "own", rlhf: "openrlhf" } as const;
    const of = (kind: TrainedKind): string => {
      const { trainer: by, reason } = placeStage({ ...LLAMA_7B, kind, cardBytes: 12 * 2 ** 30 }, { ...trainer, use });
      return `${by}: ${reason.split(";")[0] ?? ""}`;
    };
    assert.deepEqual(TRAINED_KINDS.map(of), [
      "own: it takes 12 GB on one card, and a card of 80 GB holds that",
      'own: runtime.cluster.trainer.use.reward is "own"',
      'openrlhf: runtime.cluster.trainer.use.rlhf is "openrlhf"',
    ]);
  });

  it("is nowhere, with the remedy, where cards or the batch are too few", () => {
    const large = { ...LLAMA_7B, parameters: 70e9, nLayers: 80, hiddenSize: 8192 };
    const few = placeStage({ ...large, stepSize: 64 }, trainer);
    assert.equal(few.trainer, "none");
    assert.ok("remedy" in few && few.remedy.includes("runtime.cluster.trainer.nodes"), JSON.stringify(few));
    const narrow = placeStage({ ...large, stepSize: 4 }, { ...trainer, nodes: 8 });
    assert.ok(
      "remedy" in narrow && narrow.remedy.startsWith("make the step a multiple of the cards"),
      JSON.stringify(narrow),
    );
    assert.match(narrow.reason, /a step of 4 sequences can be dealt out to 4$/);
    assert.equal(placeStage({ ...large, stepSize: 64 }, { ...trainer, nodes: 8 }).trainer, "openrlhf");
  });

  it("always deals the step out evenly, and never takes more than there is", () => {
    const sizes = fc.record({
      parameters: fc.double({ min: 1e7, max: 1e11, noNaN: true }),
      stepSize: fc.integer({ min: 1, max: 256 }),
      nodes: fc.integer({ min: 1, max: 8 }),
      cardsPerNode: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(sizes, ({ parameters, stepSize, nodes, cardsPerNode }) => {
        const placement = placeStage(
          { ...LLAMA_7B, parameters, stepSize },
          { ...trainer, use: "openrlhf", nodes, cardsPerNode },
        );
        if (placement.trainer !== "openrlhf") return placement.trainer === "none";
        const { place } = placement;
        const cards = place.nodes * place.cardsPerNode;
        const held = trainingBytes(openRlhf, { ...LLAMA_7B, parameters }, { cards, offload: place.offload });
        return (
          stepSize % cards === 0 &&
          cards % place.tensorParallel === 0 &&
          place.nodes <= nodes &&
          held <= plannedBytes(80)
        );
      }),
    );
  });

  it("is Molt where the config says so: cards that train, some that sample, and one that scores", () => {
    const placement = placeStage(LLAMA_7B, { ...trainer, use: "molt" });
    assert.equal(placement.trainer, "molt");
    assert.ok(isSent(placement));
    // By hand: 36 bytes a parameter are 226 GiB, so that a step of 8 goes to 4 cards; 12.6 GiB of weights fit on one to sample.
    assert.deepEqual(placement.place, { nodes: 1, cardsPerNode: 6, tensorParallel: 1, offload: false });
    assert.equal(trainingCards(placement.place), 4);
    assert.match(placement.reason, /is "molt"; 6\d GB on each of 4 cards, 1 card to sample and one to score$/);
    const sft = placeStage({ ...LLAMA_7B, kind: "sft" }, { ...trainer, use: "molt" });
    assert.ok(isSent(sft));
    assert.deepEqual(sft.place, { nodes: 1, cardsPerNode: 2, tensorParallel: 1, offload: false });
    // Of five cards, two train, which takes Adam's moments off them.
    const few = placeStage(LLAMA_7B, { ...trainer, use: "molt", cardsPerNode: 5 });
    assert.ok(isSent(few));
    assert.deepEqual([trainingCards(few.place), few.place.offload], [2, true]);
    assert.equal(placeStage(LLAMA_7B, { ...trainer, use: "molt", cardsPerNode: 3 }).trainer, "none");
  });

  it("is by size for a reward model where the config says Molt, which has no program for it", () => {
    const reward = { ...LLAMA_7B, kind: "reward" } as const;
    const use = { ...trainer, use: "molt" } as const;
    assert.deepEqual(placeStage({ ...reward, cardBytes: 12 * 2 ** 30 }, use), {
      trainer: "own",
      reason: "Molt trains no such models, and it takes 12 GB on one card, and a card of 80 GB holds that",
    });
    const large = placeStage(reward, use);
    assert.equal(large.trainer, "openrlhf");
    assert.match(large.reason, /^Molt trains no such models, and it takes \d+ GB on one card, more than/);
  });

  it("is in the table of the documentation, as computed", () => {
    const page = readFileSync(new URL("../../../../engine/cluster/openrlhf/README.md", import.meta.url), "utf8");
    const overview = readFileSync(new URL("../../../../engine/cluster/README.md", import.meta.url), "utf8");
    for (const [kind, text] of [
      ["rlhf", page],
      ["sft", page],
      ["rlhf", overview],
    ] as const) {
      const { columns, rows } = fitTable(kind, 80);
      const lines = [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
      assert.ok(squeezed(text).includes(lines.join("\n")), kind);
    }
  });
});

/** As prettier aligns tables, and back. */
function squeezed(table: string): string {
  return table.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
}
