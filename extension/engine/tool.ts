import * as vscode from "vscode";
import type { Tool, ToolOptions } from "../salsa.ts";
import { ServiceError, ToolError } from "./errors.ts";
import { lines, runtimeOf } from "./service.ts";
import { runTool } from "./toolRunner.ts";
import { assertOnDisk, assertTrusted } from "./workspace.ts";

/** Subcommands that only look, which Restricted Mode allows. */
const ALWAYS_ALLOWED = ["doctor", "schema"];

/** The `salsa` command line of this window. */
export class EngineTool implements Tool {
  private readonly context: vscode.ExtensionContext;
  private readonly log: vscode.LogOutputChannel;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.context = context;
    this.log = log;
  }

  async run(args: readonly string[], { folder, token, env, onLine = () => undefined }: ToolOptions): Promise<unknown> {
    const abort = new AbortController();
    const listening = token?.onCancellationRequested(() => abort.abort());
    if (token?.isCancellationRequested === true) abort.abort();
    try {
      assertOnDisk();
      if (!ALWAYS_ALLOWED.includes(args[0] ?? "")) assertTrusted();
      const found = await runtimeOf(this.context);
      const runtime = { ...found, env: { ...found.env, ...env } };
      this.log.info(`salsa ${args.join(" ")} (${folder})`);
      const onText = lines((line) => this.log.info(line));
      return await runTool(args, runtime, { folder, signal: abort.signal, onLine, onText });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.kind === "cancelled") throw new vscode.CancellationError();
      throw new ToolError(error.message);
    } finally {
      listening?.dispose();
    }
  }
}
