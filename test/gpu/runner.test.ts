import assert from "node:assert/strict";
import { type CaseResult, Runner } from "./runner.ts";

/** Runs what `load` describes; returns reports and deeds, in order. */
async function told(
  load: (log: (text: string) => void) => void,
  settings: { readonly from?: number; readonly isChosen?: (title: string) => boolean; readonly stopAt?: string } = {},
): Promise<readonly string[]> {
  const lines: string[] = [];
  const runner = new Runner();
  await runner.collect(() => {
    load((text) => lines.push(text));
    return Promise.resolve();
  });
  const { from = 0, isChosen = () => true, stopAt } = settings;
  await runner.run({
    isChosen,
    from,
    begin: (title, number) => lines.push(`${number} ${title}`),
    end: ({ title, error }: CaseResult) => {
      lines.push(error instanceof Error ? `failed: ${title}: ${error.message}` : `passed: ${title}`);
      return title !== stopAt;
    },
  });
  return lines;
}

function suites(log: (text: string) => void): void {
  describe("a", () => {
    before(() => log("before a"));
    beforeEach(() => log("before each"));
    after(() => log("after a"));
    it("one", () => log("one"));
    it("two", () => {
      throw new Error("wrong");
    }).timeout(5);
    describe("b", () => {
      afterEach(() => log("after each"));
      it("three", async () => {
        await Promise.resolve();
        log("three");
      });
    });
  });
  describe("c", () => {
    before(() => {
      throw new Error("broken");
    });
    it("four", () => log("four"));
  });
}

describe("suites without mocha", () => {
  it("run in order with their hooks, past a failure", async () => {
    assert.deepEqual(await told(suites), [
      "before a",
      ...["0 a › one", "before each", "one", "passed: a › one"],
      ...["1 a › two", "before each", "failed: a › two: wrong"],
      ...["2 a › b › three", "before each", "three", "after each", "passed: a › b › three"],
      "after a",
      "failed: c › before all: broken",
    ]);
  });

  it("run from a case on, of those that are chosen, without the hooks of other suites", async () => {
    assert.deepEqual(
      await told(suites, { isChosen: (title) => title !== "a › one" && title.startsWith("a"), from: 1 }),
      ["before a", ...["1 a › b › three", "before each", "three", "after each", "passed: a › b › three"], "after a"],
    );
  });

  it("end where nothing more can run", async () => {
    assert.deepEqual((await told(suites, { stopAt: "a › two" })).at(-1), "failed: a › two: wrong");
  });
});
