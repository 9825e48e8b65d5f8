import { dirname } from "node:path";
import * as vscode from "vscode";
import { assertOnDisk } from "../engine/workspace.ts";
import { runtimeOf } from "../engine/service.ts";
import type { Command } from "../salsa.ts";

/** Shows what an agent outside of the editor needs to know to start the MCP server on this workspace, which only reads. */
export const mcpSettings: Command = {
  id: "salsa.mcpSettings",
  run: async ({ context, runs }) => {
    assertOnDisk();
    const { node, main } = await runtimeOf(context);
    const open = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
    const folders = open.length > 0 ? open : [...new Set(runs.configs().map(({ fsPath }) => dirname(fsPath)))];
    const settings = { mcpServers: { salsa: { command: node, args: [main, "mcp", ...folders] } } };
    const content = `${JSON.stringify(settings, undefined, 2)}\n`;
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content, language: "json" }));
    return content;
  },
};
