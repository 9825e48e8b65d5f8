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

  it("is not a folder on a server that a config names on Windows, but where the config itself is there", async () => {
    const at = (file: string, directory: string): Promise<string> =>
      rootOf(file, JSON.stringify({ runtime: { directory } }), "win32");
    for (const directory of ["\\\\evil\\share\\runs", "//evil/share/runs", "\\\\?\\UNC\\evil\\share"]) {
      assert.equal(await at("C:\\w\\x.salsa.json", directory), "C:\\w\\.salsa");
    }
    assert.equal(await at("C:\\w\\x.salsa.json", "D:\\runs"), "D:\\runs");
    assert.equal(await at("\\\\home\\me\\w\\x.salsa.json", "..\\runs"), "\\\\home\\me\\runs");
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
