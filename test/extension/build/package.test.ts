import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../../../extension/build/bundle.ts";
import { isTarget, ownTarget, PLATFORMS } from "../../../extension/build/nodeRuntime.ts";
import { checkBudget, MOST_BYTES, MOST_BYTES_WITHOUT_NODE } from "../../../extension/build/package.ts";
import { vsix } from "../../e2e/session.ts";
import { type Entry, vsixEntries } from "./vsixEntries.ts";

describe("the package for this machine", function () {
  this.timeout(120_000);
  let entries: readonly Entry[];
  let names: readonly string[];

  before(async () => {
    entries = await vsixEntries(vsix());
    names = entries.map(({ name }) => name);
  });

  it("has all that the manifest, the extension and the engine look for", () => {
    for (const name of [
      "package.json",
      "package.nls.json",
      "readme.md",
      "changelog.md",
      "SECURITY.md",
      "LICENSE.txt",
      "l10n/bundle.l10n.json",
      "extension/media/icon.png",
      "extension/media/salsa.svg",
      "dist/NOTICES.txt",
      "dist/sbom.cdx.json",
      "dist/extension.cjs",
      "dist/webview.js",
      "dist/chat.js",
      "dist/preview.js",
      "dist/runsTable.js",
      "dist/webview.css",
      "dist/codicon.ttf",
      "dist/run-config.schema.json",
      "dist/engine/salsa.js",
      "dist/engine/main.js",
      "dist/engine/serverThread.js",
      "dist/engine/claimsSeed.js",
      "dist/engine/worker.js",
      "dist/engine/out/kernels.wasm",
      "dist/engine/kernels/matmul.ptx.gz",
      "dist/engine/tfjs-backend-wasm-simd.wasm",
      "dist/soup/out/mix.wasm",
      "dist/node/LICENSE",
    ])
      assert.ok(names.includes(`extension/${name}`), name);
    for (const chunk of ["dist/extension/features-", "dist/engine/chunk-"])
      assert.ok(
        names.some((name) => name.startsWith(`extension/${chunk}`)),
        chunk,
      );
  });

  it("has neither sources, tests, source maps nor node_modules", () => {
    const unwanted = /\.(ts|map|tsbuildinfo|test\.js)$|node_modules|\/(test|examples|\.salsa|\.vscode)\//;
    assert.deepEqual(
      names.filter((name) => unwanted.test(name)),
      [],
    );
  });

  it("has one Node, which can be executed, and of other native code only what calls the NVIDIA driver", () => {
    const program = process.platform === "win32" ? "node.exe" : "node";
    const large = entries.filter(({ bytes }) => bytes > 5e6);
    assert.deepEqual(
      large.map(({ name }) => name),
      [`extension/dist/node/${program}`],
    );
    assert.equal((large[0]?.mode ?? 0) & 0o111, 0o111);
    assert.deepEqual(
      names.filter((name) => /\.(node|so|dylib|dll)$/.test(name)),
      process.platform === "darwin" ? [] : ["extension/dist/engine/koffi.node"],
    );
  });

  it("keeps to its budgets", async () => {
    const { size } = await stat(vsix());
    assert.ok(size <= MOST_BYTES);
    const rest = entries.filter(({ name }) => !name.startsWith("extension/dist/node/"));
    assert.ok(rest.reduce((total, { bytes }) => total + bytes, 0) <= MOST_BYTES_WITHOUT_NODE);
  });
});

describe("packaging", () => {
  it("fails when a package outgrows its budget, and says which part has grown", () => {
    const parts = { node: 108e6, engine: 2e6 };
    assert.doesNotThrow(() => checkBudget({ file: join(ROOT, "a.vsix"), bytes: MOST_BYTES, parts }));
    assert.throws(
      () => checkBudget({ file: join(ROOT, "a.vsix"), bytes: MOST_BYTES + 1, parts }),
      /a\.vsix has 52\.0 MB.*budget is 52\.0 MB.*node 108\.0 MB, engine 2\.0 MB$/,
    );
    assert.throws(
      () =>
        checkBudget({ file: join(ROOT, "a.vsix"), bytes: 1, parts: { node: 1, media: MOST_BYTES_WITHOUT_NODE + 1 } }),
      /media 10\.0 MB/,
    );
  });

  it("knows the platforms by VS Code's names, and this one among them", () => {
    assert.deepEqual(Object.keys(PLATFORMS), ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64"]);
    assert.equal(isTarget("linux-riscv64"), false);
    assert.equal(ownTarget(), `${process.platform}-${process.arch}`);
  });

  it("has the licence of the Node that it packages", async () => {
    const { devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    assert.match(devDependencies["node"] ?? "", /^\^24\./, "extension/build/licenses is of version 24");
  });
});
