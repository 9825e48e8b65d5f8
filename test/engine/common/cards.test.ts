import assert from "node:assert/strict";
import { cardsText, fitText, smallestCard } from "../../../engine/common/cards.ts";

const GIB = 2 ** 30;
const text = (...sizes: readonly (number | undefined)[]): string | undefined => {
  const stages = sizes.map((size, at) => ({ id: `stage-${at}`, cardBytes: size === undefined ? size : size * GIB }));
  return cardsText(stages, (id) => id.replace("stage-", "stage "));
};

describe("the cards that a run fits on", () => {
  it("are those of the stage that takes most", () => {
    assert.equal(
      text(1, 9, 3),
      "on a card: at most 9.0 GiB, in stage 1; too much for 8 GB, room on 16, 24, 48, 80 and 141 GB",
    );
    assert.equal(text(0.1), "on a card: at most 102.4 MiB, in stage 0; room on 8, 16, 24, 48, 80 and 141 GB");
    assert.match(text(100) ?? "", /too much for 8, 16, 24, 48 and 80 GB, room on 141 GB$/);
    assert.match(text(200) ?? "", /too much for 8, 16, 24, 48, 80 and 141 GB$/);
  });

  it("come with the host's memory that the largest savepoint takes", () => {
    const stages = [1, 3, 2].map((size, at) => ({ id: `stage-${at}`, cardBytes: GIB, savepointBytes: size * GIB }));
    assert.match(cardsText(stages, (id) => id) ?? "", /141 GB; savepoints take up to 3\.0 GiB of the host's memory$/);
  });

  it("are nothing where nothing is computed, or an older program has planned", () => {
    assert.equal(text(), undefined);
    assert.equal(text(0, 0), undefined);
    assert.equal(text(undefined), undefined);
  });

  it("have less for models than their name says", () => {
    assert.equal(smallestCard(7.2 * GIB), 8);
    assert.equal(smallestCard(7.9 * GIB), 16);
    assert.equal(smallestCard(77 * GIB), 80);
    assert.equal(smallestCard(79.9 * GIB), 141);
    assert.equal(smallestCard(140 * GIB), undefined);
  });
});

describe("a run that is too large for its card", () => {
  const text = (changes: readonly string[], size: number, fits: boolean): string | undefined =>
    fitText("cuda, L4", 24 * GIB, { changes, cardBytes: size * GIB, fits });

  it("says what to change, and what it then takes", () => {
    assert.equal(text([], 20, true), undefined);
    assert.equal(
      text(["runtime.gradientCheckpointing true", "rlhf.minibatchSize 2 with gradientAccumulation 4"], 20, true),
      "cuda, L4 has 23.4 GiB for models, which is too little: set runtime.gradientCheckpointing true, " +
        "rlhf.minibatchSize 2 with gradientAccumulation 4; it then takes 20.0 GiB",
    );
  });

  it("is refused where nothing helps, with the card that it needs", () => {
    assert.match(
      text(["a", "b"], 40, false) ?? "",
      /too little, whatever is set: nearest is a, b; it then takes 40\.0 GiB, for which a card of 48 GB is enough$/,
    );
    assert.match(text(["a"], 400, false) ?? "", /it then takes 400\.0 GiB, which no card of these sizes has$/);
  });
});
