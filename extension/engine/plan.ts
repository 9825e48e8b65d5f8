import { dirname } from "node:path";
import type * as vscode from "vscode";
import type { PlanOutput } from "../../engine/protocol/toolOutput.ts";
import type { Tool } from "../salsa.ts";

/** How a plan is made. */
export interface PlanRequest {
  readonly token: vscode.CancellationToken;
  /** Downloads nothing, and checks the first lines of data only. */
  readonly isQuick?: boolean;
}

/**
 * Plans a run of a config, as it is on disk.
 *
 * @throws {ToolError} with the engine's words.
 * @throws {vscode.CancellationError}
 */
export async function planConfig(
  tool: Pick<Tool, "run">,
  { fsPath }: vscode.Uri,
  { token, isQuick = false }: PlanRequest,
): Promise<PlanOutput> {
  const printed = await tool.run(["plan", fsPath, ...(isQuick ? ["--quick"] : [])], { folder: dirname(fsPath), token });
  // Loaded on first use, to keep activation short.
  const { readPlanOutput } = await import("../../engine/protocol/toolOutput.ts");
  return readPlanOutput(printed);
}
