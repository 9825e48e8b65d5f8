import * as vscode from "vscode";
import { suggest } from "../../engine/config/suggest.ts";
import { label } from "../label.ts";
import { removeNode } from "./analysis/edits.ts";
import type { ConfigFinding } from "./analysis/finding.ts";
import { fixesOf, spellingChanges } from "./analysis/fixes.ts";
import { pathPlace } from "./analysis/places.ts";
import { isKey, nodeAt, nodeAtOffset, readTree } from "./analysis/tree.ts";
import type { ConfigTree } from "./analysis/tree.ts";
import type { ConfigDiagnostics } from "./diagnostics.ts";
import { editOf, fileUri, isConfig, rangeOf } from "./documents.ts";

/** Opens a file dialog; an internal command, since it applies to a place in a config. */
export const PICK_PATH = "_salsa.pickPath";

const FIX_ALL = vscode.CodeActionKind.SourceFixAll.append("salsa");
/** The JSON service's code for a key that is written twice. */
const DUPLICATE_KEY = 520;

/** Quick fixes of findings, and of keys that the editor's JSON support finds twice. */
export class ConfigCodeActions implements vscode.CodeActionProvider {
  static readonly metadata: vscode.CodeActionProviderMetadata = {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, FIX_ALL],
  };
  private readonly diagnostics: ConfigDiagnostics;

  constructor(diagnostics: ConfigDiagnostics) {
    this.diagnostics = diagnostics;
  }

  async provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): Promise<vscode.CodeAction[]> {
    if (!isConfig(document)) return [];
    const tree = readTree(document.getText());
    const all = this.diagnostics.findings(document);
    if (context.only !== undefined && FIX_ALL.intersects(context.only)) return fixAll(document, tree, all);
    const here = all.filter(({ span }) => range.intersection(rangeOf(document, span)) !== undefined);
    const own = here.flatMap((finding) => quickFixes(document, tree, { finding, context }));
    const paths = await Promise.all(here.map((finding) => pathFixes(document, tree, { finding, context })));
    return [...own, ...paths.flat(), ...duplicates(document, tree, context), ...together(document, tree, here, all)];
  }
}

interface Found {
  readonly finding: ConfigFinding;
  readonly context: vscode.CodeActionContext;
}

function quickFixes(document: vscode.TextDocument, tree: ConfigTree, found: Found): vscode.CodeAction[] {
  return fixesOf({ tree, finding: found.finding }).map(({ title, changes, isPreferred = false }) => {
    const action = actionFor(document, title, found);
    action.edit = editOf(document, changes);
    action.isPreferred = isPreferred;
    return action;
  });
}

/** A file that is not there: names of the same folder that are nearly the same, and a dialog. */
async function pathFixes(document: vscode.TextDocument, tree: ConfigTree, found: Found): Promise<vscode.CodeAction[]> {
  const { path, code } = found.finding;
  const wants = pathPlace(path);
  const isAbsent = code === "missingSetting" && found.finding.remedy.startsWith('add "checkpoint"');
  if ((code !== "missingFile" || wants === undefined) && !isAbsent) return [];
  const place = isAbsent ? ["model", "checkpoint"] : [...path];
  const title = place.at(-1) === "checkpoint" ? vscode.l10n.t("Pick a Folder...") : vscode.l10n.t("Pick a File...");
  const pick = actionFor(document, title, found);
  pick.command = { title, command: PICK_PATH, arguments: [document.uri, place] };
  const node = nodeAt(tree, path);
  const written = node?.value as unknown;
  const near = typeof written === "string" ? await similarPaths(document.uri, written) : [];
  const renamed = near.map((name) => {
    const action = actionFor(document, vscode.l10n.t("Change to {0}", JSON.stringify(name)), found);
    if (node !== undefined) {
      const span = { start: node.offset, end: node.offset + node.length, text: JSON.stringify(name) };
      action.edit = editOf(document, [span]);
    }
    action.isPreferred = near.length === 1;
    return action;
  });
  return [...renamed, pick];
}

async function similarPaths(config: vscode.Uri, path: string): Promise<string[]> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  try {
    const entries = await vscode.workspace.fs.readDirectory(fileUri(config, folder === "" ? "." : folder));
    const near = suggest(
      path.slice(folder.length),
      entries.map(([name]) => name),
    );
    return near.map((name) => folder + name);
  } catch {
    // No folder, no names.
    return [];
  }
}

/** Fixes for duplicate keys, which only the JSON service reports and for which it offers no fix. */
function duplicates(
  document: vscode.TextDocument,
  tree: ConfigTree,
  context: vscode.CodeActionContext,
): vscode.CodeAction[] {
  return context.diagnostics
    .filter(({ code }) => code === DUPLICATE_KEY)
    .flatMap((diagnostic) => {
      const key = nodeAtOffset(tree, document.offsetAt(diagnostic.range.start));
      if (key === undefined || !isKey(key)) return [];
      const action = new vscode.CodeAction(vscode.l10n.t("Remove this one"), vscode.CodeActionKind.QuickFix);
      action.diagnostics = [diagnostic];
      action.edit = editOf(document, removeNode(tree, key));
      return [action];
    });
}

/** Offers to put right every misspelled name, where there are others. */
function together(
  document: vscode.TextDocument,
  tree: ConfigTree,
  here: readonly ConfigFinding[],
  all: readonly ConfigFinding[],
): vscode.CodeAction[] {
  const changes = spellingChanges(tree, all);
  if (changes.length < 2 || spellingChanges(tree, here).length === 0) return [];
  const title = vscode.l10n.t("Correct all {0} misspelled names", changes.length);
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  action.edit = editOf(document, changes);
  return [action];
}

function fixAll(
  document: vscode.TextDocument,
  tree: ConfigTree,
  findings: readonly ConfigFinding[],
): vscode.CodeAction[] {
  const changes = spellingChanges(tree, findings);
  if (changes.length === 0) return [];
  const action = new vscode.CodeAction(vscode.l10n.t("Correct misspelled names"), FIX_ALL);
  action.edit = editOf(document, changes);
  return [action];
}

function actionFor(document: vscode.TextDocument, title: string, { finding, context }: Found): vscode.CodeAction {
  const action = new vscode.CodeAction(label(title), vscode.CodeActionKind.QuickFix);
  const range = rangeOf(document, finding.span);
  action.diagnostics = context.diagnostics.filter((one) => one.source === "SALSA" && one.range.isEqual(range));
  return action;
}
