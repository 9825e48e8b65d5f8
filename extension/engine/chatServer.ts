import { randomBytes } from "node:crypto";
import type { ChatModel } from "../../engine/protocol/chatPanel.ts";
import { isRecord } from "../../engine/common/dictionary.ts";
import { t } from "../localize.ts";
import type { ChatAddress } from "./chatClient.ts";
import { ServiceError } from "./errors.ts";

/** The variable by which the server knows its token, which goes by the environment alone. */
const TOKEN_VARIABLE = "SALSA_CHAT_TOKEN";
/** Longest prompt and answer together, in tokens. */
const CONTEXT = 4096;

/** How the server's process is run: resolves when it has ended. */
export type RunServer = (
  args: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    readonly onLine: (line: unknown) => void;
  },
) => Promise<unknown>;

/** A process that serves the checkpoints of a chat, on loopback, for those who have its token. */
export class ChatServer {
  /** Resolves when requests are answered. Rejects with the reason when the process ends before. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended, with the reason unless `close` was. */
  readonly ended: Promise<string | undefined>;
  private readonly token = randomBytes(32).toString("hex");
  private readonly controller = new AbortController();
  private baseUrl = "";

  constructor(run: RunServer, models: readonly ChatModel[]) {
    const named = models.map(({ folder }, index) => `${modelName(index)}=${folder}`);
    const options = ["--port", "0", "--with-parent", "--token-variable", TOKEN_VARIABLE, "--context", String(CONTEXT)];
    let resolve = (): void => undefined;
    let reject: (reason: unknown) => void = resolve;
    this.ready = new Promise<void>((...settle) => ([resolve, reject] = settle));
    this.ready.catch(() => undefined); // those who wait hear of it
    const onLine = (line: unknown): void => {
      if (!isRecord(line) || line["kind"] !== "serving" || typeof line["baseUrl"] !== "string") return;
      this.baseUrl = line["baseUrl"];
      resolve();
    };
    const { signal } = this.controller;
    const env = { [TOKEN_VARIABLE]: this.token };
    this.ended = run(["serve-model", ...named, ...options], { env, signal, onLine }).then(
      () => (signal.aborted ? undefined : t("The model server has ended")),
      (error: unknown) => (signal.aborted ? undefined : error instanceof Error ? error.message : String(error)),
    );
    void this.ended.then((reason) => reject(new ServiceError(reason ?? t("Cancelled"), "gone")));
  }

  /** Where a model of the chat is asked, by its index. */
  address(index: number): ChatAddress {
    return { baseUrl: this.baseUrl, token: this.token, model: modelName(index) };
  }

  /** Ends the process. */
  close(): void {
    this.controller.abort();
  }
}

/** Folders may have names that are alike, or that a command line reads otherwise. */
const modelName = (index: number): string => `model-${index + 1}`;
