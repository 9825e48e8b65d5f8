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

function commentsOf(file: string): readonly string[] {
  return readFileSync(join(ROOT, file), "utf8").match(/\/\*[\s\S]*?\*\/|(?<![:\w"'`])\/\/ .*/g) ?? [];
}

/** Comments that match, each with its file. */
function matching(pattern: RegExp): readonly string[] {
  return files.flatMap((file) =>
    commentsOf(file)
      .filter((comment) => pattern.test(comment))
      .map((comment) => `${file}: ${comment.slice(0, 80)}`),
  );
}

describe("comments", () => {
  it("name source files that are there", () => {
    const missing = files.flatMap((file) => {
      const cited =
        commentsOf(file)
          .join("\n")
          .match(/[\w.-]+\.ts\b/g) ?? [];
      return cited.filter((name) => !names.has(name) && !NO_FILES.has(name)).map((name) => `${file}: ${name}`);
    });
    assert.deepEqual(missing, []);
  });

  it("open with a noun or a verb, not with a question", () => {
    assert.deepEqual(matching(/^\/\*\*[\s*]*(What|Whether|Who|Told)\b/), []);
  });

  it("say of parameters and results what they are, and do not ask it", () => {
    assert.deepEqual(matching(/@(param \S+ -|returns) (What|Whether|Who)\b/), []);
  });

  it("in bodies say what is so, not whether it is", () => {
    assert.deepEqual(matching(/^\/\/ (What|Whether)\b/), []);
  });

  it("use plain words", () => {
    assert.deepEqual(matching(/\b(anew|whoever|reckon\w*)\b/i), []);
    const titled = /\b(it|describe)\(\s*["`].*\btold\b(?! apart)/;
    assert.deepEqual(
      files.filter((file) => titled.test(readFileSync(join(ROOT, file), "utf8"))),
      [],
    );
    assert.deepEqual(matching(/\b(is|are|was|were)( not)? told\b(?! apart)/), []);
  });
});
