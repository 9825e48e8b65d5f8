import { join } from "node:path";
import * as vscode from "vscode";
import type { RunConfig } from "../../engine/config/index.ts";
import { nameOf } from "../../engine/config/paths.ts";
import { usableName } from "../../engine/config/usableName.ts";
import { assertOnDisk } from "../engine/workspace.ts";
import type { Salsa } from "../salsa.ts";
import { besideConfig } from "./besideConfig.ts";
import { CommandError } from "./failures.ts";
import { picked, pickRun } from "./pickers.ts";
import { type ChosenArm, promotedConfig } from "./promotedConfig.ts";

/** Writes a config with the settings of one arm of a run, and opens it. @param args - As a command has them. */
export async function promote(salsa: Salsa, args: readonly unknown[]): Promise<vscode.Uri> {
  assertOnDisk();
  const title = vscode.l10n.t("Promote Arm to Config");
  const { folder } = await pickRun(salsa, args, { title, none: vscode.l10n.t("There are no runs yet.") });
  const { config, configFile, id } = await salsa.service.request("provenance", { folder });
  const chosen = await pickArm(config, readAsked(args[1]));
  const file = await pickFile({ folder, configFile }, chosen.arm);
  const text = promotedConfig(config, { ...chosen, run: id, file: file.fsPath });
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
  return file;
}

/** The arm that the runs table asks for. */
function readAsked(value: unknown): Partial<ChosenArm> {
  if (typeof value !== "object" || value === null) return {};
  const { arm, beta } = value as Partial<ChosenArm>;
  return { ...(typeof arm === "string" && { arm }), ...(typeof beta === "number" && { beta }) };
}

async function pickArm({ arms }: RunConfig, asked: Partial<ChosenArm>): Promise<ChosenArm> {
  const title = vscode.l10n.t("Promote Arm to Config");
  const names = Object.keys(arms);
  const [only = ""] = names;
  const arm = asked.arm ?? (names.length === 1 ? only : await picked(vscode.window.showQuickPick(names, { title })));
  const betas = arms[arm]?.betas;
  if (betas === undefined) throw new CommandError(vscode.l10n.t("The run’s config has no arm {0}.", arm));
  const [first, ...others] = betas;
  if (asked.beta !== undefined) return { arm, beta: asked.beta };
  if (first !== undefined && others.length === 0) return { arm, beta: first };
  const items = betas.map((beta) => ({ label: `β ${beta}`, beta }));
  return { arm, beta: (await picked(vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))).beta };
}

/** Beside the run's own config, as long as that is in the workspace. */
async function pickFile(
  { folder, configFile }: { readonly folder: string; readonly configFile: string },
  arm: string,
): Promise<vscode.Uri> {
  const beside = besideConfig({ folder, configFile });
  const name = `${nameOf(configFile)}-${usableName(arm)}`;
  const file = await picked(
    vscode.window.showSaveDialog({
      title: vscode.l10n.t("Promote Arm to Config"),
      defaultUri: vscode.Uri.file(join(beside, await freeName(beside, name))),
      filters: { [vscode.l10n.t("Run config")]: ["json"] },
    }),
  );
  return /\.salsa\.jsonc?$/.test(file.path)
    ? file
    : file.with({ path: `${file.path.replace(/(\.json)?$/, "")}.salsa.json` });
}

async function freeName(folder: string, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const file = `${name}${n === 1 ? "" : `-${n}`}.salsa.json`;
    try {
      await vscode.workspace.fs.stat(vscode.Uri.file(join(folder, file)));
    } catch {
      return file;
    }
  }
}
