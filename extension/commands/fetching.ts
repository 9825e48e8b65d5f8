import { dirname } from "node:path";
import * as vscode from "vscode";
import { BENCHMARKS } from "../../engine/evaluation/benchmarks/index.ts";
import type { BenchmarkKind } from "../../engine/evaluation/benchmarks/benchmark.ts";
import { formatBytes } from "../../engine/common/format.ts";
import { readFetchOutput } from "../../engine/protocol/toolOutput.ts";
import { put } from "../config/analysis/edits.ts";
import { readTree } from "../config/analysis/tree.ts";
import { editOf } from "../config/documents.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { label } from "../label.ts";
import type { Salsa } from "../salsa.ts";
import { CommandError } from "./failures.ts";
import { picked, pickConfig } from "./pickers.ts";
import { withProgress } from "./progress.ts";

/** Fetches a benchmark's files beside a config and writes them into it, unsaved. @param args - As a command has them. */
export async function fetchForConfig(salsa: Salsa, args: readonly unknown[]): Promise<void> {
  assertOnDisk();
  assertTrusted();
  const title = vscode.l10n.t("Fetch Benchmark");
  const config = await pickConfig(salsa, args, title);
  const { name, title: benchmark } = await pickBenchmark(title);
  const fetched = readFetchOutput(
    await withProgress(vscode.l10n.t("Fetching {0}", benchmark), ({ token }) =>
      salsa.tool.run(["fetch", name], { folder: dirname(config.fsPath), token }),
    ),
  );
  const document = await vscode.workspace.openTextDocument(config);
  const changes = put(readTree(document.getText()), ["data", "benchmarks", name], fetched.config);
  await vscode.window.showTextDocument(document);
  if (changes.length === 0 || !(await vscode.workspace.applyEdit(editOf(document, changes)))) {
    const written = `"benchmarks": { ${JSON.stringify(name)}: ${JSON.stringify(fetched.config)} }`;
    throw new CommandError(
      vscode.l10n.t("The files are there, but the config takes no change. Add to its data: {0}", written),
    );
  }
  const bytes = fetched.files.reduce((sum, file) => sum + file.bytes, 0);
  const values = [benchmark, formatBytes(bytes), fetched.licence];
  const told = vscode.l10n.t("{0} ({1}) is beside the config and written into it. License: {2}.", ...values);
  void vscode.window.showInformationMessage(label(told));
}

async function pickBenchmark(title: string): Promise<BenchmarkKind> {
  const items = (BENCHMARKS as readonly BenchmarkKind[]).flatMap((kind) =>
    kind.published === undefined
      ? []
      : [{ benchmark: kind, label: kind.title, description: kind.published.licence, detail: kind.description }],
  );
  return (await picked(vscode.window.showQuickPick(items, { title, matchOnDetail: true }))).benchmark;
}
