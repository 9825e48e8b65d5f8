import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDERS = ["engine", "extension", "webview", "examples", "l10n"];

/** All that people read: documents, messages in the sources, settings and walkthroughs. */
const files = [
  ...readdirSync(ROOT).filter((name) => /\.(md|json)$/.test(name) && name !== "package-lock.json"),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  ).filter((file) => /\.(ts|mjs|md|json|svg)$/.test(file) && !file.includes(".salsa/")),
];

describe("command lines in documents and messages", () => {
  it("never run a package that somebody else may have registered under our name", () => {
    const risky =
      /\b(?:npx|npm exec|npm x|pnpm dlx|yarn dlx|bunx)(?! --no-install salsa\b| --no -- )[ \w@/.-]*\bsalsa\b/;
    assert.deepEqual(
      files.filter((file) => risky.test(readFileSync(join(ROOT, file), "utf8"))),
      [],
    );
    for (const line of ["npx salsa run", "npm exec salsa", "npx -y salsa", "pnpm dlx salsa"]) assert.match(line, risky);
    for (const line of ["npx --no-install salsa run", "npm exec --no -- salsa", "salsa run"])
      assert.doesNotMatch(line, risky);
  });
});
