import assert from "node:assert/strict";
import * as fc from "fast-check";
import { DASHBOARD_VIEWS } from "../../../engine/protocol/dashboard.ts";
import { EXTENSION_ID, readViewLink, viewLink } from "../../../engine/protocol/viewLink.ts";

const problem = (link: ReturnType<typeof readViewLink>): string => (typeof link === "string" ? link : "");

describe("a link to a view", () => {
  it("is one of the editor, with what is shown and nothing of where it lies", () => {
    const place = { stage: "salsa", step: 120 };
    assert.equal(
      viewLink("vscode", { view: "samples", runs: ["demo-1", "demo-1 (left)"], place }),
      `vscode://${EXTENSION_ID}/samples?run=demo-1&run=demo-1%20(left)&stage=salsa&step=120`,
    );
  });

  it("reads as what it was made of, whatever the names", () => {
    const name = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
    const link = fc.record(
      {
        view: fc.constantFrom(...DASHBOARD_VIEWS),
        runs: fc.array(name, { minLength: 1, maxLength: 5 }),
        place: fc.record({ stage: name, step: fc.nat() }, { noNullPrototype: true }),
      },
      { requiredKeys: ["view", "runs"], noNullPrototype: true },
    );
    fc.assert(
      fc.property(link, (made) => {
        const { pathname, search } = new URL(viewLink("vscode", made));
        assert.deepEqual(readViewLink(pathname, search.slice(1)), made);
      }),
    );
  });

  it("is refused with what is wrong with it", () => {
    assert.match(problem(readViewLink("/nothing", "run=a")), /no view "nothing"/);
    assert.match(problem(readViewLink("/metrics", "")), /names no run/);
    assert.match(problem(readViewLink("/metrics", `run=${"a".repeat(2000)}`)), /names too much/);
    assert.match(problem(readViewLink("/metrics", "run=a&".repeat(31))), /names too much/);
    assert.match(problem(readViewLink("/metrics", "run=%E0%A4%A")), /names no run/);
    const half = readViewLink("/metrics", "run=a&stage=b&step=-1");
    assert.deepEqual(half, { view: "metrics", runs: ["a"] });
  });

  it("opens the extension of this package", async () => {
    const { readFile } = await import("node:fs/promises");
    const { publisher, name } = JSON.parse(
      await readFile(new URL("../../../package.json", import.meta.url), "utf8"),
    ) as Record<string, string>;
    assert.equal(EXTENSION_ID, `${publisher ?? ""}.${name ?? ""}`);
  });
});
