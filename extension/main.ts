import * as vscode from "vscode";
import { VirtualDocuments } from "./commands/documents.ts";
import { COMMANDS } from "./commands/index.ts";
import { registerConfigFeatures } from "./config/index.ts";
import { EditorModels } from "./engine/editorModels.ts";
import { EngineService } from "./engine/service.ts";
import { EngineTool } from "./engine/tool.ts";
import { setTranslate } from "./localize.ts";
import { ChatPanel } from "./panels/chat.ts";
import { Dashboards } from "./panels/dashboard.ts";
import { PreviewPanel } from "./panels/preview.ts";
import { RunsTablePanel } from "./panels/runsTable.ts";
import { RunSelection } from "./runs/selection.ts";
import { RunStore } from "./runs/store.ts";
import type { Salsa } from "./salsa.ts";
import { registerTools } from "./tools/index.ts";
import { VIEW_COMMANDS } from "./views/commands.ts";
import { Notifications } from "./views/notifications.ts";
import { RunsView } from "./views/runsView.ts";
import { StatusBar } from "./views/statusBar.ts";

/**
 * Builds the extension and subscribes it to the editor. The engine starts on first use.
 * @returns Its parts, for tests inside the editor; undefined otherwise.
 */
export function activate(context: vscode.ExtensionContext): Salsa | undefined {
  setTranslate((message, ...values) => vscode.l10n.t(message, ...values));
  const log = vscode.window.createOutputChannel("SALSA Engine", { log: true });
  const models = new EditorModels(context);
  const service = new EngineService(context, log, models);
  const tool = new EngineTool(context, log);
  const selection = new RunSelection(context.workspaceState);
  const runs = new RunStore(service, selection, context.workspaceState);
  const dashboard = new Dashboards({ context, service, runs, log });
  const previews = new PreviewPanel({ context, service, log });
  const chats = new ChatPanel({ context, tool, log });
  const table = new RunsTablePanel({ context, service, runs, dashboard, log });
  const documents = new VirtualDocuments(service);
  const salsa: Salsa = {
    ...{ context, service, tool, models, runs, dashboard, previews, chats, table, selection, documents, log },
  };

  const view = new RunsView({ service, runs, selection, memory: context.workspaceState });
  const statusBar = new StatusBar(runs);
  const seen = (): void => statusBar.markSeen();
  context.subscriptions.push(
    log,
    models,
    service,
    runs,
    dashboard,
    previews,
    chats,
    table,
    documents,
    view,
    statusBar,
    vscode.window.registerUriHandler({
      // Loaded on first use, to keep activation short.
      handleUri: async (uri) => (await import("./panels/openLink.ts")).openLink(uri, { dashboard, runs }),
    }),
    new Notifications({ runs, dashboard, log }),
    dashboard.onDidShow(seen),
    view.onDidShow(seen),
    ...[...COMMANDS, ...VIEW_COMMANDS].map((command) =>
      vscode.commands.registerCommand(command.id, (...args: unknown[]) => command.run(salsa, ...args)),
    ),
    registerConfigFeatures(salsa),
    registerTools(salsa),
  );
  void runs.start();
  return context.extensionMode === vscode.ExtensionMode.Test ? salsa : undefined;
}

/** Does nothing: the editor disposes the subscriptions, and runs continue in processes of their own. */
export function deactivate(): void {
  // There is nothing else to release.
}
