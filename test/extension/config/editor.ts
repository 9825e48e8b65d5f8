import assert from "node:assert/strict";
import * as vscode from "vscode";

/** A problem as the editor shows it, with the underlined text. */
export interface Problem {
  readonly source: string | undefined;
  readonly code: unknown;
  readonly message: string;
  readonly severity: vscode.DiagnosticSeverity;
  readonly range: vscode.Range;
  readonly text: string;
}

/** Writes a file into the workspace and opens it. */
export async function open(name: string, text: string): Promise<vscode.TextDocument> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  assert.ok(folder !== undefined, "a folder is open");
  const uri = vscode.Uri.joinPath(folder, "config", name);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  return document;
}

/** Puts another text in place of a document's. */
export async function write(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

/** An offset as the editor counts it. */
export function place(document: vscode.TextDocument, offset: number): vscode.Position {
  return document.positionAt(offset);
}

/** Problems underlined in a document. */
export function problemsOf(document: vscode.TextDocument): Problem[] {
  return vscode.languages.getDiagnostics(document.uri).map(({ source, code, message, severity, range }) => {
    return { source, code, message, severity, range, text: document.getText(range) };
  });
}

/** Waits until the underlined problems are as expected. */
export async function untilProblems(
  document: vscode.TextDocument,
  isExpected: (problems: readonly Problem[]) => boolean,
): Promise<Problem[]> {
  return new Promise((resolve) => {
    const look = (): void => {
      const problems = problemsOf(document);
      if (!isExpected(problems)) return;
      listening.dispose();
      resolve(problems);
    };
    const listening = vscode.languages.onDidChangeDiagnostics(look);
    look();
  });
}

/** Closes every editor, saving nothing. */
export async function closeAll(): Promise<void> {
  for (const document of vscode.workspace.textDocuments) {
    if (!document.isDirty || document.isUntitled) continue;
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("workbench.action.files.revert");
  }
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
}
