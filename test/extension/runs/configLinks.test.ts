import assert from "node:assert/strict";
import { ConfigLinks } from "../../../extension/runs/configLinks.ts";
import { withConfig } from "../../../extension/runs/grouping.ts";
import { summary } from "./summary.ts";

/** The memory of a workspace. */
function memory(): ConstructorParameters<typeof ConfigLinks>[0] {
  const kept = new Map<string, unknown>();
  return {
    get: (key) => kept.get(key),
    update: (key, value) => {
      kept.set(key, JSON.parse(JSON.stringify(value)));
      return Promise.resolve();
    },
  };
}

const found = (files: Readonly<Record<string, string>>): ReadonlyMap<string, string> => new Map(Object.entries(files));
const [A, B, C] = ["/w/a.salsa.json", "/w/b.salsa.json", "/w/sub/c.salsa.json"];

describe("a config that was moved", () => {
  it("outside of the editor is known by its content, also in the next window", () => {
    const kept = memory();
    new ConfigLinks(kept).update(found({ [A]: "1", [B]: "2" }));
    const links = new ConfigLinks(kept);
    links.update(found({ [B]: "2", [C]: "1" }));
    assert.equal(links.now(A), C);
    assert.equal(links.now(B), B);
    const run = summary({ configFile: A });
    assert.equal(withConfig(run, [B, C], links).configFile, C);
    // An editor may still show it where it was.
    assert.equal(withConfig(run, [A, B, C], links).configFile, C);
    // Once it is known, it may be edited.
    links.update(found({ [B]: "2", [C]: "3" }));
    assert.equal(new ConfigLinks(kept).now(A), C);
  });

  it("is known by the content that its runs saw where no window watched, unless there are copies", () => {
    const links = new ConfigLinks(memory());
    const run = summary({ configFile: A, configHash: "1" });
    links.update(found({ [B]: "2", [C]: "1" }));
    assert.equal(withConfig(run, [B, C], links).configFile, C);
    // One that is where the run says needs no search, whatever it holds by now.
    assert.equal(withConfig(run, [A, C], links).configFile, A);
    assert.equal(withConfig(summary({ configFile: A }), [B, C], links).configFile, A);
    assert.equal(withConfig(summary({ configFile: A, configHash: "3" }), [B, C], links).configFile, A);
    links.update(found({ [B]: "1", [C]: "1" }));
    assert.equal(withConfig(run, [B, C], links).configFile, A);
  });

  it("is known when it is gone first, and there again later", () => {
    const links = new ConfigLinks(memory());
    links.update(found({ [A]: "1" }));
    links.update(found({}));
    links.update(found({ [C]: "1" }));
    assert.equal(links.now(A), C);
  });

  it("in the editor is announced, with its folder as well, and edited at once", () => {
    const links = new ConfigLinks(memory());
    links.update(found({ [A]: "1", [C]: "2", "/w/subway/d.salsa.json": "3" }));
    links.move(A, B);
    links.move("/w/sub", "/w/new");
    links.update(found({ [B]: "9", "/w/new/c.salsa.json": "8", "/w/subway/d.salsa.json": "3" }));
    assert.deepEqual(
      [A, C, "/w/subway/d.salsa.json"].map((file) => links.now(file)),
      [B, "/w/new/c.salsa.json", "/w/subway/d.salsa.json"],
    );
  });

  it("is where a person says, also in the next window, whatever its content", () => {
    const kept = memory();
    const links = new ConfigLinks(kept);
    links.update(found({ [B]: "1" }));
    links.link(A, B);
    links.link(B, C);
    // Said the other way round later, it is no circle.
    links.link(C, A);
    links.link(A, C);
    links.update(found({ [C]: "2" }));
    assert.equal(new ConfigLinks(kept).now(A), C);
    const run = summary({ configFile: A });
    assert.equal(withConfig(run, [C], new ConfigLinks(kept)).configFile, C);
  });

  it("is followed from place to place, and back", () => {
    const links = new ConfigLinks(memory());
    links.update(found({ [A]: "1" }));
    links.update(found({ [B]: "1" }));
    links.update(found({ [C]: "1" }));
    assert.deepEqual(
      [A, B, C].map((file) => links.now(file)),
      [C, C, C],
    );
    links.update(found({ [A]: "1" }));
    assert.deepEqual(
      [A, B, C].map((file) => links.now(file)),
      [A, A, A],
    );
  });

  it("is not guessed where two have its content, or it was only copied", () => {
    const links = new ConfigLinks(memory());
    links.update(found({ [A]: "1" }));
    links.update(found({ [B]: "1", [C]: "1" }));
    assert.equal(links.now(A), A);
    const copied = new ConfigLinks(memory());
    copied.update(found({ [A]: "1" }));
    copied.update(found({ [A]: "1", [B]: "1" }));
    assert.equal(copied.now(A), A);
  });

  it("is forgotten in whatever else was kept, never an error", () => {
    for (const kept of [undefined, null, 3, [], { seen: 1 }, { seen: [["a"]], moves: [[1, 2]] }]) {
      const links = new ConfigLinks({ get: () => kept, update: () => Promise.resolve() });
      assert.equal(links.now(A), A);
    }
  });
});
