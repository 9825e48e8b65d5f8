import assert from "node:assert/strict";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Salsa } from "../../../extension/salsa.ts";
import { ask } from "./asking.ts";

describe("Show Log", () => {
  let run = "";
  let salsa: Salsa;

  before(async () => {
    const workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
    const extension = vscode.extensions.getExtension<Salsa>("salsa.salsa");
    assert.ok(extension !== undefined && workspace !== "");
    salsa = await extension.activate();
    run = join(workspace, ".salsa/runs/logged-1");
    await mkdir(join(run, "logs"), { recursive: true });
    await writeFile(join(run, "engine.log"), "the engine's\n");
  });

  after(async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await rm(run, { recursive: true, force: true });
  });

  const shown = (): string | undefined => vscode.window.activeTextEditor?.document.getText();

  it("shows the engine's, or that of the job which the person picks, and no link", async () => {
    await ask(salsa, "salsa.showLog", [run], {});
    assert.equal(shown(), "the engine's\n");

    for (const name of ["sft-2-bb", "sft-1-aa"]) await writeFile(join(run, `logs/${name}.log`), `of ${name}\n`);
    await symlink(join(run, "engine.log"), join(run, "logs/link.log"));
    let labels: readonly string[] = [];
    await ask(salsa, "salsa.showLog", [run], {
      showQuickPick: (items) => {
        labels = items.map(({ label }) => label);
        return items[1];
      },
    });
    assert.deepEqual(labels, ["Engine", "sft-1-aa", "sft-2-bb"]);
    assert.equal(shown(), "of sft-1-aa\n");
  });
});
