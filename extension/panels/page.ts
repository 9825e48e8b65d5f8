import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { dashboardHtml } from "./html.ts";

/** A page of the extension's own. */
export interface PageOfPanel {
  readonly extensionUri: vscode.Uri;
  /** Its script, in `dist/`. */
  readonly script: string;
  readonly title: string;
}

/** Loads a page into a panel, with our icon; it gets at nothing but `dist/`. */
export function loadPage(panel: vscode.WebviewPanel, { extensionUri, script, title }: PageOfPanel): void {
  const { webview } = panel;
  const dist = vscode.Uri.joinPath(extensionUri, "dist");
  const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, `extension/media/salsa-${theme}.svg`);
  panel.iconPath = { light: icon("light"), dark: icon("dark") };
  webview.options = { enableScripts: true, localResourceRoots: [dist] };
  const inDist = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
  webview.html = dashboardHtml({
    script: inDist(script),
    style: inDist("webview.css"),
    cspSource: webview.cspSource,
    nonce: randomBytes(16).toString("base64url"),
    language: vscode.env.language,
    title,
  });
}
