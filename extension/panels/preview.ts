import { basename } from "node:path";
import * as vscode from "vscode";
import type { ConfigTarget } from "../../engine/protocol/preview.ts";
import {
  type FromPreview,
  PREVIEW_PASSED_ON,
  type PreviewFocus,
  type PreviewRequestMessage,
  type PreviewRequests,
  type ToPreview,
  readPreviewFocus,
} from "../../engine/protocol/previewPanel.ts";
import { label } from "../label.ts";
import type { Previews, Service } from "../salsa.ts";
import { loadPage } from "./page.ts";

const VIEW_TYPE = "salsa.dataPreview";

type PassedOn = (typeof PREVIEW_PASSED_ON)[number];

/** Dependencies of the panel. */
export interface PreviewParts {
  readonly context: vscode.ExtensionContext;
  readonly service: Service;
  readonly log: vscode.LogOutputChannel;
}

/** The panel that shows data as a model sees it: one a window, restored after a reload. */
export class PreviewPanel implements Previews, vscode.WebviewPanelSerializer {
  private readonly parts: PreviewParts;
  private readonly registered: vscode.Disposable;
  private panel: vscode.WebviewPanel | undefined;
  private focus: PreviewFocus | undefined;
  /** Takes back what the page has asked for when it is hidden or closed. */
  private life = new vscode.CancellationTokenSource();
  private isReady = false;

  constructor(parts: PreviewParts) {
    this.parts = parts;
    this.registered = vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, this);
  }

  show(focus: PreviewFocus): void {
    this.focus = focus;
    if (this.panel === undefined) {
      this.adopt(
        vscode.window.createWebviewPanel(VIEW_TYPE, vscode.l10n.t("Data"), vscode.ViewColumn.Active, {
          retainContextWhenHidden: false,
        }),
      );
    } else {
      this.panel.reveal(undefined, false);
      if (this.isReady) this.tellFocus();
    }
    this.retitle();
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    this.focus = readPreviewFocus(state);
    if (this.focus === undefined) panel.dispose();
    else this.adopt(panel);
    this.retitle();
    return Promise.resolve();
  }

  dispose(): void {
    this.panel?.dispose();
    this.registered.dispose();
    this.life.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.parts.context;
    this.panel?.dispose();
    this.panel = panel;
    const { webview } = panel;
    const listening = [
      webview.onDidReceiveMessage((message: FromPreview) => this.hear(message)),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.end();
      }),
    ];
    panel.onDidDispose(() => {
      for (const one of listening) one.dispose();
      if (this.panel !== panel) return;
      this.end();
      this.panel = undefined;
    });
    loadPage(panel, { extensionUri, script: "preview.js", title: vscode.l10n.t("Data") });
  }

  private hear(message: FromPreview): void {
    switch (message.kind) {
      case "ready":
        this.end();
        this.isReady = true;
        this.tellFocus();
        return;
      case "source":
        if (this.focus !== undefined && !("file" in this.focus)) this.focus = { ...this.focus, source: message.source };
        this.retitle();
        return;
      case "request":
        void this.answer(message);
        return;
    }
  }

  private async answer({ id, method, params }: PreviewRequestMessage): Promise<void> {
    const { panel } = this;
    const reply = (message: ToPreview): void => void panel?.webview.postMessage(message);
    try {
      reply({ kind: "response", id, result: await this.carryOut(method, params) });
    } catch (error) {
      const known = error instanceof Error ? error : new Error(String(error));
      if (known.name !== "Canceled") this.parts.log.warn(`preview: ${method}: ${known.stack ?? known.message}`);
      reply({ kind: "failure", id, message: known.message });
    }
  }

  private async carryOut(method: string, params: unknown): Promise<unknown> {
    const { service } = this.parts;
    const { token } = this.life;
    if (method === "openPlace") return openPlace(params as PreviewRequests["openPlace"]["params"]);
    if (method === "openPreview") {
      // A page hears which config or file to show, and asks about no other.
      const { source } = params as ConfigTarget;
      const focus = this.focus ?? { configFile: "" };
      const target = "file" in focus || source === undefined ? focus : { ...focus, source };
      return service.request("openPreview", target, token);
    }
    const passedOn = PREVIEW_PASSED_ON.find((one): one is PassedOn => one === method);
    if (passedOn === undefined) throw new Error(vscode.l10n.t("The data preview may not ask for {0}", method));
    return service.request(passedOn, params as never, token);
  }

  private tellFocus(): void {
    if (this.focus === undefined) return;
    const message: ToPreview = { kind: "show", focus: this.focus, strings: vscode.l10n.bundle ?? {} };
    void this.panel?.webview.postMessage(message);
  }

  private end(): void {
    this.isReady = false;
    this.life.cancel();
    this.life.dispose();
    this.life = new vscode.CancellationTokenSource();
  }

  private retitle(): void {
    if (this.panel === undefined || this.focus === undefined) return;
    this.panel.title = label(titleOf(this.focus));
  }
}

function titleOf(focus: PreviewFocus): string {
  if ("file" in focus) return vscode.l10n.t("Data of {0}", basename(focus.file));
  const name = basename(focus.configFile);
  return focus.source === undefined
    ? vscode.l10n.t("Data of {0}", name)
    : vscode.l10n.t("{0} of {1}", focus.source, name);
}

async function openPlace({ file, line = 1 }: PreviewRequests["openPlace"]["params"]): Promise<Record<string, never>> {
  const uri = vscode.Uri.file(file);
  const at = new vscode.Position(Math.max(0, line - 1), 0);
  // Not `showTextDocument`, which refuses large files and those that are no text; this says itself what it cannot open.
  await vscode.commands.executeCommand("vscode.open", uri, { selection: new vscode.Range(at, at), preview: true });
  return {};
}
