import assert from "node:assert/strict";
import { configTree } from "../../../webview/provenance/configDifferences.ts";
import { diffLines } from "../../../webview/provenance/diffLines.ts";
import { type TreeFilter, valueText, visibleRows } from "../../../webview/provenance/visibleRows.ts";

const NODES = configTree(
  { name: "demo", arms: { ppo: { beta: 0.2 }, salsa: { beta: 0.2, reference: ["soup"] } } },
  { name: "demo", arms: { ppo: { beta: 0.2 }, salsa: { beta: 0.1, reference: ["soup"] } } },
);
const ALL: TreeFilter = { search: "", onlyDifferences: false, toggled: new Map() };

describe("the lines of a config's tree", () => {
  it("are open at the first level", () => {
    assert.deepEqual(shown(ALL), ["name", "arms", "arms.ppo", "arms.salsa"]);
  });

  it("are as somebody opened and closed them", () => {
    const toggled = new Map([
      ["arms.ppo", true],
      ["arms.salsa", false],
    ]);
    assert.deepEqual(shown({ ...ALL, toggled }), ["name", "arms", "arms.ppo", "arms.ppo.beta", "arms.salsa"]);
    assert.deepEqual(shown({ ...ALL, toggled: new Map([["arms", false]]) }), ["name", "arms"]);
  });

  it("are those with a hit in path or value, with the sections they are in", () => {
    assert.deepEqual(shown({ ...ALL, search: "SOUP" }), ["arms", "arms.salsa", "arms.salsa.reference"]);
    assert.deepEqual(shown({ ...ALL, search: "ppo.beta" }), ["arms", "arms.ppo", "arms.ppo.beta"]);
    assert.deepEqual(shown({ ...ALL, search: "nowhere" }), []);
  });

  it("are only what differs when asked for", () => {
    assert.deepEqual(shown({ ...ALL, onlyDifferences: true }), ["arms", "arms.salsa", "arms.salsa.beta"]);
  });

  it("know their place among their siblings", () => {
    const salsa = visibleRows(NODES, ALL).at(-1);
    assert.deepEqual([salsa?.level, salsa?.position, salsa?.nSiblings], [2, 2, 2]);
  });

  it("show text as it is and the rest as JSON", () => {
    assert.deepEqual(
      [valueText("linear"), valueText([1, 2]), valueText(null), valueText(undefined)],
      ["linear", "[1, 2]", "null", ""],
    );
  });
});

describe("the lines of a diff", () => {
  it("are told apart, also where a changed line looks like a header", () => {
    const diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n--- old comment\n+++ new comment\n";
    const { lines, nAdded, nRemoved, nFiles } = diffLines(diff);
    const kinds = lines.map(({ kind }) => kind);
    assert.deepEqual(kinds, ["file", "file", "file", "place", "context", "removed", "added"]);
    assert.deepEqual([nFiles, nAdded, nRemoved], [1, 1, 1]);
  });

  it("are none when nothing was changed", () => {
    assert.deepEqual(diffLines(""), { lines: [], nAdded: 0, nRemoved: 0, nFiles: 0 });
  });
});

function shown(filter: TreeFilter): string[] {
  return visibleRows(NODES, filter).map(({ node }) => node.path);
}
