import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import type { WinRateRow } from "../../engine/protocol/verdicts.ts";
import { runLine } from "../runs/labels.ts";
import { isActive } from "../runs/states.ts";
import type { Salsa } from "../salsa.ts";
import { armLenses, armRow, configLenses, sourceLens } from "./analysis/lensTexts.ts";
import type { ArmResult, LensText } from "./analysis/lensTexts.ts";
import { keyOf, nodeAt, readTree } from "./analysis/tree.ts";
import { isConfig, isRunnable, rangeOf } from "./documents.ts";

/** Milliseconds between updates while runs are at work. */
const UPDATE_EVERY = 1000;

/** Run, plan, dashboard and the newest run above a config, and how each arm did above it. */
export class ConfigLenses implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly salsa: Salsa;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly listeners: vscode.Disposable;
  /** Rows by folder, of finished runs: they do not change any more. */
  private readonly rows = new Map<string, Promise<readonly WinRateRow[]>>();
  /** Lines of the runs as they were shown last. */
  private shown = "";
  private timer: NodeJS.Timeout | undefined;
  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(salsa: Salsa) {
    this.salsa = salsa;
    this.listeners = vscode.Disposable.from(
      salsa.runs.onDidChange(() => this.update()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.changed.fire()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("salsa.codeLens")) this.changed.fire();
      }),
    );
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const isWanted = vscode.workspace.getConfiguration("salsa", document.uri).get<boolean>("codeLens", true);
    if (!isWanted || !isConfig(document)) return [];
    const runs = this.runsOf(document.uri);
    const top = new vscode.Range(0, 0, 0, 0);
    const lenses = configLenses(runs, { canRun: isRunnable(document) });
    return [
      ...lenses.map((lens) => lensOf(document, top, lens)),
      ...sourceLenses(document),
      ...(await this.armLenses(document, runs)),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listeners.dispose();
    this.changed.dispose();
  }

  private runsOf(uri: vscode.Uri): RunSummary[] {
    return this.salsa.runs.all().filter(({ configFile }) => String(vscode.Uri.file(configFile)) === String(uri));
  }

  private async armLenses(document: vscode.TextDocument, runs: readonly RunSummary[]): Promise<vscode.CodeLens[]> {
    const tree = readTree(document.getText());
    const arms = nodeAt(tree, ["arms"]);
    if (arms?.type !== "object") return [];
    const names = (arms.children ?? []).map(({ children }) => String(children?.[0]?.value));
    const run = runs.find(({ status, tables }) => status === "finished" && tables.length > 0);
    const rows = run === undefined ? [] : await this.rowsOf(run);
    return names.flatMap((name) => {
      const node = nodeAt(tree, ["arms", name]);
      const key = node && keyOf(node);
      if (key === undefined) return [];
      const nBetas = nodeAt(tree, ["arms", name, "beta"])?.children?.length ?? 1;
      const row = armRow(rows, name, names);
      const result: ArmResult | undefined = row && run && { run, row };
      const range = rangeOf(document, { start: key.offset, end: key.offset + key.length });
      return armLenses(nBetas, result).map((lens) => lensOf(document, range, lens));
    });
  }

  /** Empty if the table cannot be read: the Runs view shows the run's problem. */
  private async rowsOf({ folder, updatedAt }: RunSummary): Promise<readonly WinRateRow[]> {
    const key = `${folder} ${updatedAt ?? 0}`;
    const known = this.rows.get(key);
    if (known !== undefined) return known;
    const asked = this.salsa.service.request("winRates", { folder }).catch((error: unknown) => {
      this.salsa.log.warn(`win rates of ${folder}: ${String(error)}`);
      return [];
    });
    this.rows.clear();
    this.rows.set(key, asked);
    return asked;
  }

  /** Many changes in a row are shown together. */
  private update(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const runs = this.salsa.runs.all();
      const shown = runs.map((run) => `${runLine(run)} ${isActive(run) ? "" : (run.updatedAt ?? "")}`).join("\n");
      if (shown === this.shown) return;
      this.shown = shown;
      this.changed.fire();
    }, UPDATE_EVERY);
  }
}

/** A preview above each source of the data section; of a file that is on disk, as the engine reads it there. */
function sourceLenses(document: vscode.TextDocument): vscode.CodeLens[] {
  if (document.uri.scheme !== "file") return [];
  const tree = readTree(document.getText());
  const names = (path: readonly string[]): (readonly string[])[] =>
    (nodeAt(tree, path)?.children ?? []).flatMap(({ children }) => {
      const name: unknown = children?.[0]?.value;
      return typeof name === "string" ? [[...path, name]] : [];
    });
  const paths = [...names(["data"]).filter(([, name]) => name !== "benchmarks"), ...names(["data", "benchmarks"])];
  return paths.flatMap((path) => {
    const node = nodeAt(tree, path);
    const key = node && keyOf(node);
    if (key === undefined) return [];
    const range = rangeOf(document, { start: key.offset, end: key.offset + key.length });
    return [lensOf(document, range, sourceLens(path.slice(1).join(".")))];
  });
}

function lensOf(
  document: vscode.TextDocument,
  range: vscode.Range,
  { title, command = "", on }: LensText,
): vscode.CodeLens {
  const args =
    on === undefined ? [] : on === "config" ? [document.uri] : "source" in on ? [document.uri, on.source] : [on.folder];
  return new vscode.CodeLens(range, { title, command, arguments: args });
}
