import assert from "node:assert/strict";
import fc from "fast-check";
import { resolvePath } from "../../../../engine/config/paths.ts";
import { relativePath } from "../../../../extension/config/analysis/relativePath.ts";

describe("relativePath", () => {
  for (const [folder, path, relative] of [
    ["/a/b", "/a/b/c.jsonl", "c.jsonl"],
    ["/a/b/", "/a/c/d.jsonl", "../c/d.jsonl"],
    ["/a/b", "/a/b", "."],
    ["/a", "/", ".."],
    ["C:\\a\\b", "c:\\a\\c", "../c"],
    ["C:\\a", "D:\\a\\b.jsonl", "D:/a/b.jsonl"],
  ] as const) {
    it(`of ${path} in ${folder} is ${relative}`, () => {
      assert.equal(relativePath(folder, path), relative);
    });
  }

  it("leads from the folder to the path, for any two", () => {
    const absolute = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
    fc.assert(
      fc.property(absolute, absolute, (folder, path) =>
        assert.equal(resolvePath(folder, relativePath(folder, path)), path),
      ),
    );
  });
});
