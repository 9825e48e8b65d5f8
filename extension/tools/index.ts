import * as vscode from "vscode";
import type { Salsa } from "../salsa.ts";
import { READERS, readerTool } from "./readers.ts";
import { StartRunTool } from "./startRun.ts";
import { StopRunTool } from "./stopRun.ts";

/** Offers the tools that package.json contributes to language models. */
export function registerTools(salsa: Salsa): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(READERS).map(([name, message]) => vscode.lm.registerTool(name, readerTool(salsa, name, message))),
    vscode.lm.registerTool("salsa_startRun", new StartRunTool(salsa)),
    vscode.lm.registerTool("salsa_stopRun", new StopRunTool(salsa)),
  );
}
