import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import type { Salsa } from "../salsa.ts";
import { readCurves } from "./curve.ts";
import { findRun } from "./findRun.ts";
import type { TextBudget } from "./metricsText.ts";
import { runsText } from "./runsText.ts";
import { type OtherTable, tablesText } from "./tablesText.ts";

/** Input of a reading tool; keep in step with the schema in package.json. */
interface ReadInput {
  readonly run?: string;
  readonly metrics?: readonly string[];
  readonly stages?: readonly string[];
  readonly limit?: number;
}

type Read = (salsa: Salsa, input: ReadInput, work: ReadWork) => Promise<string>;

interface ReadWork {
  readonly token: vscode.CancellationToken;
  readonly budget: TextBudget;
}

/** Default limit of listed runs. */
const LIMIT = 20;

const listRuns: Read = async (salsa, { limit = LIMIT }) => {
  const runs = await knownRuns(salsa);
  const configs = salsa.runs.configs().map((uri) => vscode.workspace.asRelativePath(uri));
  return runsText(runs, configs, limit);
};

const readMetrics: Read = async (salsa, { run: named, metrics = [], stages = [] }, { token, budget }) => {
  const { chosenCurves, metricsText } = await import("./metricsText.ts");
  const { folder, id, status } = findRun(await knownRuns(salsa), named);
  const { series: recorded } = await salsa.service.request("outline", { folder }, token);
  const { keys, missing } = chosenCurves(recorded, { metrics, stages });
  const packed = await salsa.service.request("series", { folder, keys }, token);
  const inVain = missing.length === 0 ? "" : `Not recorded: ${missing.join(", ")}. ${recordedText(recorded)}\n\n`;
  if (keys.length === 0) return `${id} is ${status}. ${inVain === "" ? "Nothing is recorded yet." : inVain}`;
  return `${id} is ${status}.\n\n${inVain}${await metricsText(readCurves(packed), budget)}`;
};

function recordedText(recorded: Readonly<Record<string, Readonly<Record<string, number>>>>): string {
  const stages = Object.entries(recorded).map(([stage, counts]) => `${stage}: ${Object.keys(counts).join(", ")}`);
  return `Recorded are, by stage, ${stages.length === 0 ? "none" : stages.join("; ")}.`;
}

const readTables: Read = async (salsa, { run: named }, { token }) => {
  const run = findRun(await knownRuns(salsa), named);
  const { folder, tables } = run;
  const rows = tables.includes("winRates") ? await salsa.service.request("winRates", { folder }, token) : [];
  const others = await Promise.all(
    tables
      .filter((name) => name !== "winRates")
      .map(async (name): Promise<OtherTable> => {
        const { text } = await salsa.service.request("table", { folder, name, format: "markdown" }, token);
        return { name, markdown: text };
      }),
  );
  return tablesText(run, rows, others);
};

/** Read-only tools, by name, with the message that the chat shows while they run. */
export const READERS: readonly { readonly name: string; readonly read: Read; readonly message: () => string }[] = [
  { name: "salsa_listRuns", read: listRuns, message: () => vscode.l10n.t("Listing SALSA runs") },
  { name: "salsa_readMetrics", read: readMetrics, message: () => vscode.l10n.t("Reading the metrics of a run") },
  { name: "salsa_readTables", read: readTables, message: () => vscode.l10n.t("Reading the tables of a run") },
];

/** Tokens that a result takes at most, where the model would take more or does not say. */
const MOST_TOKENS = 6000;
/** Numbers have about this many characters a token. */
const CHARACTERS_PER_TOKEN = 2.5;

/** A reading tool as the editor wants it. */
export function readerTool(
  salsa: Salsa,
  { read, message }: (typeof READERS)[number],
): vscode.LanguageModelTool<ReadInput> {
  return {
    prepareInvocation: () => ({ invocationMessage: message() }),
    invoke: async ({ input, tokenizationOptions: tokens }, token) => {
      const budget = {
        tokens: Math.min(tokens?.tokenBudget ?? MOST_TOKENS, MOST_TOKENS),
        count: (text: string) =>
          tokens?.countTokens(text, token) ?? Promise.resolve(text.length / CHARACTERS_PER_TOKEN),
      };
      const text = await read(salsa, input, { token, budget });
      return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
    },
  };
}

/** Runs as last reported; requested if none are known yet. */
async function knownRuns({ runs }: Salsa): Promise<readonly RunSummary[]> {
  if (runs.all().length === 0) await runs.refresh();
  return runs.all();
}
