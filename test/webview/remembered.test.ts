import assert from "node:assert/strict";
import { Remembered } from "../../webview/remembered.ts";
import { demoRun, fixtureBackend } from "./fixtures.ts";
import { stateOn } from "./hostStub.ts";

interface Setup {
  readonly text: string;
  readonly from?: number | undefined;
}

const START: Setup = { text: "" };
const backend = fixtureBackend([demoRun()]);

const remembered = (): Remembered<Setup> => new Remembered<Setup>("test", START);

describe("what is remembered of a run", () => {
  it("is there again in a new page, for each run by itself", () => {
    const first = stateOn(backend);
    const before = remembered();
    before.set(first.state, "/a", { text: "river", from: 3 });
    before.set(first.state, "/b", { text: "time" });
    before.set(first.state, "/a", { from: undefined });
    const { state } = stateOn(backend, first.kept());
    const after = remembered();
    assert.deepEqual(after.of(state, "/a"), { text: "river" });
    assert.deepEqual(after.of(state, "/b"), { text: "time" });
    assert.deepEqual(after.of(state, "/c"), START);
  });

  it("is the same object till something is chosen", () => {
    const { state } = stateOn(backend);
    const setups = remembered();
    assert.equal(setups.of(state, "/a"), setups.of(state, "/a"));
  });

  it("is kept of moves once they have ended", () => {
    const first = stateOn(backend);
    const { state } = first;
    const setups = remembered();
    setups.move(state, "/a", { from: 3 });
    assert.deepEqual(setups.of(state, "/a"), { text: "", from: 3 });
    assert.equal(first.kept(), undefined);
    setups.keep(state, "/a");
    assert.deepEqual(remembered().of(stateOn(backend, first.kept()).state, "/a"), { text: "", from: 3 });
  });

  it("takes bounded space, whatever is typed and however many runs are looked at", () => {
    const first = stateOn(backend);
    const { state } = first;
    const setups = remembered();
    for (let nth = 0; nth < 500; nth++) setups.set(state, `/run-${nth}`, { text: `${nth}`.padEnd(100) });
    setups.set(state, "/long", { text: "x".repeat(1e6) });
    assert.ok(JSON.stringify(first.kept()).length < 4000);
    const { state: again } = stateOn(backend, first.kept());
    assert.equal(remembered().of(again, "/run-499").text.trim(), "499");
    assert.equal(remembered().of(again, "/run-0").text, "");
    assert.equal(remembered().of(again, "/long").text, "");
  });
});
