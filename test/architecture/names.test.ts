import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BACKENDS } from "../../engine/compute/backends/index.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const EXPORTED = /^export (?:declare )?(?:abstract )?(?:type|interface|class|enum) (\w+)/gm;
const LEAVES = /^engine\/(common|protocol|config|figures)\//;

const files = ["engine", "extension", "webview"]
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith(".ts") && !/\/(assembly|out)\//.test(file));

/** Exported types of some files that are declared twice. */
function declaredTwice(of: readonly string[]): readonly string[] {
  const places = new Map<string, string[]>();
  for (const file of of) {
    for (const [, name = ""] of readFileSync(join(ROOT, file), "utf8").matchAll(EXPORTED)) {
      const found = places.get(name) ?? [];
      places.set(name, found);
      found.push(file);
    }
  }
  return [...places].flatMap(([name, all]) => (all.length > 1 ? [`${name}: ${all.join(", ")}`] : []));
}

describe("exported types", () => {
  it("of the engine have a name each", () => {
    // Backends are alike, and know nothing of each other.
    for (const { name: backend } of BACKENDS) {
      const others = new RegExp(`^engine/compute/backends/(?!${backend}/)\\w+/`);
      assert.deepEqual(declaredTwice(files.filter((file) => file.startsWith("engine/") && !others.test(file))), []);
    }
  });

  it("that the extension can see have a name each", () => {
    assert.deepEqual(declaredTwice(files.filter((file) => file.startsWith("extension/") || LEAVES.test(file))), []);
  });

  it("that the web view can see have a name each", () => {
    assert.deepEqual(declaredTwice(files.filter((file) => file.startsWith("webview/") || LEAVES.test(file))), []);
  });
});
