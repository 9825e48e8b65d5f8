import { isAbsolute, join, resolve } from "node:path";
import * as vscode from "vscode";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { label } from "../label.ts";
import type { Command, Salsa } from "../salsa.ts";
import { commandAction } from "./actions.ts";
import type { Checkpoint } from "./checkpointItems.ts";
import { calledCheckpoints, pickCheckpoints } from "./checkpoints.ts";
import { CommandError, showDone } from "./failures.ts";
import { picked } from "./pickers.ts";
import { withProgress } from "./progress.ts";
import { reveal } from "./reveal.ts";
// Its code is loaded on first use: it brings the schemas of all recipes along.
import type { MethodChoice } from "./soupRecipe.ts";

/** Mixes checkpoints into one. */
export const makeSoup: Command = {
  id: "salsa.makeSoup",
  run: async (salsa, ...args) => {
    assertOnDisk();
    assertTrusted();
    const of = await pickIngredients(salsa, args);
    const method = await pickMethod(of);
    const shares = method.hasShares ? { shares: await askShares(of, method) } : {};
    const folder = workspaceFolder();
    const out = await askFolder(folder);
    const { soupArguments } = await import("./soupRecipe.ts");
    const recipe = soupArguments({ method: method.method, of: of.map((one) => one.folder), out, ...shares });
    const made = await withProgress(vscode.l10n.t("Mixing {0} checkpoints", of.length), ({ token }) =>
      salsa.tool.run(recipe, { folder, token }),
    );
    const soup = (made as { readonly folder: string }).folder;
    showDone(salsa, vscode.l10n.t("The soup of {0} is in {1}.", namesOf(of), vscode.workspace.asRelativePath(soup)), [
      commandAction(vscode.l10n.t("Score"), "salsa.score", { kind: "model", model: soup }),
      { title: vscode.l10n.t("Reveal"), run: () => reveal(vscode.Uri.file(soup)) },
    ]);
    return soup;
  },
};

/** Checkpoints that the command was called on; asks for more if they are fewer than two. */
async function pickIngredients(salsa: Salsa, args: readonly unknown[]): Promise<readonly Checkpoint[]> {
  const called = await calledCheckpoints(salsa, args);
  if (called.length >= 2) return called;
  const marked = await pickCheckpoints(salsa, {
    title: vscode.l10n.t("Make Soup: mark two or more checkpoints"),
    fits: ({ isPolicy }) => isPolicy,
    marked: called.map(({ folder }) => folder),
  });
  // One from the explorer is in no run's list, so that it could not be marked or left out.
  const isMarked = (folder: string): boolean => marked.some((one) => one.folder === folder);
  const of = [...called.filter(({ folder }) => !isMarked(folder)), ...marked];
  if (of.length >= 2) return of;
  throw new CommandError(vscode.l10n.t("A soup needs two checkpoints or more: mark them in the list."));
}

async function pickMethod(of: readonly Checkpoint[]): Promise<MethodChoice> {
  const { methodsFor } = await import("./soupRecipe.ts");
  const items = methodsFor(of.map(({ name }) => name)).map(({ title, description, source, ...choice }) => {
    return { ...choice, label: title, description: source, detail: description };
  });
  const title = vscode.l10n.t("Make Soup: how");
  // A method may treat the first in its own way, such as a base that the others were tuned from.
  const placeHolder = vscode.l10n.t("Of {0}, in this order", namesOf(of));
  return picked(vscode.window.showQuickPick(items, { title, placeHolder }));
}

async function askShares(of: readonly Checkpoint[], { method }: MethodChoice): Promise<string> {
  const { defaultShares, sharesProblem } = await import("./soupRecipe.ts");
  const names = of.map(({ name }) => name);
  const [first = "", second = ""] = names;
  const prompt =
    of.length === 2
      ? vscode.l10n.t("α, the share of {1}; the rest is {0}. It may leave 0 to 1.", first, second)
      : vscode.l10n.t("Weights of {0}, in this order, adding up to 1", namesOf(of));
  return picked(
    vscode.window.showInputBox({
      title: vscode.l10n.t("Make Soup: shares"),
      prompt: label(prompt),
      value: defaultShares(of.length),
      validateInput: (text) => sharesProblem(text, { method, of: names }),
    }),
  );
}

async function askFolder(folder: string): Promise<string> {
  const value = await freeFolder(folder);
  const text = await picked(
    vscode.window.showInputBox({
      title: vscode.l10n.t("Make Soup: folder to write"),
      prompt: label(vscode.l10n.t("Relative to {0}", folder)),
      value,
      validateInput: async (typed) => {
        if (typed.trim() === "") return vscode.l10n.t("Enter a folder.");
        const isTaken = await exists(pathOf(folder, typed));
        return isTaken ? label(vscode.l10n.t("{0} already exists. Choose another name.", typed.trim())) : undefined;
      },
    }),
  );
  return pathOf(folder, text);
}

async function freeFolder(folder: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = join("soups", n === 1 ? "soup" : `soup-${n}`);
    if (!(await exists(join(folder, name)))) return name;
  }
}

function pathOf(folder: string, text: string): string {
  return isAbsolute(text.trim()) ? text.trim() : resolve(folder, text.trim());
}

async function exists(path: string): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(vscode.Uri.file(path));
    return true;
  } catch {
    return false;
  }
}

/** @throws {CommandError} when no folder is open. */
function workspaceFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
  if (folder !== undefined) return folder.uri.fsPath;
  throw new CommandError(vscode.l10n.t("The soup is written into the workspace, so a folder must be open."), [
    commandAction(vscode.l10n.t("Open Folder..."), "workbench.action.files.openFolder"),
  ]);
}

function namesOf(checkpoints: readonly Checkpoint[]): string {
  return checkpoints.map(({ name }) => name).join(", ");
}
