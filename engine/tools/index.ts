import * as z from "zod";
import { checkConfig } from "./checkConfig.ts";
import { listRuns } from "./listRuns.ts";
import { readAlarms } from "./readAlarms.ts";
import { readMetrics } from "./readMetrics.ts";
import { readRunsTable } from "./readRunsTable.ts";
import { readSamples } from "./readSamples.ts";
import { readTables } from "./readTables.ts";
import { startRun, stopRun } from "./startRun.ts";
import type { TextBudget } from "./metricsText.ts";
import type { ModelTool, ToolHost } from "./tool.ts";

/** Every tool, for the editor's language models and the MCP server. Add yours here, and to package.json. */
export const MODEL_TOOLS: readonly ModelTool[] = [
  listRuns,
  readRunsTable,
  readMetrics,
  readTables,
  readSamples,
  readAlarms,
  checkConfig,
  startRun,
  stopRun,
];

/** Characters that a token has about, in numbers and English. */
const CHARACTERS_PER_TOKEN = 2.5;

/** Tokens of a text, roughly. */
export function roughCount(text: string): Promise<number> {
  return Promise.resolve(text.length / CHARACTERS_PER_TOKEN);
}

/**
 * Calls a tool by name, with an input as a model gives it.
 *
 * @throws {Error} with a message for the model: an unknown tool, an input that does not fit, whatever the tool refuses.
 */
export async function callTool(name: string, input: unknown, host: ToolHost, budget: TextBudget): Promise<string> {
  const tool = MODEL_TOOLS.find((one) => one.name === name);
  if (tool === undefined) {
    throw new Error(
      `There is no tool ${JSON.stringify(name)}. There are ${MODEL_TOOLS.map((one) => one.name).join(", ")}.`,
    );
  }
  const { success, data, error } = tool.input.safeParse(input ?? {});
  if (!success) throw new Error(`The input of ${name} does not fit: ${z.prettifyError(error)}`);
  return tool.call(host, data, budget);
}
