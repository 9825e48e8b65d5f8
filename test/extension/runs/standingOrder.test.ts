import assert from "node:assert/strict";
import type { RunSummary } from "../../../engine/protocol/service.ts";
import type { RunOrder } from "../../../extension/runs/selection.ts";
import { StandingOrder } from "../../../extension/runs/standingOrder.ts";
import { summary } from "./summary.ts";

const result = (adjusted: number): NonNullable<RunSummary["result"]> => ({
  ...{ benchmark: "inDistribution", a: "salsa", b: "ppo", low: 0, high: 1, n: 9 },
  adjusted,
});
const run = (id: string, more: Partial<RunSummary>): RunSummary => summary({ id, folder: `/r/${id}`, ...more });
const [a, b, c] = [
  run("a", { status: "running", createdAt: 1 }),
  run("b", { status: "queued", createdAt: 2 }),
  run("c", { status: "finished", createdAt: 3, result: result(0.6) }),
];

function ids(standing: StandingOrder, runs: readonly RunSummary[], order: RunOrder): readonly string[] {
  return standing.arrange(runs, order).map(({ id }) => id);
}

describe("the order in which runs stand", () => {
  it("is sorted at first, and then nobody moves by going on, until the reader asks for it", () => {
    const standing = new StandingOrder();
    assert.deepEqual(ids(standing, [a, b, c], "status"), ["a", "b", "c"]);
    const ended = { ...a, status: "finished", result: result(0.9) } as const;
    const begun = { ...b, status: "running" } as const;
    assert.deepEqual(ids(standing, [ended, begun, c], "status"), ["a", "b", "c"]);
    standing.reset();
    assert.deepEqual(ids(standing, [ended, begun, c], "status"), ["b", "c", "a"]);
  });

  it("keeps results where they are while others come in", () => {
    const standing = new StandingOrder();
    assert.deepEqual(ids(standing, [a, c], "result"), ["c", "a"]);
    assert.deepEqual(ids(standing, [{ ...a, result: result(0.9) }, c], "result"), ["c", "a"]);
  });

  it("has a new run where the order has it, and leaves out one that is gone", () => {
    const standing = new StandingOrder();
    ids(standing, [a, c], "status");
    assert.deepEqual(ids(standing, [a, b, c], "status"), ["a", "b", "c"]);
    assert.deepEqual(ids(standing, [b, c], "status"), ["b", "c"]);
  });

  it("is the order itself where runs do not move by it", () => {
    const standing = new StandingOrder();
    ids(standing, [a, b], "newest");
    assert.deepEqual(ids(standing, [a, { ...b, createdAt: 0 }], "newest"), ["a", "b"]);
  });
});
