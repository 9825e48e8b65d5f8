import assert from "node:assert/strict";
import { rootOf, rootsOf } from "../../../extension/runs/roots.ts";

describe("rootOf", () => {
  it("joins the config's folder with its directory, .salsa unless it names another", async () => {
    assert.equal(
      await rootOf("/w/a/x.salsa.json", `{ /* mine */ "runtime": { "directory": "../runs", }, }`),
      "/w/runs",
    );
    assert.equal(await rootOf("/w/a/x.salsa.json", `{ "runtime": { "directory": "/data/runs" } }`), "/data/runs");
    assert.equal(await rootOf("/w/a/x.salsa.json", `{ "name": "x" }`), "/w/a/.salsa");
  });

  it("makes do with a config that is broken, empty or of another kind", async () => {
    for (const text of ["", "{", "[1]", "null", `{ "runtime": null }`, `{ "runtime": { "directory": 3 } }`]) {
      assert.equal(await rootOf("/w/x.salsa.json", text), "/w/.salsa", text);
    }
  });
});

describe("rootsOf", () => {
  it("names each folder once, sorted, with that of every workspace folder", () => {
    assert.deepEqual(rootsOf(["/w/.salsa", "/data", "/data"], ["/w", "/v"]), ["/data", "/v/.salsa", "/w/.salsa"]);
  });
});
