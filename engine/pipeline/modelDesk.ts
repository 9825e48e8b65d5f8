import { type RunConfig, type ServerModel, askedModels, judgeModels, priceOf } from "../config/index.ts";
import { JudgeError } from "../evaluation/judges/judge.ts";
import type { JudgeModel, ModelAddress } from "../evaluation/judges/judgeModel.ts";
import { promptFault } from "../evaluation/judges/llm.ts";
import { DataError } from "../protocol/errors.ts";
import { isEditorAddress } from "../protocol/editorModels.ts";
import { baseAddress } from "../serving/client/address.ts";
import { ModelClient } from "../serving/client/index.ts";
import { ServerError } from "../serving/client/serverError.ts";
import { EditorClient, type EditorWindows } from "../serving/editorClient.ts";
import { HabitFiles } from "../serving/habitFiles.ts";
import { ModelCalls, type CallPrice, type ModelAsker, Purse } from "../serving/modelCalls.ts";
import { readInput } from "../storage/inputs.ts";

/** Largest prompt file, in bytes. */
const MOST_PROMPT_BYTES = 256 * 1024;
const FREE: CallPrice = { input: 0, output: 0 };

/** Text of a judge's prompt file. @throws {DataError} when it is missing, too large, or lacks a place to fill. */
export async function readPrompt(file: string): Promise<string> {
  const text = (await readInput(file, MOST_PROMPT_BYTES))?.toString("utf8");
  const remedy = "see evaluation.llm.promptFile";
  if (text === undefined) throw new DataError("there is no such prompt file", { file, remedy });
  const fault = promptFault(text);
  if (fault !== undefined) throw new DataError(`the judge's prompt ${fault}`, { file, remedy });
  return text;
}

/** Where a run's models are asked, and who asks. */
export interface DeskSettings {
  readonly config: RunConfig;
  /** Where replies are kept: `.salsa`. */
  readonly root: string;
  /** Id of the run. */
  readonly run: string;
  /** Variables that hold the keys. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By which the editor's models are asked; absent where no window can reach this process. */
  readonly windows?: EditorWindows | undefined;
  /** Called where many answers of a server are no replies, before it is given up. */
  readonly tell?: ((message: string) => void) | undefined;
}

/**
 * The language models that a run asks, behind servers or of the editor's: one connection to each, whatever the number of stages, with one
 * budget for all.
 */
export class ModelDesk {
  private readonly settings: DeskSettings;
  private readonly purse: Purse;
  private readonly open = new Map<string, ModelCalls>();

  constructor(settings: DeskSettings) {
    this.settings = settings;
    this.purse = new Purse(settings.config.evaluation.budget);
  }

  /**
   * Finds what is wrong before anything is trained: a key that is not there, an address that is none, a prompt file that
   * lacks something, an editor's model that no window can be asked for. Asks no server.
   * @throws {DataError} {ServerError}
   */
  async check(): Promise<void> {
    const { config } = this.settings;
    for (const own of askedModels(config)) this.callsOf(own);
    for (const { promptFile } of judgeModels(config)) if (promptFile !== undefined) await readPrompt(promptFile);
  }

  /** A model that the config names, asked until the signal is aborted. */
  model(address: ModelAddress, signal: AbortSignal): JudgeModel {
    const own = askedModels(this.settings.config).find((one) => isSame(one, address));
    if (own === undefined) throw new RangeError(`the config asks no ${address.model}`);
    const calls = this.callsOf(own);
    return {
      // As many again stand ready, so that no slot waits for a reply to be read and kept.
      concurrency: 2 * own.concurrency,
      async ask(request, sample) {
        try {
          return await calls.ask(request, sample, signal);
        } catch (error) {
          if (!(error instanceof ServerError) || !error.isLocal) throw error;
          throw new JudgeError(error.message, { isRetryable: false, isPassing: error.isPassing });
        }
      },
    };
  }

  close(): void {
    for (const calls of this.open.values()) calls.close();
    this.open.clear();
  }

  private callsOf(own: ServerModel): ModelCalls {
    const { config, root, run } = this.settings;
    const { model } = own;
    const name = JSON.stringify([own.baseUrl ?? "", model]);
    const calls =
      this.open.get(name) ??
      new ModelCalls({
        client: this.askerOf(own),
        ...{ model, root, run, purse: this.purse, price: priceOf(config, own) ?? FREE },
      });
    this.open.set(name, calls);
    return calls;
  }

  private askerOf(own: ServerModel): ModelAsker {
    const { model, baseUrl = "", concurrency, requestsPerMinute, tokensPerMinute, stream, plainKey } = own;
    const limits = { concurrency, requestsPerMinute, tokensPerMinute, deadlineMs: own.deadline * 1000 };
    if (!isEditorAddress(model)) {
      const key = this.keyOf(own);
      const memory = new HabitFiles(this.settings.root);
      const { tell } = this.settings;
      return new ModelClient({ baseUrl, ...limits, isStreaming: stream, key, allowsPlainKey: plainKey, memory, tell });
    }
    const { windows } = this.settings;
    if (windows !== undefined) return new EditorClient({ windows, ...limits });
    const remedy = "start the run in the editor, or with salsa run --detach";
    throw new DataError("is one of the editor's models, and no window can reach this process", { file: model, remedy });
  }

  private keyOf({ keyVariable, baseUrl = "" }: ServerModel): string | undefined {
    if (keyVariable === undefined) return undefined;
    const key = this.settings.env[keyVariable]?.trim();
    if (key !== undefined && key !== "") return key;
    const remedy = `put the key of ${baseAddress(baseUrl).host} into it, or run SALSA: Set API Key in the editor`;
    throw new DataError("this environment variable is not set", { file: keyVariable, remedy });
  }
}

function isSame(a: ModelAddress, b: ModelAddress): boolean {
  return a.baseUrl === b.baseUrl && a.model === b.model;
}
