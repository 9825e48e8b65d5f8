import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as vscode from "vscode";
import { findRuntime } from "../../../extension/engine/runtime.ts";
import { isToken, onDidChangeToken, readToken, writeToken } from "../../../extension/engine/token.ts";
import { runTool } from "../../../extension/engine/toolRunner.ts";

const TOKEN = "hf_secretSecretSecret";

/** The part of a context that keeps secrets. */
function keyStore(): { readonly context: vscode.ExtensionContext; readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  const listeners = new Set<(event: { key: string }) => void>();
  const tell = (key: string): Promise<void> => {
    for (const listener of listeners) listener({ key });
    return Promise.resolve();
  };
  const secrets = {
    get: (key: string) => Promise.resolve(kept.get(key)),
    store: (key: string, value: string) => (kept.set(key, value), tell(key)),
    delete: (key: string) => (kept.delete(key), tell(key)),
    onDidChange: (listener: (event: { key: string }) => void) => {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    },
  };
  return { context: { secrets } as unknown as vscode.ExtensionContext, kept };
}

describe("the token of the hub", () => {
  it("is kept, reported, and removed", async () => {
    const { context, kept } = keyStore();
    let nChanges = 0;
    const listening = onDidChangeToken(context, () => (nChanges += 1));
    assert.equal(await readToken(context), undefined);
    await writeToken(context, TOKEN);
    assert.equal(await readToken(context), TOKEN);
    await context.secrets.store("another", "x");
    await writeToken(context, undefined);
    assert.deepEqual([...kept.keys()], ["another"]);
    assert.equal(nChanges, 2);
    listening.dispose();
  });

  it("is one word of ASCII, so that no header can be made of it", async () => {
    assert.ok(isToken(TOKEN));
    for (const wrong of ["", "a b", "a\nb: c", "ü", "x".repeat(5000)]) assert.ok(!isToken(wrong));
    const { context, kept } = keyStore();
    kept.set("salsa.huggingFaceToken", "a\nb");
    assert.equal(await readToken(context), undefined);
  });

  it("goes to the engine by its environment, and not by arguments, output or errors", async () => {
    const extension = await mkdtemp(join(tmpdir(), "salsa-token-"));
    try {
      await mkdir(join(extension, "engine/cli"), { recursive: true });
      await mkdir(join(extension, "node_modules/.bin"), { recursive: true });
      await writeFile(join(extension, "node_modules/.bin/node"), "");
      await chmod(join(extension, "node_modules/.bin/node"), 0o755);
      // An engine that tells what it was given, without the token itself.
      const program = `
        const [, , ...args] = process.argv;
        console.log(JSON.stringify({ args, hasToken: process.env.HF_TOKEN === "hf_" + "secretSecretSecret" }));
        console.error("started");
        console.log(JSON.stringify({ kind: "error", error: "DataError", message: "no" }));`;
      await writeFile(join(extension, "engine/cli/main.ts"), program);
      const settings = {
        extension,
        nodePath: "",
        tfjsPath: "",
        cublasPath: "",
        platform: process.platform,
        arch: process.arch,
        token: TOKEN,
      };
      const runtime = {
        ...(await findRuntime({ ...settings, env: { HF_TOKEN: "hf_other" } })),
        node: process.execPath,
      };
      assert.equal(runtime.env["HF_TOKEN"], TOKEN);
      const told: unknown[] = [];
      const failure = await runTool(["publish", "x", "--to", "a/b"], runtime, {
        folder: extension,
        signal: new AbortController().signal,
        onLine: (line) => told.push(line),
        onText: (text) => told.push(text),
      }).catch((error: unknown) => error);
      assert.ok(failure instanceof Error);
      assert.deepEqual(
        told.find((one) => typeof one === "object"),
        {
          args: ["publish", "x", "--to", "a/b", "--json"],
          hasToken: true,
        },
      );
      assert.ok(!JSON.stringify([told, failure.message, failure.stack, failure]).includes(TOKEN));
      const without = await findRuntime({ ...settings, token: undefined, env: { HF_TOKEN: "hf_other" } });
      assert.equal(without.env["HF_TOKEN"], "hf_other");
    } finally {
      await rm(extension, { recursive: true });
    }
  });
});
