import * as vscode from "vscode";
import { isConfigName } from "../../engine/config/paths.ts";
import type { Salsa } from "../salsa.ts";

/** Loads the config features when the first config is opened, because they bring in the whole schema. */
export function registerConfigFeatures(salsa: Salsa): vscode.Disposable {
  let features: vscode.Disposable | undefined;
  let isDisposed = false;
  const start = async (): Promise<void> => {
    opening.dispose();
    const { startConfigFeatures } = await import("./features.ts");
    if (!isDisposed) features = startConfigFeatures(salsa);
  };
  const startFor = ({ uri }: vscode.TextDocument): void => {
    if (!isConfigName(uri.path)) return;
    start().catch((error: unknown) => salsa.log.error(String(error)));
  };
  const opening = vscode.workspace.onDidOpenTextDocument(startFor);
  const open = vscode.workspace.textDocuments.find(({ uri }) => isConfigName(uri.path));
  if (open !== undefined) startFor(open);
  return new vscode.Disposable(() => {
    isDisposed = true;
    opening.dispose();
    features?.dispose();
  });
}
