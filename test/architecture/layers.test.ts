import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import layers from "./layers.cjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const { forbidden, options } = layers;

/** Rules broken by the files under `root`, each as "rule: file". */
async function violations(root: string, folders: readonly string[] = ["engine"]): Promise<string[]> {
  const { output } = await cruise([...folders], {
    ...options,
    baseDir: root,
    ruleSet: { forbidden },
    validate: true,
  });
  const { summary } = output as ICruiseResult;
  return summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort();
}

/** Writes a source tree beside the repository's packages, checks it and removes it. */
async function violationsOf(files: Readonly<Record<string, string>>): Promise<string[]> {
  await mkdir(join(ROOT, "out"), { recursive: true });
  const root = await mkdtemp(join(ROOT, "out/layers-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    return await violations(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A file of its own in each folder, so that there is something to import. */
const TARGETS = [
  "protocol",
  "compute",
  "compute/graph",
  "models",
  "training",
  "rl",
  "pipeline",
  "server",
  "cli",
  "storage",
];
const tree = Object.fromEntries(
  [...TARGETS.map((folder) => `${folder}/target`), "storage/formats/records"].map((file) => [
    `engine/${file}.ts`,
    `export type T = 1;\n`,
  ]),
);

/** A forbidden import each: the importing file, the imported one, and the rule that must object. */
const PLANTED: readonly (readonly [file: string, imported: string, rule: string])[] = [
  ["engine/protocol/planted.ts", "../compute/target.ts", "engine/protocol-imports"],
  ["engine/compute/planted.ts", "../models/target.ts", "engine/compute-imports"],
  ["engine/compute/graph/planted.ts", "../target.ts", "engine/compute/graph-imports"],
  ["engine/compute/ops/planted.ts", "../target.ts", "engine/compute/ops-imports"],
  ["engine/compute/backends/planted.ts", "../../models/target.ts", "engine/compute/backends-imports"],
  ["engine/models/planted.ts", "../training/target.ts", "engine/models-imports"],
  ["engine/training/planted.ts", "../rl/target.ts", "engine/training-imports"],
  ["engine/rl/planted.ts", "../pipeline/target.ts", "engine/rl-imports"],
  ["engine/soup/planted.ts", "../storage/target.ts", "engine/soup-imports"],
  ["engine/evaluation/planted.ts", "../compute/target.ts", "engine/evaluation-imports"],
  ["engine/storage/planted.ts", "../pipeline/target.ts", "engine/storage-imports"],
  ["engine/text/planted.ts", "../models/target.ts", "engine/text-imports"],
  ["engine/rl/planted.ts", "node:fs", "engine/rl-no-node"],
  ["engine/compute/graph/planted.ts", "node:os", "engine/compute/graph-no-node"],
  ["engine/evaluation/planted.ts", "node:crypto", "engine/evaluation-no-node"],
  ["engine/models/planted.ts", "zod", "engine/models-packages"],
  ["engine/compute/graph/planted.ts", "@tensorflow/tfjs-core", "engine/compute/graph-packages"],
  ["engine/cli/planted.ts", "zod", "engine/cli-packages"],
  ["engine/cli/planted.ts", "node:child_process", "one-way-to-start-processes"],
  ["engine/storage/planted.ts", "node:module", "one-way-to-load-code"],
  ["engine/pipeline/planted.ts", "../cli/target.ts", "engine/pipeline-imports"],
  ["engine/pipeline/planted.ts", "../server/target.ts", "engine/pipeline-imports"],
  ["engine/pipeline/planted.ts", "simple-git", "one-way-to-run-git"],
  ["engine/pipeline/planted.ts", "../storage/formats/records.ts", "one-reader-a-format"],
];

describe("the layer table", () => {
  it("is obeyed by the engine and by what uses it", async () => {
    assert.deepEqual(await violations(ROOT, ["engine", "extension", "webview"]), []);
  });

  it("has a line for every folder of the engine", async () => {
    const folders = (await readdir(join(ROOT, "engine"), { withFileTypes: true })).filter((entry) =>
      entry.isDirectory(),
    );
    const lines = new Set(forbidden.map(({ name }) => /^(engine\/\w+)-imports$/.exec(name ?? "")?.[1]));
    assert.deepEqual(
      folders.map(({ name }) => `engine/${name}`).sort(),
      [...lines].filter((line) => line !== undefined).sort(),
    );
  });

  it("catches a file that imports what its layer must not", async () => {
    const planted = Object.fromEntries(
      PLANTED.map(([file, imported], i) => [
        file.replace("planted", `planted${i}`),
        `import type * as wrong from "${imported}";\nexport type Wrong = typeof wrong;\n`,
      ]),
    );
    const found = await violationsOf({ ...tree, ...planted });
    const expected = PLANTED.map(([file, , rule], i) => `${rule}: ${file.replace("planted", `planted${i}`)}`);
    assert.deepEqual(
      found.filter((line) => !line.startsWith("no-orphans")),
      expected.sort(),
    );
  });

  it("catches a file that calls the file system itself, and lets those that may do so", async () => {
    const call = `import { readFile } from "node:fs/promises";\nexport const read = readFile;\n`;
    const found = await violationsOf({
      "engine/pipeline/planted.ts": call,
      "engine/storage/lines.ts": call,
      "engine/storage/reading.ts": call,
      "engine/storage/typed.ts": `import type { Stats } from "node:fs";\nexport type T = Stats;\n`,
    });
    const disk = found.filter((line) => line.startsWith("disk"));
    assert.deepEqual(disk, ["disk: engine/pipeline/planted.ts", "disk: engine/storage/lines.ts"]);
  });

  it("catches a cycle", async () => {
    const found = await violationsOf({
      "engine/rl/a.ts": `import type { B } from "./b.ts";\nexport type A = B;\n`,
      "engine/rl/b.ts": `import type { A } from "./a.ts";\nexport type B = A;\n`,
    });
    assert.deepEqual(found, ["no-cycles: engine/rl/a.ts"]);
  });

  it("catches a file that nothing uses", async () => {
    assert.deepEqual(await violationsOf({ "engine/rl/lonely.ts": "export const lonely = 1;\n" }), [
      "no-orphans: engine/rl/lonely.ts",
    ]);
  });
});
