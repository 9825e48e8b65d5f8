import * as vscode from "vscode";
import type { CheckedConfig, ConfigName, ToolHost } from "../../engine/tools/tool.ts";
import { ToolError } from "../engine/errors.ts";
import { planConfig } from "../engine/plan.ts";
import type { Salsa } from "../salsa.ts";

/** Read-only tools, by name, with the message that the chat shows while they run. */
export const READERS: Readonly<Record<string, () => string>> = {
  salsa_listRuns: () => vscode.l10n.t("Listing SALSA runs"),
  salsa_readRunsTable: () => vscode.l10n.t("Reading the table of runs"),
  salsa_readMetrics: () => vscode.l10n.t("Reading the metrics of a run"),
  salsa_readTables: () => vscode.l10n.t("Reading the tables of a run"),
  salsa_readSamples: () => vscode.l10n.t("Reading the samples of a run"),
  salsa_readAlarms: () => vscode.l10n.t("Reading the alarms of a run"),
  salsa_checkConfig: () => vscode.l10n.t("Checking and planning a run config"),
};

/** Tokens that a result takes at most, where the model would take more or does not say. */
const MOST_TOKENS = 6000;

/** A reading tool as the editor wants it. */
export function readerTool(salsa: Salsa, name: string, message: () => string): vscode.LanguageModelTool<unknown> {
  return {
    prepareInvocation: () => ({ invocationMessage: message() }),
    invoke: async ({ input, tokenizationOptions: tokens }, token) => {
      // Loaded on first use, to keep activation short.
      const { callTool, roughCount } = await import("../../engine/tools/index.ts");
      const budget = {
        tokens: Math.min(tokens?.tokenBudget ?? MOST_TOKENS, MOST_TOKENS),
        count: (text: string) => tokens?.countTokens(text, token) ?? roughCount(text),
      };
      const text = await callTool(name, input, windowHost(salsa, token), budget);
      return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
    },
  };
}

/** The window as tools see it. */
export function windowHost(salsa: Salsa, token: vscode.CancellationToken): ToolHost {
  return {
    request: (method, params) => salsa.service.request(method, params, token),
    runs: async () => {
      if (salsa.runs.all().length === 0) await salsa.runs.refresh();
      return salsa.runs.all();
    },
    configs: () => configNames(salsa),
    marks: async () => (await import("../runs/layoutStore.ts")).readLayoutBook(),
    check: ({ file }) => checked(salsa, file, token),
  };
}

/** Configs of the workspace by the paths that people see; requested if none are known yet. */
export async function configNames({ runs }: Salsa): Promise<readonly ConfigName[]> {
  if (runs.configs().length === 0) await runs.refresh();
  return runs.configs().map((uri) => ({ file: uri.fsPath, name: vscode.workspace.asRelativePath(uri) }));
}

async function checked({ tool }: Salsa, file: string, token: vscode.CancellationToken): Promise<CheckedConfig> {
  try {
    return { plan: await planConfig(tool, vscode.Uri.file(file), { token, isQuick: true }) };
  } catch (error) {
    if (error instanceof ToolError && error.issues.length > 0) return { issues: error.issues };
    throw error;
  }
}
