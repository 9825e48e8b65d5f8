import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { FIRST_LAYOUT, LAYOUTS_FILE } from "../../../engine/protocol/runsLayout.ts";
import { LayoutStore } from "../../../extension/runs/layoutStore.ts";

describe("layouts and marks that two windows keep in one folder", () => {
  let folder = "";
  let file = "";
  const stores: LayoutStore[] = [];
  const run = (id: string): string => join(folder, ".salsa/runs", id);

  beforeEach(async () => {
    folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
    assert.notEqual(folder, "");
    file = join(folder, LAYOUTS_FILE);
    await rm(file, { force: true });
    for (let n = 0; n < 2; n++) stores.push(new LayoutStore());
    for (const store of stores) assert.deepEqual((await store.load()).problems, []);
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) store.dispose();
    await rm(file, { force: true });
  });

  it("lose nothing, in turns and at once, of one run and of others", async () => {
    const [one, other] = stores;
    assert.ok(one && other);
    await one.mark(run("a"), { addTags: ["x"], note: "mine" });
    await other.mark(run("a"), { addTags: ["y"] });
    await one.mark(run("a"), { removeTags: ["x"] });
    const names = Array.from({ length: 8 }, (_, at) => `t${at}`);
    await Promise.all([
      ...names.map((name) => one.mark(run("a"), { addTags: [`${name}, 🔥`] })),
      ...names.map((name) => other.mark(run("a"), { addTags: [name] })),
      ...names.map((name) => other.mark(run(name), { note: name })),
      one.save({ name: "of one", ...FIRST_LAYOUT }),
      other.save({ name: "of the other", ...FIRST_LAYOUT }),
    ]);
    const { marks, layouts, problems } = await one.load();
    assert.deepEqual(problems, []);
    assert.deepEqual(layouts.map(({ name }) => name).sort(), ["of one", "of the other"]);
    assert.equal(marks[run("a")]?.note, "mine");
    const tags = ["y", ...names, ...names.map((name) => `${name}, 🔥`)].sort();
    assert.deepEqual([...(marks[run("a")]?.tags ?? [])].sort(), tags);
    for (const name of names) assert.equal(marks[run(name)]?.note, name);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes(LAYOUTS_FILE)),
      [LAYOUTS_FILE],
    );
  });

  it("show the later of two names of a run in both, and keep its other marks", async () => {
    const [one, other] = stores;
    assert.ok(one && other);
    await one.mark(run("a"), { addTags: ["x"], note: "mine" });
    const seen = stores.map(
      (store) =>
        new Promise<unknown>((resolve) => {
          store.onDidChange(({ marks }) => {
            const own = marks[run("a")];
            if (own?.name === "later, 🔥") resolve(own);
          });
        }),
    );
    await one.mark(run("a"), { name: "earlier" });
    await other.mark(run("a"), { name: "later, 🔥" });
    const marks = { name: "later, 🔥", tags: ["x"], note: "mine" };
    assert.deepEqual(await Promise.all(seen), [marks, marks]);
  });

  it("are not written over what cannot be read", async () => {
    const [one] = stores;
    assert.ok(one);
    for (const text of ['{ "version": 1, "runs": {', '{ "version": 2 }', "\u{fffd}"]) {
      await writeFile(file, text);
      await assert.rejects(one.mark(run("a"), { note: "n" }), /Not saved, so that nothing in it is lost/);
      assert.equal(await readFile(file, "utf8"), text);
    }
  });
});
