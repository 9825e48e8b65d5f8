import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Builds, which are in no repository. */
const BUILT = new Set(["out"]);

/** The README's code map: each folder's row. */
function codeMap(): ReadonlyMap<string, string> {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const section = readme.slice(readme.indexOf("## How it is built"), readme.indexOf("## Dependencies"));
  return new Map(
    [...section.matchAll(/^\| `([^`]+)\/`\s*\|(.*)\|$/gm)].map(([, folder = "", row = ""]) => [folder, row]),
  );
}

function foldersIn(folder: string): readonly string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !BUILT.has(entry.name) && !entry.name.startsWith("."))
    .map(({ name }) => name);
}

describe("the README's code map", () => {
  const rows = codeMap();

  it("has a row for every folder of the engine", () => {
    const mapped = [...rows.keys()].filter((folder) => folder.startsWith("engine/"));
    assert.deepEqual(
      mapped.sort(),
      foldersIn("engine")
        .map((name) => `engine/${name}`)
        .sort(),
    );
  });

  it("names every folder below its rows", () => {
    const missing = [...rows].flatMap(([folder, row]) =>
      foldersIn(folder)
        .filter((name) => !row.includes(`\`${name}/\``))
        .map((name) => `${folder}/${name}`),
    );
    assert.deepEqual(missing, []);
  });

  it("names no folder and no file that is not there", () => {
    const named = [...rows].flatMap(([folder, row]) =>
      [...row.matchAll(/`([\w./]+(?:\/|\.ts))`/g)].map(([, name = ""]) => join(folder, name)),
    );
    assert.deepEqual(
      named.filter((path) => !existsSync(join(ROOT, path))),
      [],
    );
  });
});
