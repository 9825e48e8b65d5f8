import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDERS = ["engine", "extension", "webview", "test"];

/** A stand-in for a name. */
const NO_FILES = new Set(["NAME.bench.ts"]);

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
).filter((file) => file.endsWith(".ts"));
const names = new Set(files.map((file) => basename(file)));

describe("comments", () => {
  it("name source files that are there", () => {
    const missing = files.flatMap((file) => {
      const comments = readFileSync(join(ROOT, file), "utf8").match(/\/\*[\s\S]*?\*\/|(?<![:\w"'`])\/\/ .*/g) ?? [];
      const cited = comments.join("\n").match(/[\w.-]+\.ts\b/g) ?? [];
      return cited.filter((name) => !names.has(name) && !NO_FILES.has(name)).map((name) => `${file}: ${name}`);
    });
    assert.deepEqual(missing, []);
  });
});
