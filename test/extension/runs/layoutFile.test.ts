import assert from "node:assert/strict";
import * as fc from "fast-check";
import { FIRST_LAYOUT, type MarksChange, type NamedLayout } from "../../../engine/protocol/runsLayout.ts";
import { readTableState } from "../../../engine/protocol/runsLayoutSchema.ts";
import { layoutBookOf, readLayoutFile } from "../../../engine/protocol/runsLayoutFile.ts";
import { type LayoutChange, changedLayoutBytes, withLayoutChange } from "../../../extension/runs/layoutFile.ts";

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
    const change = { addTags: marks.tags, note: marks.note };
    const text = changed(
      "",
      { kind: "save", layout: sweep },
      { kind: "mark", run: ".salsa/runs/demo-1", marks: change },
      { kind: "mark", run: "__proto__", marks: change },
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
    const text = changed(
      "",
      { kind: "save", layout: sweep },
      { kind: "save", layout: { ...sweep, name: "other" } },
      { kind: "save", layout: { ...sweep, filter: "salsa" } },
      { kind: "delete", name: "other" },
      { kind: "mark", run: "a", marks: { addTags: ["x"] } },
      { kind: "mark", run: "a", marks: { removeTags: ["x"] } },
    );
    const read = readLayoutFile(text, FILE);
    assert.ok("layouts" in read);
    assert.deepEqual([read.layouts, { ...read.runs }], [[{ ...sweep, filter: "salsa" }], {}]);
  });

  it("changes of a run only what is asked for, so that what another window wrote stays", () => {
    const mark = (marks: MarksChange): LayoutChange => ({ kind: "mark", run: "a", marks });
    const text = changed("", mark({ addTags: ["x", "y"] }), mark({ note: "n" }), mark({ addTags: ["y", "z"] }));
    const read = readLayoutFile(changed(text, mark({ removeTags: ["x", "never there"] })), FILE);
    assert.ok("runs" in read);
    assert.deepEqual({ ...read.runs }, { a: { tags: ["y", "z"], note: "n" } });
  });

  it("keeps the last display name of a run, in letters of any language, and none that steers text", () => {
    const mark = (marks: MarksChange): LayoutChange => ({ kind: "mark", run: "a", marks });
    const names = ["Bester β 🔥", "أفضل", "最好, 真的"];
    const text = changed("", mark({ addTags: ["x"] }), ...names.map((name) => mark({ name })), mark({ note: "n" }));
    const read = readLayoutFile(text, FILE);
    assert.ok("runs" in read);
    assert.deepEqual({ ...read.runs }, { a: { name: names.at(-1), tags: ["x"], note: "n" } });
    assert.ok(!changed(text, mark({ name: "" })).includes("name"));
    assert.ok("runs" in readLayoutFile(changed("", mark({ name: "only a name" })), FILE));
    for (const steering of ["a\u202eb", "a\nb", "a\x1b[2J", "\u2066a"]) {
      const refused =
        /\.json:\d+ runs\.a\.(name|tags\[0\]) must hold no control characters and no marks of direction; correct/;
      for (const marks of [{ name: steering }, { addTags: [steering] }])
        assert.throws(() => changedLayoutBytes(undefined, FILE, mark(marks)), refused);
    }
    assert.throws(
      () => changedLayoutBytes(undefined, FILE, mark({ name: "n".repeat(201) })),
      /name is too long: at most 200/,
    );
  });

  it("is not written where it cannot be read, or could not be read then", () => {
    const mark = (bytes: Uint8Array | undefined, marks: MarksChange): Uint8Array =>
      changedLayoutBytes(bytes, FILE, { kind: "mark", run: "a", marks });
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    assert.match(new TextDecoder().decode(mark(undefined, { note: "n" })), /"note": "n"/);
    assert.throws(() => mark(Uint8Array.of(123, 255, 125), { note: "n" }), /lost: .*:1 is not UTF-8 text; save it in/);
    assert.throws(
      () => mark(bytes('{ "version": 1, "runs"'), { note: "n" }),
      /Not saved, so that nothing in it is lost/,
    );
    const many = { addTags: Array.from({ length: 101 }, (_, at) => String(at)) };
    assert.throws(() => mark(undefined, many), /runs\.a\.tags is too long: at most 100/);
  });

  it("keeps the comments and the order that somebody wrote", () => {
    const text = `{\n  // ours\n  "version": 1,\n  "runs": {\n    "b": { "tags": ["x"] }, // the best\n    "a": { "note": "n" }\n  }\n}\n`;
    const after = changed(text, { kind: "mark", run: "a", marks: { addTags: ["y"] } });
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
    const read = (folder: string, written: string) => ({
      ...{ file: `${folder}/salsa-runs.json`, text: written },
      content: readLayoutFile(written, `${folder}/salsa-runs.json`),
      runFolder: (run: string) => `${folder}/${run}`,
    });
    const first = JSON.stringify({ version: 1, layouts: [layout], runs: { ".salsa/runs/x-1": { tags: ["good"] } } });
    const files = [read("/a", first), read("/b", text)];
    const line = text.slice(0, text.indexOf('"by β"')).split("\n").length;
    const { layouts, marks, problems: found } = layoutBookOf(files);
    assert.deepEqual(
      layouts.map(({ name }) => name),
      ["by β", "own"],
    );
    assert.deepEqual(Object.keys(marks), ["/a/.salsa/runs/x-1"]);
    assert.deepEqual(found, [
      {
        ...{ file: "/b/salsa-runs.json", line },
        message:
          'layouts[1].name is "by β", a layout of /a/salsa-runs.json, too, which is the one that is shown; rename one of the two',
      },
    ]);
    assert.deepEqual(layoutBookOf(files.slice(0, 1)).problems, []);
    assert.deepEqual(layoutBookOf([read("/c", "")]).problems, []);
  });

  it("is empty where it holds nothing yet", () => assert.deepEqual(problems(" \n"), []));

  it("holds any names and notes", () => {
    const marks = fc
      .record({ tags: fc.array(fc.string({ minLength: 1 }).filter((tag) => tag.trim() === tag)), note: fc.string() })
      .map(({ tags, note }) => ({ tags, note }));
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), marks, (run, own) => {
        const change = { addTags: own.tags, note: own.note };
        const read = readLayoutFile(changed("", { kind: "mark", run, marks: change }), FILE);
        assert.ok("runs" in read);
        const isEmpty = own.tags.length === 0 && own.note === "";
        assert.deepEqual(
          { ...read.runs },
          isEmpty ? {} : Object.fromEntries([[run, { ...own, tags: [...new Set(own.tags)] }]]),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("is not what a panel keeps: that is a layout with its own choices, or nothing", () => {
    assert.deepEqual(readTableState(JSON.parse(JSON.stringify(FIRST_LAYOUT))), FIRST_LAYOUT);
    const state = { ...FIRST_LAYOUT, followsSelection: false };
    assert.deepEqual(readTableState(JSON.parse(JSON.stringify(state))), state);
    for (const kept of [undefined, null, {}, { columns: [{}] }, { ...FIRST_LAYOUT, view: "pie" }])
      assert.equal(readTableState(kept), undefined);
  });
});
