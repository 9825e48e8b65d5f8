import assert from "node:assert/strict";
import * as fc from "fast-check";
import { FIRST_LAYOUT, type NamedLayout } from "../../../engine/protocol/runsLayout.ts";
import { readLayout } from "../../../engine/protocol/runsLayoutSchema.ts";
import {
  type LayoutChange,
  type SoundLayouts,
  hiddenLayouts,
  readLayoutFile,
  withLayoutChange,
} from "../../../extension/runs/layoutFile.ts";

const FILE = "/w/salsa-runs.json";

function changed(text: string, ...changes: readonly LayoutChange[]): string {
  return changes.reduce((before, change) => {
    const read = readLayoutFile(before, FILE);
    assert.ok("layouts" in read, JSON.stringify(read));
    return withLayoutChange(before, read, change);
  }, text);
}

const sweep: NamedLayout = { name: "β, sweep 🔥", ...FIRST_LAYOUT, groupBy: ["model.beta"], filter: "kind=arm" };

/** Everything wrong with a text, each with its line. */
function problems(text: string): readonly string[] {
  const read = readLayoutFile(text, FILE);
  return "problems" in read ? read.problems.map(({ line, message }) => `${line}: ${message}`) : [];
}

describe("the file of layouts, tags and notes", () => {
  it("gives back what was saved, tags with commas and emoji too", () => {
    const marks = { tags: ["good, really", "🔥", '"quoted"'], note: "two\nlines" };
    const text = changed(
      "",
      { kind: "save", layout: sweep },
      { kind: "mark", run: ".salsa/runs/demo-1", marks },
      { kind: "mark", run: "__proto__", marks },
    );
    const read = readLayoutFile(text, FILE);
    assert.ok("layouts" in read);
    assert.deepEqual(read.layouts, [sweep]);
    assert.deepEqual(
      { ...read.runs },
      Object.fromEntries([
        [".salsa/runs/demo-1", marks],
        ["__proto__", marks],
      ]),
    );
  });

  it("replaces a layout of the same name, deletes one, and forgets a run without tags and note", () => {
    const empty = { tags: [], note: "" };
    const text = changed(
      "",
      { kind: "save", layout: sweep },
      { kind: "save", layout: { ...sweep, name: "other" } },
      { kind: "save", layout: { ...sweep, filter: "salsa" } },
      { kind: "delete", name: "other" },
      { kind: "mark", run: "a", marks: { tags: ["x"], note: "" } },
      { kind: "mark", run: "a", marks: empty },
    );
    const read = readLayoutFile(text, FILE);
    assert.ok("layouts" in read);
    assert.deepEqual([read.layouts, { ...read.runs }], [[{ ...sweep, filter: "salsa" }], {}]);
  });

  it("keeps the comments and the order that somebody wrote", () => {
    const text = `{\n  // ours\n  "version": 1,\n  "runs": {\n    "b": { "tags": ["x"] }, // the best\n    "a": { "note": "n" }\n  }\n}\n`;
    const after = changed(text, { kind: "mark", run: "a", marks: { tags: ["y"], note: "n" } });
    assert.ok(after.startsWith(text.slice(0, text.indexOf('"a"'))), after);
    assert.match(after, /"y"/);
  });

  it("says of every mistake its line, its place and what to write", () => {
    const text = `{
  "version": 1,
  "layouts": [
    { "name": "a", "columns": [{ "id": "run.id", "pin": true }] },
    { "name": "a", "columns": [] },
    { "name": "b", "columns": [{ "id": "run.id" }], "view": "pie", "sort": "kl" }
  ],
  "runs": { "x": { "tags": ["ok", 3] } }
}`;
    assert.deepEqual(problems(text), [
      '4: layouts[0].columns[0] has "pin", which nothing here is called; correct the name or remove it',
      "5: layouts[1].columns must not be empty",
      '6: layouts[2].view must be "table" or "scatter" or "parallel" or "heatMap", got "pie"',
      '6: layouts[2].sort must be a list, got "kl"',
      "8: runs.x.tags[1] must be a string, got 3",
    ]);
  });

  const mistakes: readonly (readonly [name: string, text: string, problem: RegExp])[] = [
    ["no JSON", '{ "version": 1, "layouts": [ }', /^1: is not JSON here/],
    ["no version", '{\n\n"layouts": [] }', /^1: version is missing; give/],
    ["a newer version", '{\n"version": 7 }', /^2: version is 7, of a newer version of SALSA; update the extension/],
    ["a key that stands twice", '{ "version": 1,\n"runs": {},\n"runs": {} }', /^3: runs is written twice/],
    [
      "two layouts of one name",
      `{"version":1,"layouts":[${"[0,1]".replace(/[01]/g, JSON.stringify(sweep)).slice(1, -1)}]}`,
      /another layout's name/,
    ],
    ["a list", "[]", /^1: must be an object, got \[\]/],
  ];
  for (const [name, text, problem] of mistakes) {
    it(`is not read with ${name}`, () => assert.match(problems(text)[0] ?? "", problem));
  }

  it("says of a layout that another folder's takes precedence over where it stands, and what to do", () => {
    const layout = { name: "by β", columns: [{ id: "run.id" }] };
    const text = JSON.stringify({ version: 1, layouts: [{ ...layout, name: "own" }, layout] }, undefined, 1);
    const sound = (file: string, written: string): SoundLayouts => {
      const content = readLayoutFile(written, file);
      assert.ok("layouts" in content);
      return { file, text: written, layouts: content.layouts };
    };
    const first = JSON.stringify({ version: 1, layouts: [layout] });
    const files = [sound("/a/salsa-runs.json", first), sound("/b/salsa-runs.json", text)];
    const line = text.slice(0, text.indexOf('"by β"')).split("\n").length;
    assert.deepEqual(hiddenLayouts(files), [
      {
        ...{ file: "/b/salsa-runs.json", line },
        message:
          'layouts[1].name is "by β", a layout of /a/salsa-runs.json, too, which is the one that is shown; rename one of the two',
      },
    ]);
    assert.deepEqual(hiddenLayouts(files.slice(0, 1)), []);
  });

  it("is empty where it holds nothing yet", () => assert.deepEqual(problems(" \n"), []));

  it("holds any names and notes", () => {
    const marks = fc
      .record({ tags: fc.array(fc.string({ minLength: 1 }).filter((tag) => tag.trim() === tag)), note: fc.string() })
      .map(({ tags, note }) => ({ tags, note }));
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), marks, (run, own) => {
        const read = readLayoutFile(changed("", { kind: "mark", run, marks: own }), FILE);
        assert.ok("runs" in read);
        const isEmpty = own.tags.length === 0 && own.note === "";
        assert.deepEqual({ ...read.runs }, isEmpty ? {} : Object.fromEntries([[run, own]]));
      }),
      { numRuns: 100 },
    );
  });

  it("is not what a panel keeps: that is a layout alone, or nothing", () => {
    assert.deepEqual(readLayout(JSON.parse(JSON.stringify(FIRST_LAYOUT))), FIRST_LAYOUT);
    for (const kept of [undefined, null, {}, { columns: [{}] }, { ...FIRST_LAYOUT, view: "pie" }])
      assert.equal(readLayout(kept), undefined);
  });
});
