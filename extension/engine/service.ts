import * as vscode from "vscode";
import { type ServiceNotifications, type ServiceRequests, TRUSTED_ONLY } from "../../engine/protocol/service.ts";
import type { Service } from "../salsa.ts";
import { label } from "../label.ts";
import { ServiceError } from "./errors.ts";
import type { EditorModels } from "./editorModels.ts";
import { openNodeSetting } from "./nodeSetting.ts";
import { onDidChangeApiKeys, readApiKeys } from "./apiKeys.ts";
import { type Runtime, findRuntime } from "./runtime.ts";
import { ServiceClient } from "./serviceClient.ts";
import { onDidChangeToken, readToken } from "./token.ts";
import { assertOnDisk, assertTrusted } from "./workspace.ts";

/** The settings that say where Node and TensorFlow.js are. */
const SETTINGS = ["salsa.nodePath", "salsa.tfjsPath", "salsa.cublasPath"];

/** The engine service of this window. */
export class EngineService implements Service {
  private readonly client: ServiceClient;
  private readonly log: vscode.LogOutputChannel;
  private readonly listening: vscode.Disposable;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, models: EditorModels) {
    this.log = log;
    this.client = new ServiceClient({
      client: `vscode ${(context.extension.packageJSON as { version: string }).version}`,
      runtime: () => runtimeOf(context),
      isTrusted: () => vscode.workspace.isTrusted,
      onAskModel: (params, token) => models.answer(params, token),
      onText: lines((line) => log.warn(line)),
      onLog: (message) => log.info(message),
      onGiveUp: (error) => void this.offerRetry(error),
    });
    this.listening = vscode.Disposable.from(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (this.isUsed && SETTINGS.some((setting) => event.affectsConfiguration(setting))) void this.client.restart();
      }),
      // Its environment is as it was when it was started.
      onDidChangeToken(context, () => {
        if (this.isUsed) void this.client.restart();
      }),
      onDidChangeApiKeys(context, () => {
        if (this.isUsed) void this.client.restart();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.client.trust()),
      models.onDidChange(() => void this.client.offerModels()),
    );
  }

  /** Reason why the service is down; null while it is up, or was never needed. */
  get problem(): string | null {
    return this.client.problem;
  }

  /** Process id of the service, while one works. */
  get pid(): number | undefined {
    return this.client.pid;
  }

  async request<M extends keyof ServiceRequests>(
    method: M,
    params: ServiceRequests[M]["params"],
    token?: vscode.CancellationToken,
  ): Promise<ServiceRequests[M]["result"]> {
    assertOnDisk();
    if ((TRUSTED_ONLY as readonly string[]).includes(method)) assertTrusted();
    try {
      return await this.client.request(method, params, token);
    } catch (error) {
      if (error instanceof ServiceError && error.kind === "cancelled") throw new vscode.CancellationError();
      throw error;
    }
  }

  on<N extends keyof ServiceNotifications>(
    notification: N,
    listener: (params: ServiceNotifications[N]) => void,
  ): vscode.Disposable {
    return vscode.Disposable.from(this.client.on(notification, listener));
  }

  onDidChangeProblem(listener: (problem: string | null) => void): vscode.Disposable {
    return vscode.Disposable.from(this.client.onDidChangeProblem(listener));
  }

  async retry(): Promise<void> {
    if (this.client.hasGivenUp) await this.client.restart();
  }

  dispose(): void {
    this.listening.dispose();
    this.client.dispose();
  }

  private get isUsed(): boolean {
    return this.client.pid !== undefined || this.client.problem !== null;
  }

  private async offerRetry(error: ServiceError): Promise<void> {
    this.log.error(error.message);
    const retry = vscode.l10n.t("Retry");
    const showLog = vscode.l10n.t("Show Log");
    const settings = vscode.l10n.t("Open Settings");
    const actions = error.kind === "unusable" ? [retry, settings, showLog] : [retry, showLog];
    const choice = await vscode.window.showErrorMessage(label(error.message), ...actions);
    if (choice === retry) await this.client.restart();
    if (choice === showLog) this.log.show();
    if (choice === settings) await openNodeSetting();
  }
}

/** Where Node and the engine are, by the settings as they are now. @throws {ServiceError} */
export async function runtimeOf(context: vscode.ExtensionContext): Promise<Runtime> {
  const settings = vscode.workspace.getConfiguration("salsa");
  return findRuntime({
    extension: context.extensionUri.fsPath,
    nodePath: settings.get("nodePath", "").trim(),
    tfjsPath: settings.get("tfjsPath", "").trim(),
    cublasPath: settings.get("cublasPath", "").trim(),
    platform: process.platform,
    arch: process.arch,
    env: process.env,
    token: await readToken(context),
    apiKeys: await readApiKeys(context),
  });
}

/** Passes on whole lines of a text that comes in pieces. */
export function lines(onLine: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const parts = (rest + text).split(/\r?\n/);
    rest = parts.pop() ?? "";
    for (const line of parts) if (line.trim() !== "") onLine(line);
  };
}
