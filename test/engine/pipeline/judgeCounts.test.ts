import assert from "node:assert/strict";
import { JudgeCounts } from "../../../engine/pipeline/judgeCounts.ts";
import type { ComparisonRecord } from "../../../engine/storage/formats/comparisons.ts";
import { resolved, tiny } from "./tinyRun.ts";

type Votes = NonNullable<ComparisonRecord["votes"]>;

/** Sentences on the agreement of a panel whose members said this, a list of verdicts for each game. */
function notesOf(votes: Votes): readonly string[] {
  const counts = new JudgeCounts();
  const same = votes.filter(([first, ...others]) => others.every((one) => one === first)).length;
  counts.counted([{ prompt: "0", outcome: "tie", agreement: same / votes.length, votes }]);
  return counts.notes(resolved(tiny(), "/p"));
}

describe("what a table says of a panel's agreement", () => {
  it("has Krippendorff's α, whose verdicts are in order: a tie is nearer to a win than a loss is", () => {
    // Two raters, values 0 0 1 2 against 0 1 1 2: D_o and D_e by hand from the ordinal distances, as of Krippendorff (2011).
    const votes: Votes = [
      ["b", "b"],
      ["b", "tie"],
      ["tie", "tie"],
      ["a", "a"],
    ];
    const [note = ""] = notesOf(votes);
    // Of 8 values 3, 3 and 2: distances 3² = 9, 5.5² = 30.25, 2.5² = 6.25; D_o = 2·9/8; D_e = 2·(9·9 + 6·30.25 + 6·6.25)/56.
    const alpha = 1 - 18 / 8 / ((2 * (9 * 9 + 6 * 30.25 + 6 * 6.25)) / 56);
    assert.match(note, /^Two judges of the panel say the same in 75\.0 % of games\. Krippendorff's α is /);
    assert.ok(note.includes(`α is ${alpha.toFixed(2)},`), note);
    const far: Votes = [
      ["b", "b"],
      ["b", "a"],
      ["tie", "tie"],
      ["a", "a"],
    ];
    assert.ok(alphaIn(notesOf(far)) < alpha);
  });

  it("has none where all verdicts are the same, and chance leaves nothing open", () => {
    assert.deepEqual(
      notesOf([
        ["tie", "tie"],
        ["tie", "tie", "tie"],
      ]),
      ["Two judges of the panel say the same in 100.0 % of games."],
    );
  });
});

function alphaIn([note = ""]: readonly string[]): number {
  return Number(/α is (-?[\d.]+),/.exec(note)?.[1]);
}
