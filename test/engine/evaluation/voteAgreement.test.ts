import assert from "node:assert/strict";
import { type VotedComparison, voteAgreements } from "../../../engine/evaluation/voteAgreement.ts";

const times = (n: number, one: VotedComparison): readonly VotedComparison[] => Array.from({ length: n }, () => one);
const near = (value: number | null | undefined, wanted: number): void =>
  assert.ok(Math.abs((value ?? NaN) - wanted) < 5e-4, `${value} is not ${wanted}`);

describe("the agreement of a person with the judge", () => {
  it("is the one that Fleiss, Cohen & Everitt's error gives for a table worked by hand", () => {
    // 20 and 15 on the diagonal, 5 and 10 beside it: 35 of 50 alike, κ = (0.7 − 0.5) / 0.5, standard error 0.127.
    const { all } = voteAgreements([
      ...times(20, { vote: "a", judged: "win" }),
      ...times(5, { vote: "a", judged: "loss" }),
      ...times(10, { vote: "b", judged: "win" }),
      ...times(15, { vote: "b", judged: "loss" }),
    ]);
    assert.equal(all?.n, 50);
    assert.equal(all.same, 0.7);
    // Wilson's interval.
    near(all.low, 0.5625);
    near(all.high, 0.809);
    near(all.kappa, 0.4);
    near(all.kappaLow, 0.4 - 1.95996 * 0.127);
    near(all.kappaHigh, 0.4 + 1.95996 * 0.127);
  });

  it("counts ties as a verdict of their own, and leaves out what was withdrawn or not decided", () => {
    const { all } = voteAgreements([
      { vote: "tie", judged: "tie" },
      { vote: "tie", judged: "win" },
      { vote: "a", judged: "dropped" },
      { judged: "win" },
      {},
    ]);
    assert.deepEqual([all?.n, all?.same], [2, 0.5]);
  });

  it("has blind votes by themselves, too", () => {
    const { all, blind } = voteAgreements([
      ...times(3, { vote: "a", judged: "win", isBlind: true }),
      { vote: "b", judged: "win", isBlind: true },
      ...times(4, { vote: "b", judged: "loss" }),
    ]);
    assert.deepEqual([all?.n, all?.same, blind?.n, blind?.same], [8, 7 / 8, 4, 0.75]);
    assert.deepEqual(voteAgreements(times(2, { vote: "a", judged: "win" })).blind, undefined);
  });

  it("has no κ where one verdict is all that was given, and an exact bound on the share", () => {
    const { all } = voteAgreements(times(10, { vote: "a", judged: "win" }));
    assert.deepEqual([all?.kappa, all?.kappaLow, all?.kappaHigh, all?.same, all?.high], [null, null, null, 1, 1]);
    near(all?.low, 0.025 ** (1 / 10)); // Clopper and Pearson's
  });

  it("has no κ where the judge gave one verdict throughout, and no interval after full agreement", () => {
    const constant = voteAgreements([...times(3, { vote: "a", judged: "tie" }), { vote: "tie", judged: "tie" }]).all;
    assert.deepEqual([constant?.same, constant?.kappa, constant?.kappaLow], [0.25, null, null]);
    const { all } = voteAgreements([...times(3, { vote: "a", judged: "win" }), { vote: "tie", judged: "tie" }]);
    assert.deepEqual([all?.kappa, all?.kappaLow, all?.kappaHigh], [1, null, null]);
  });

  it("is nothing without a vote", () => {
    assert.deepEqual(voteAgreements([]), {});
  });

  it("never leaves the range of a κ", () => {
    const { all } = voteAgreements([
      { vote: "a", judged: "loss" },
      { vote: "b", judged: "win" },
      { vote: "a", judged: "win" },
    ]);
    assert.ok(all?.kappa !== null && all?.kappaLow !== null && all?.kappaHigh !== null);
    assert.ok((all?.kappaLow ?? NaN) >= -1 && (all?.kappaHigh ?? NaN) <= 1);
  });
});
