import assert from "node:assert/strict";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Salsa } from "../../../extension/salsa.ts";
import { type WritableHub, startWritableHub } from "../../engine/data/hub/writableHub.ts";
import { type Answers, ask } from "./asking.ts";

const VARIABLES = ["HF_ENDPOINT", "HF_TOKEN"] as const;

describe("publishing in the editor", function () {
  this.timeout(120_000);
  let workspace = "";
  let salsa: Salsa;
  let hub: WritableHub;
  let model = "";
  const before_ = VARIABLES.map((name) => [name, process.env[name]] as const);

  before(async () => {
    workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
    const extension = vscode.extensions.getExtension<Salsa>("salsa.salsa");
    assert.ok(extension !== undefined && workspace !== "");
    salsa = await extension.activate();
    const demo = join(extension.extensionPath, "out/demo"); // made by the outer suite
    await cp(join(demo, ".salsa"), join(workspace, ".salsa"), { recursive: true });
    await salsa.runs.refresh();
    const models = await salsa.service.request("models", { folder: join(workspace, ".salsa/runs/demo-1") });
    model = models.find(({ name }) => name === "salsa")?.folder ?? "";
    assert.notEqual(model, "");
    hub = await startWritableHub();
    process.env["HF_ENDPOINT"] = hub.endpoint;
    process.env["HF_TOKEN"] = "hf_a_token_that_may_write";
  });

  after(async () => {
    for (const [name, value] of before_) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await hub.close();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await rm(join(workspace, ".salsa"), { recursive: true, force: true });
    await salsa.runs.refresh();
  });

  afterEach(() => assert.deepEqual(failures.splice(0), []));

  const failures: string[] = [];
  const cardFile = (): string => join(workspace, ".salsa/runs/demo-1/cards/salsa/README.md");

  /** Answers everything; the last question as given. */
  const answers = (
    owner: string,
    confirm: NonNullable<Answers["showWarningMessage"]>,
    editCard: () => PromiseLike<unknown> = () => Promise.resolve(),
  ): Answers => ({
    showInputBox: ({ value = "" }) => value.replace(/^.*\//, `${owner}/`),
    showQuickPick: (items) => items.find(({ label }) => label === "Private"),
    showInformationMessage: async (message, go) => {
      // The card is there to be edited, and nothing has left the machine.
      assert.match(message, /Edit the model card.*Nothing has been uploaded/);
      assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, cardFile());
      assert.deepEqual(hub.requests, []);
      await editCard();
      return go;
    },
    showWarningMessage: confirm,
    showErrorMessage: (message) => void failures.push(message),
  });

  it("writes the card, opens it, lists every file, and uploads nothing unless that is confirmed", async () => {
    let asked = "";
    const stopped = ask(salsa, "salsa.publish", [{ kind: "model", model }], {
      ...answers("me", (question, { detail }) => {
        asked = `${question}\n${detail}`;
        return undefined;
      }),
    });
    await assert.doesNotReject(stopped); // thinking better of it is no failure
    assert.match(asked, /^Publish me\/\S+ to the Hugging Face hub\?/);
    for (const listed of ["private", "README.md", "model.safetensors", "tokenizer.json"])
      assert.ok(asked.includes(listed), asked);
    assert.deepEqual(hub.requests, []);
    assert.match(await readFile(cardFile(), "utf8"), /^---\n/);
  });

  it("uploads the card as it was edited, with the files that it lists, once that is confirmed", async () => {
    const byHand = async (): Promise<void> => {
      const editor = vscode.window.activeTextEditor;
      const isEdited = await editor?.edit((edit) =>
        edit.insert(editor.document.lineAt(editor.document.lineCount - 1).range.end, "\nWritten by hand.\n"),
      );
      assert.equal(isEdited, true); // and not saved: that is left to the command
    };
    const confirmed = answers("we", (_, __, upload) => upload, byHand); // another owner: the open card is written again;
    const url = await ask(salsa, "salsa.publish", [{ kind: "model", model }], confirmed);
    const [[name, repository] = []] = hub.repositories;
    assert.ok(name !== undefined && repository !== undefined);
    assert.equal(url, `${hub.endpoint}/${name}`);
    assert.match(name, /^we\/./);
    assert.equal(repository.isPrivate, true);
    assert.match(repository.files.get("README.md")?.toString() ?? "", /\nWritten by hand\.\n$/);
    const weights = repository.files.get("model.safetensors");
    assert.deepEqual(weights, await readFile(join(model, "model.safetensors")));
    assert.ok(
      hub.requests.every(({ authorization }) => authorization === undefined || authorization.endsWith("write")),
    );
  });
});
