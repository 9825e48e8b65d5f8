import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { shellWord, windowsWord } from "../../../engine/common/shell.ts";
import { HOSTILE, steering } from "../hostileText.ts";

const WORDS = [
  "demo.salsa.json",
  "a b",
  "$(touch x)",
  "`x`",
  "it's",
  'a"b',
  "a;b&c|d>e",
  "*",
  "~",
  "!x",
  "\\",
  "",
  "a\\'b",
];

/** A word as bash reads it. */
function read(word: string): string {
  return execFileSync("/bin/bash", ["--norc", "-c", `printf %s ${word}`], {
    encoding: "utf8",
    env: { LC_ALL: "C.UTF-8" },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("a word of a command to copy", () => {
  it("is read by a shell as it was meant, and nothing of it is run", () => {
    for (const word of WORDS) assert.equal(read(shellWord(word)), word);
  });

  it("is one line without steering characters, and still the same word", () => {
    const word = shellWord(`a'\\${HOSTILE}`);
    assert.deepEqual(steering(word), []);
    assert.doesNotMatch(word, /[\r\n]/);
    assert.equal(read(word), `a'\\${HOSTILE}`);
  });

  it("is no option, however it begins", () => {
    assert.equal(shellWord("--detach"), "./--detach");
    assert.equal(windowsWord("-x"), ".\\-x");
  });

  it("is plain where it can be", () => {
    assert.equal(shellWord("examples/miniinstruct/.salsa/runs/demo-1"), "examples/miniinstruct/.salsa/runs/demo-1");
    assert.equal(windowsWord("C:\\a b\\demo"), '"C:\\a b\\demo"');
  });
});
