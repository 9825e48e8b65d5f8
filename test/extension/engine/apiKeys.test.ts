import assert from "node:assert/strict";
import type * as vscode from "vscode";
import { isKeyVariable, onDidChangeApiKeys, readApiKeys, writeApiKey } from "../../../extension/engine/apiKeys.ts";

/** A key store as the editor has it. */
function store(): Pick<vscode.ExtensionContext, "secrets"> & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  const listeners: ((event: { readonly key: string }) => void)[] = [];
  const secrets = {
    get: (name: string) => Promise.resolve(kept.get(name)),
    store: (name: string, value: string) => {
      kept.set(name, value);
      for (const listener of listeners) listener({ key: name });
      return Promise.resolve();
    },
    onDidChange: (listener: (event: { readonly key: string }) => void) => {
      listeners.push(listener);
      return { dispose: () => undefined };
    },
  };
  return { kept, secrets: secrets as unknown as vscode.SecretStorage };
}

describe("keys of judges' servers", () => {
  it("are kept by their variables in the editor's key store, and can be removed", async () => {
    const context = store();
    let nChanges = 0;
    onDidChangeApiKeys(context, () => (nChanges += 1));
    await writeApiKey(context, "OPENAI_API_KEY", "sk-1");
    await writeApiKey(context, "OTHER_API_KEY", "sk-2");
    await writeApiKey(context, "OPENAI_API_KEY", undefined);
    assert.deepEqual([...(await readApiKeys(context))], [["OTHER_API_KEY", "sk-2"]]);
    assert.equal(nChanges, 3);
  });

  it("are passed over where what is kept is damaged, or names another variable", async () => {
    const context = store();
    for (const text of ["{", "null", '{"a":1}', '[["PATH","/evil"],["X_API_KEY",3],["Y_API_KEY","a b"],7,[]]']) {
      context.kept.set("salsa.apiKeys", text);
      assert.deepEqual([...(await readApiKeys(context))], [], text);
    }
    for (const name of ["NODE_OPTIONS", "_API_KEY", "my_api_key", "X_API_KEY_"]) assert.ok(!isKeyVariable(name), name);
  });
});
