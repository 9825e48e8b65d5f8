import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import {
  type ChatEngine,
  type ChatModel,
  type ChatQuestion,
  type ChatVote,
  MOST_CHAT_MODELS,
  type ToChat,
} from "../../engine/protocol/chatPanel.ts";
import { t } from "../localize.ts";
import { emptyNotice } from "../parts/notice.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { answerCard } from "./answer.ts";
import { Conversation } from "./conversation.ts";
import type { ChatHost } from "./host.ts";
import { readSettings, settingFields } from "./settings.ts";
import { chatStyles } from "./styles.ts";
import { shadeLegend } from "./tokens.ts";

/** One prompt to several checkpoints, with their answers side by side. */
export class ChatView extends LitElement {
  static override readonly styles = [baseStyles, controlStyles, noticeStyles, chatStyles];
  static override readonly properties = { revision: { state: true } };
  declare private revision: number;
  declare host: ChatHost;
  private models: readonly ChatModel[] = [];
  private isShown = false;
  private engine: ChatEngine | undefined;
  private current: Conversation | undefined;
  private nAsked = 0;
  private showsTokens = false;
  /** Defect of the fields. */
  private mistake: string | undefined;

  constructor() {
    super();
    this.revision = 0;
  }

  /** Takes in a message of the extension. */
  hear(message: ToChat): void {
    switch (message.kind) {
      case "show":
        this.models = message.models;
        this.isShown = true;
        this.current = undefined;
        this.engine = undefined;
        this.host.keep(message.models);
        break;
      case "engine":
        this.engine = message.engine;
        break;
      case "voted":
        if (this.current?.voting?.state === "saving") {
          const { file, pairs } = message;
          this.current.voting = { state: "saved", vote: this.current.voting.vote, file, pairs };
        }
        break;
      case "notVoted":
        if (this.current !== undefined) this.current.voting = { state: "failed", message: message.message };
        break;
      case "piece":
      case "end":
      case "failure":
        this.current?.hear(message, performance.now());
    }
    this.revision++;
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.isShown) return nothing;
    if (this.models.length === 0) return html`<main>${this.nobody()}</main>`;
    return html`<header>${this.form()}</header>
      <main>${this.current === undefined ? this.nothingAsked() : this.answers(this.current)}</main>
      <footer>${this.status()}</footer>`;
  }

  private nobody(): TemplateResult {
    return emptyNotice({
      icon: "comment-discussion",
      title: t("Nobody to talk to yet"),
      text: t("Choose up to {0} checkpoints: arms of a run, or Hugging Face folders.", MOST_CHAT_MODELS),
      actions: [{ label: t("Choose Checkpoints..."), icon: "add", run: () => this.host.tell({ kind: "choose" }) }],
    });
  }

  private nothingAsked(): TemplateResult {
    const names = this.models.map(({ name }) => name).join(", ");
    return emptyNotice({
      icon: "comment-discussion",
      title: t("Ask something"),
      text: t("{0} will answer side by side. A vote for the better answer becomes a preference to train on.", names),
    });
  }

  private form(): TemplateResult {
    const isOpen = this.current?.isOpen === true;
    const canRepeat = !isOpen && this.current !== undefined;
    return html`<form @submit=${this.submitted}>
      <label for="prompt">${t("Prompt")}</label>
      <textarea
        id="prompt"
        rows="3"
        aria-describedby="keys"
        placeholder=${t("Prompt that the checkpoints answer")}
        @keydown=${this.onKey}
      ></textarea>
      <div class="toolbar">
        ${
          isOpen
            ? html`<vscode-button icon="debug-stop" @click=${() => this.stop()}>${t("Stop")}</vscode-button>`
            : html`<vscode-button icon="send" @click=${() => this.ask()}>${t("Ask")}</vscode-button>`
        }
        <vscode-button secondary icon="refresh" ?disabled=${!canRepeat} @click=${() => this.repeat()}
          >${t("Regenerate")}</vscode-button
        >
        <span id="keys" class="muted">${t("Ctrl+Enter asks, Escape stops")}</span>
        <span class="spacer"></span>
        <button
          type="button"
          class="chip"
          aria-pressed=${this.showsTokens ? "true" : "false"}
          @click=${this.toggleTokens}
        >
          ${t("Tokens")}
        </button>
        <vscode-button secondary icon="list-selection" @click=${() => this.host.tell({ kind: "choose" })}
          >${t("Choose Checkpoints...")}</vscode-button
        >
      </div>
      ${settingFields()}
      ${this.mistake === undefined ? nothing : html`<p class="problem" role="alert">${this.mistake}</p>`}
    </form>`;
  }

  private answers(current: Conversation): TemplateResult {
    const { answers, question, canVote } = current;
    const voted = current.voting?.state === "failed" ? undefined : current.voting?.vote;
    return html`<p class="asked">
        <strong>${t("Asked:")}</strong> <span class="said">${question.prompt}</span>
        <span class="muted">${t("seed {0}, temperature {1}", question.seed, question.temperature)}</span>
      </p>
      ${this.showsTokens ? shadeLegend() : nothing}
      <div class="answers">
        ${answers.map((answer, index) =>
          answerCard({
            name: this.models[index]?.name ?? "",
            folder: this.models[index]?.folder ?? "",
            answer,
            showsTokens: this.showsTokens,
            isChosen: voted === index,
            vote:
              canVote && current.voting === undefined && answer.text.trim() !== "" ? () => this.vote(index) : undefined,
          }),
        )}
      </div>
      ${this.voting(current)}`;
  }

  private voting(current: Conversation): TemplateResult | typeof nothing {
    const { voting, canVote } = current;
    if (this.models.length < 2) return nothing;
    if (voting?.state === "failed") {
      return html`<p class="voting problem" role="alert">
        ${t("The vote was not saved: {0}", voting.message)}
        <vscode-button secondary @click=${() => this.voteAgain()}>${t("Vote Again")}</vscode-button>
      </p>`;
    }
    if (voting !== undefined) {
      return html`<p class="voting" role="status">
        ${votedText(voting)}
        ${
          voting.state === "saved" && voting.pairs > 0
            ? html`<button class="link" @click=${() => this.host.tell({ kind: "openVotes" })}>${t("Open")}</button>`
            : nothing
        }
      </p>`;
    }
    if (!canVote) return nothing;
    return html`<p class="voting">
      <span>${t("Which answer is better?")}</span>
      <vscode-button secondary icon="circle-slash" @click=${() => this.vote("tie")}>${t("Tie")}</vscode-button>
    </p>`;
  }

  private status(): TemplateResult {
    const { engine } = this;
    if (engine?.state === "ended") {
      return html`<p class="problem" role="alert">
        <vscode-icon name="error" size="14"></vscode-icon> ${engine.message}
        <vscode-button secondary icon="debug-restart" @click=${() => this.host.tell({ kind: "restart" })}
          >${t("Start Again")}</vscode-button
        >
      </p>`;
    }
    return html`<p class="muted" role="status">${this.statusText()}</p>`;
  }

  private statusText(): string {
    if (this.engine?.state === "starting") return t("Loading the checkpoints…");
    const { current } = this;
    if (current === undefined) return this.engine?.state === "ready" ? t("Ready") : "";
    const nFailed = current.answers.filter(({ problem }) => problem !== undefined).length;
    if (!current.isOpen) return nFailed === 0 ? t("All have answered") : t("{0} failed", nFailed);
    const done = current.answers.filter(({ end, problem }) => end !== undefined || problem !== undefined).length;
    return t("{0} of {1} have answered", done, current.answers.length);
  }

  private readonly submitted = (event: Event): void => {
    event.preventDefault();
    this.ask();
  };

  private readonly toggleTokens = (): void => {
    this.showsTokens = !this.showsTokens;
    this.revision++;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.ask();
    } else if (event.key === "Escape" && this.current?.isOpen === true) this.stop();
  };

  private ask(): void {
    const prompt = this.renderRoot.querySelector<HTMLTextAreaElement>("#prompt")?.value ?? "";
    const read = readSettings(this.renderRoot);
    this.mistake = prompt.trim() === "" ? t("Write a prompt first.") : typeof read === "string" ? read : undefined;
    if (this.mistake === undefined && typeof read !== "string") this.send({ ...read, prompt });
    this.revision++;
  }

  /** The same prompt with the next seed. */
  private repeat(): void {
    const before = this.current?.question;
    if (before === undefined) return;
    const field = this.renderRoot.querySelector<HTMLInputElement>("#seed");
    const seed = before.seed + 1;
    if (field !== null) field.value = String(seed);
    this.send({ ...before, seed });
    this.revision++;
  }

  private send(question: ChatQuestion): void {
    this.current = new Conversation((this.nAsked += 1), question, this.models.length);
    this.host.tell({ kind: "ask", ask: this.nAsked, question });
  }

  private stop(): void {
    this.host.tell({ kind: "stop" });
  }

  private vote(vote: ChatVote): void {
    const { current } = this;
    if (current === undefined) return;
    current.voting = { state: "saving", vote };
    const answers = current.answers.map(({ text }) => text);
    this.host.tell({ kind: "vote", question: current.question, answers, vote });
    this.revision++;
  }

  private voteAgain(): void {
    if (this.current !== undefined) this.current.voting = undefined;
    this.revision++;
  }
}

function votedText(voting: Exclude<Conversation["voting"], undefined | { readonly state: "failed" }>): string {
  if (voting.state === "saving") return t("Saving the vote…");
  if (voting.vote === "tie") return t("A tie prefers neither, so there is nothing to train on, and nothing was saved.");
  if (voting.pairs === 0) return t("The answers are alike, so there is nothing to train on, and nothing was saved.");
  return voting.pairs === 1
    ? t("Saved a preference in {0}, which data.preferences can name.", voting.file)
    : t("Saved {0} preferences in {1}, which data.preferences can name.", voting.pairs, voting.file);
}

customElements.define("salsa-chat", ChatView);
