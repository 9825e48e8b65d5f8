import assert from "node:assert/strict";
import { importCheckOf } from "../../../../engine/cluster/trainer/importCheck.ts";
import { TRAINERS } from "../../../../engine/cluster/trainers.ts";

describe("the question whether a trainer can be imported", () => {
  for (const trainer of TRAINERS) {
    it(`is one line, in the quotes of a shell, for ${trainer.title}`, () => {
      assert.match(importCheckOf(trainer), /^python3 -c '[^'\n]+'$/);
    });
  }
});
