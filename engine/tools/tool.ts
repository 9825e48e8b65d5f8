import type * as z from "zod";
import type { ConfigIssue } from "../protocol/errors.ts";
import type { LayoutBook } from "../protocol/runsLayout.ts";
import type { RunSummary, ServiceRequests } from "../protocol/service.ts";
import type { PlanOutput } from "../protocol/toolOutput.ts";
import type { TextBudget } from "./metricsText.ts";

/** A run config that tools may name. */
export interface ConfigName {
  /** Absolute path. */
  readonly file: string;
  /** Path as it is shown and asked for, relative to the workspace. */
  readonly name: string;
}

/** A config's plan, or its mistakes. */
export type CheckedConfig = { readonly plan: PlanOutput } | { readonly issues: readonly ConfigIssue[] };

/** The surroundings of tools: an editor's window, or the MCP server. */
export interface ToolHost {
  /** Asks the engine service. */
  request<M extends keyof ServiceRequests>(
    method: M,
    params: ServiceRequests[M]["params"],
  ): Promise<ServiceRequests[M]["result"]>;
  /** Every run, newest first. */
  runs(): Promise<readonly RunSummary[]>;
  /** Every run config; no other is checked or started. */
  configs(): Promise<readonly ConfigName[]>;
  /** Names, tags and notes that people have given to runs, by the run's folder, and why some cannot be read. */
  marks(): Promise<Pick<LayoutBook, "marks" | "problems">>;
  /** Checks and plans a run of a config as it is on disk; nothing is downloaded. */
  check(config: ConfigName): Promise<CheckedConfig>;
}

/** A tool for language models, of the editor and of the MCP server alike. Its texts are English: models read them. */
export interface ModelTool<Input extends z.ZodType = z.ZodType> {
  /** "salsa_listRuns" */
  readonly name: string;
  readonly title: string;
  /** For the model; package.json says the same. */
  readonly description: string;
  /** Unknown keys are refused. */
  readonly input: Input;
  /** False for one that starts or stops something. */
  readonly isReadOnly: boolean;
  /** @throws {Error} with a message for the model, which reads it and asks again. */
  call(host: ToolHost, input: z.output<Input>, budget: TextBudget): Promise<string>;
}

/** A tool, with its input's type checked against its schema. */
export function modelTool<Input extends z.ZodType>(tool: ModelTool<Input>): ModelTool<Input> {
  return tool;
}
