import * as vscode from "vscode";
import { type EditorAnswer, type EditorCall, editorModelOf } from "../../engine/protocol/editorModels.ts";
import { label } from "../label.ts";
import { conversationOf, failureOf, requestOptions } from "./editorRequest.ts";

/** Most letters of a reply. */
const MOST_LETTERS = 1_000_000;

/** Where a workspace keeps the models that its person has allowed. */
const ALLOWED = "salsa.models.allowed";
/** Most that are kept. */
const MOST_ALLOWED = 100;

/**
 * The language models that this editor has, for runs that judge or answer by them. A model is asked only once a person has
 * said so in this workspace; the editor's own question follows on that. That it has not been answered yet, the editor's API
 * does not tell in all versions.
 */
export class EditorModels implements vscode.Disposable {
  private readonly memory: Pick<vscode.Memento, "get" | "update">;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly listening: vscode.Disposable;
  /** Models that a person wants asked. */
  private readonly allowed: Set<string>;
  /** Models that a question is open about. */
  private readonly questions = new Set<string>();
  /** This window's first request to each model: others wait, so that the editor asks once. */
  private readonly firsts = new Map<string, Promise<EditorAnswer>>();
  /** Models have come or gone, or a person allows one. */
  readonly onDidChange = this.changed.event;

  constructor({
    languageModelAccessInformation: access,
    workspaceState: memory,
  }: Pick<vscode.ExtensionContext, "languageModelAccessInformation" | "workspaceState">) {
    this.memory = memory;
    const known = memory.get<unknown>(ALLOWED);
    this.allowed = new Set(Array.isArray(known) ? known.filter((one) => typeof one === "string") : []);
    const tell = (): void => this.changed.fire();
    this.listening = vscode.Disposable.from(
      this.changed,
      vscode.lm.onDidChangeChatModels(tell),
      access.onDidChange(tell),
    );
  }

  /** Every model that there is, by its address in configs. */
  async all(): Promise<ReadonlyMap<string, vscode.LanguageModelChat>> {
    const models = await vscode.lm.selectChatModels();
    return new Map(models.map((model) => [`vscode:${model.vendor}/${model.id}`, model]));
  }

  /** The model of an address: by its id, or the first of a family. */
  async find(address: string): Promise<vscode.LanguageModelChat | undefined> {
    const wanted = editorModelOf(address);
    if (wanted === undefined) return undefined;
    const models = await vscode.lm.selectChatModels({ vendor: wanted.vendor });
    return models.find(({ id }) => id === wanted.name) ?? models.find(({ family }) => family === wanted.name);
  }

  /** A person has said that runs may ask these. */
  allow(addresses: readonly string[]): void {
    for (const address of addresses) this.allowed.add(address);
    this.keep();
    this.changed.fire();
  }

  /** Answers a call of a run, as the service sends it. @throws {MessageError} when it is none. */
  async answer(params: unknown, token: vscode.CancellationToken): Promise<EditorAnswer> {
    // Loaded on first use, to keep activation short.
    const { readEditorCall } = await import("../../engine/protocol/editorModelsSchema.ts");
    const call = readEditorCall(params);
    const model = await this.find(call.model);
    if (model === undefined) {
      const message = vscode.l10n.t("the editor has no model {0}", call.model);
      return { kind: "failed", fault: "missing", message };
    }
    if (!this.allowed.has(call.model)) {
      this.offerQuestion(call.model);
      return { kind: "failed", fault: "consent", message: vscode.l10n.t("nobody has been asked yet") };
    }
    const first = this.firsts.get(call.model);
    if (first !== undefined) {
      // One who says no to the editor's question says so for all that wait.
      const answer = await first;
      return isForbidden(answer) ? answer : this.ask(model, call, token);
    }
    const asked = this.ask(model, call, token);
    this.firsts.set(call.model, asked);
    const answer = await asked;
    if (isForbidden(answer)) {
      this.firsts.delete(call.model);
      this.allowed.delete(call.model);
      this.keep();
    }
    return answer;
  }

  dispose(): void {
    this.listening.dispose();
  }

  private async ask(
    model: vscode.LanguageModelChat,
    { request }: EditorCall,
    token: vscode.CancellationToken,
  ): Promise<EditorAnswer> {
    const messages = conversationOf(request).map(({ role, content }) =>
      role === "assistant"
        ? vscode.LanguageModelChatMessage.Assistant(content)
        : vscode.LanguageModelChatMessage.User(content),
    );
    try {
      const response = await model.sendRequest(messages, requestOptions(request), token);
      let text = "";
      for await (const piece of response.text) {
        text += piece;
        if (text.length > MOST_LETTERS) {
          return { kind: "failed", fault: "failed", message: vscode.l10n.t("the reply does not end") };
        }
      }
      return { kind: "reply", reply: { text, end: "stop", model: model.id.slice(0, 200) } };
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Asks whether a model may be asked, once; what follows is the editor's own question. */
  private offerQuestion(address: string): void {
    if (this.questions.has(address)) return;
    this.questions.add(address);
    const allow = vscode.l10n.t("Allow");
    const question = vscode.l10n.t("A run waits for {0}, one of the editor's models. May it be asked?", address);
    void vscode.window.showInformationMessage(label(question), allow).then((choice) => {
      this.questions.delete(address);
      if (choice === allow) this.allow([address]);
    });
  }

  private keep(): void {
    void this.memory.update(ALLOWED, [...this.allowed].slice(-MOST_ALLOWED));
  }
}

function isForbidden(answer: EditorAnswer): boolean {
  return answer.kind === "failed" && answer.fault === "key";
}
