import * as vscode from "vscode";
import type { Salsa } from "../salsa.ts";
import { READERS, readerTool } from "./readers.ts";
import { StartRunTool } from "./startRun.ts";

/** Offers the tools that package.json contributes to language models. */
export function registerTools(salsa: Salsa): vscode.Disposable {
  return vscode.Disposable.from(
    ...READERS.map((reader) => vscode.lm.registerTool(reader.name, readerTool(salsa, reader))),
    vscode.lm.registerTool("salsa_startRun", new StartRunTool(salsa)),
  );
}
