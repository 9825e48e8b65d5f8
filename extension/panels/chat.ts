import * as vscode from "vscode";
import {
  type ChatModel,
  type ChatQuestion,
  type FromChat,
  type ToChat,
  readChatModels,
} from "../../engine/protocol/chatPanel.ts";
import { streamAnswer } from "../engine/chatClient.ts";
import { ChatServer } from "../engine/chatServer.ts";
import { assertTrusted } from "../engine/workspace.ts";
import { changeOwnFile } from "../ownFiles.ts";
import type { Chats, Tool } from "../salsa.ts";
import { loadPage } from "./page.ts";
import { type VotedAnswers, preferenceLines } from "./votes.ts";

const VIEW_TYPE = "salsa.chat";
/** Where votes go, in the first folder of the workspace. */
export const VOTES_FILE = "chat-preferences.jsonl";

/** Dependencies of the panel. */
export interface ChatParts {
  readonly context: vscode.ExtensionContext;
  readonly tool: Tool;
  readonly log: vscode.LogOutputChannel;
}

/** The panel in which checkpoints are talked to: one a window, restored after a reload. Its server ends with it. */
export class ChatPanel implements Chats, vscode.WebviewPanelSerializer {
  private readonly parts: ChatParts;
  private readonly registered: vscode.Disposable;
  private panel: vscode.WebviewPanel | undefined;
  private models: readonly ChatModel[] = [];
  private server: ChatServer | undefined;
  private asking: AbortController | undefined;
  /** Votes are written one after the other. */
  private writing: Promise<void> = Promise.resolve();

  constructor(parts: ChatParts) {
    this.parts = parts;
    this.registered = vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, this);
  }

  show(models: readonly ChatModel[]): void {
    this.end();
    this.models = models;
    if (this.panel === undefined) {
      const title = vscode.l10n.t("Chat with Checkpoints");
      // Questions and answers are kept while another tab is in front.
      const options = { retainContextWhenHidden: true };
      this.adopt(vscode.window.createWebviewPanel(VIEW_TYPE, title, vscode.ViewColumn.Active, options));
    } else {
      this.panel.reveal(undefined, false);
      this.tellModels();
    }
    if (models.length > 0) this.start();
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    // Nothing computes before a prompt asks for it.
    this.models = readChatModels(state) ?? [];
    this.adopt(panel);
    return Promise.resolve();
  }

  dispose(): void {
    this.end();
    this.panel?.dispose();
    this.registered.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.parts.context;
    this.panel?.dispose();
    this.panel = panel;
    const listening = panel.webview.onDidReceiveMessage((message: FromChat) => void this.hear(message));
    panel.onDidDispose(() => {
      listening.dispose();
      if (this.panel !== panel) return;
      this.panel = undefined;
      this.end();
    });
    loadPage(panel, { extensionUri, script: "chat.js", title: vscode.l10n.t("Chat with Checkpoints") });
  }

  private async hear(message: FromChat): Promise<void> {
    switch (message.kind) {
      case "ready":
        this.tellModels();
        return;
      case "choose":
        await vscode.commands.executeCommand("salsa.chat", this.models);
        return;
      case "restart":
        this.end();
        this.start();
        return;
      case "ask":
        await this.ask(message.ask, message.question);
        return;
      case "stop":
        this.asking?.abort();
        return;
      case "vote":
        await this.vote({ ...message, models: this.models });
        return;
      case "openVotes":
        await this.openVotes();
        return;
    }
  }

  private tell(message: ToChat): void {
    void this.panel?.webview.postMessage(message);
  }

  private tellModels(): void {
    this.tell({ kind: "show", models: this.models, strings: vscode.l10n.bundle ?? {} });
  }

  /** The running server, or one that has just been started. */
  private start(): ChatServer {
    if (this.server !== undefined) return this.server;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? this.parts.context.extensionPath;
    const server = new ChatServer(async (args, { env, signal, onLine }) => {
      const source = new vscode.CancellationTokenSource();
      signal.addEventListener("abort", () => source.cancel());
      if (signal.aborted) source.cancel();
      return this.parts.tool.run(args, { folder, env, onLine, token: source.token });
    }, this.models);
    this.server = server;
    this.tell({ kind: "engine", engine: { state: "starting" } });
    void server.ready.then(
      () => {
        if (this.server === server) this.tell({ kind: "engine", engine: { state: "ready" } });
      },
      () => undefined, // its end is reported below
    );
    void server.ended.then((reason) => {
      if (this.server !== server) return;
      this.server = undefined;
      if (reason !== undefined) this.tell({ kind: "engine", engine: { state: "ended", message: reason } });
    });
    return server;
  }

  private end(): void {
    this.asking?.abort();
    this.asking = undefined;
    const { server } = this;
    this.server = undefined;
    server?.close();
  }

  private async ask(ask: number, question: ChatQuestion): Promise<void> {
    this.asking?.abort();
    const controller = new AbortController();
    this.asking = controller;
    const { signal } = controller;
    const server = this.start();
    const answering = this.models.map(async (_, model) => {
      try {
        await server.ready;
        signal.throwIfAborted();
        const end = await streamAnswer(server.address(model), question, {
          signal,
          onPiece: (piece) => this.tell({ kind: "piece", ask, model, piece }),
        });
        this.tell({ kind: "end", ask, model, end });
      } catch (error) {
        if (signal.aborted) {
          this.tell({ kind: "end", ask, model, end: "stopped" });
          return;
        }
        const message = error instanceof Error ? error.message : String(error);
        this.parts.log.warn(`chat: ${message}`);
        this.tell({ kind: "failure", ask, model, message });
      }
    });
    await Promise.all(answering);
  }

  private async vote(vote: VotedAnswers): Promise<void> {
    const lines = preferenceLines(vote);
    const work = this.writing.then(() => append(lines));
    this.writing = work.then(
      () => undefined,
      () => undefined,
    );
    try {
      this.tell({ kind: "voted", file: VOTES_FILE, pairs: (await work, lines.length) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.parts.log.warn(`chat: ${message}`);
      this.tell({ kind: "notVoted", message });
    }
  }

  private async openVotes(): Promise<void> {
    await vscode.commands.executeCommand("vscode.open", votesFile());
  }
}

function votesFile(): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (folder === undefined) throw new Error(vscode.l10n.t("Open a folder first: votes are saved in it"));
  return vscode.Uri.joinPath(folder, VOTES_FILE);
}

/** Adds lines to the votes' file, which may end without a line break if somebody has edited it. */
async function append(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  assertTrusted(); // a page that was restored may ask, too
  await changeOwnFile(votesFile(), (before = new Uint8Array(0)) => {
    const isOpen = before.length > 0 && before.at(-1) !== 10;
    const added = new TextEncoder().encode((isOpen ? "\n" : "") + lines.join(""));
    return Buffer.concat([before, added]);
  });
}
