import * as vscode from "vscode";
import type { Salsa } from "../salsa.ts";
import { ConfigCodeActions, PICK_PATH } from "./codeActions.ts";
import { ConfigCompletions } from "./completionProvider.ts";
import { ConfigDiagnostics } from "./diagnostics.ts";
import { SELECTOR } from "./documents.ts";
import { ConfigLenses } from "./lenses.ts";
import { definitions, hovers, links, references, renames } from "./navigation.ts";
import { pickPath } from "./pickPath.ts";

/** Starts everything that the editor knows about configs beyond their JSON schema. */
export function startConfigFeatures(salsa: Salsa): vscode.Disposable {
  const diagnostics = new ConfigDiagnostics(salsa);
  const lenses = new ConfigLenses(salsa);
  const { languages, commands } = vscode;
  const actions = new ConfigCodeActions(diagnostics);
  return vscode.Disposable.from(
    diagnostics,
    lenses,
    languages.registerCodeLensProvider(SELECTOR, lenses),
    languages.registerCodeActionsProvider(SELECTOR, actions, ConfigCodeActions.metadata),
    languages.registerCompletionItemProvider(SELECTOR, new ConfigCompletions(salsa), ...ConfigCompletions.triggers),
    languages.registerHoverProvider(SELECTOR, hovers(salsa)),
    languages.registerDocumentLinkProvider(SELECTOR, links),
    languages.registerDefinitionProvider(SELECTOR, definitions),
    languages.registerReferenceProvider(SELECTOR, references),
    languages.registerRenameProvider(SELECTOR, renames),
    commands.registerCommand(PICK_PATH, pickPath),
  );
}
