import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDERS = ["engine", "extension", "webview", "examples", "test"];

const documents = [
  ...readdirSync(ROOT),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  ),
].filter((file) => file.endsWith(".md") && !file.includes(".salsa/") && !file.includes("/model/"));

/** Anchors of a document's headings, as GitHub makes them. */
function anchorsOf(file: string): readonly string[] {
  const headings = readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm);
  return Array.from(headings, ([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("links in documents", () => {
  it("lead to a file of the repository, and to a heading that it has", () => {
    const dead = documents.flatMap((document) => {
      const links = readFileSync(join(ROOT, document), "utf8").matchAll(/\]\(([^()\s]+)\)/g);
      return Array.from(links, ([, link = ""]) => link).filter((link) => {
        if (/^[a-z]+:/.test(link)) return false;
        const [file = "", anchor] = link.split("#");
        const target = join(ROOT, file === "" ? document : join(dirname(document), file));
        return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
      });
    });
    assert.ok(documents.includes("README.md"));
    assert.deepEqual(dead, []);
  });
});
