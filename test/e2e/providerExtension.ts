import * as vscode from "vscode";

/** Part of the API of a provider of language models, which is newer than the oldest editor that we run on. */
interface Provider {
  provideLanguageModelChatInformation(): readonly object[];
  provideLanguageModelChatResponse(
    model: { readonly id: string },
    messages: readonly { readonly content: readonly unknown[] }[],
    options: unknown,
    progress: vscode.Progress<vscode.LanguageModelTextPart>,
  ): Promise<void>;
  provideTokenCount(): Promise<number>;
}

/** Gives the editor a language model of its own: a judge that prefers the longer answer, and counts how often it was asked. */
export function activate({ subscriptions }: vscode.ExtensionContext): void {
  const lm = vscode.lm as unknown as {
    registerLanguageModelChatProvider(vendor: string, provider: Provider): vscode.Disposable;
  };
  let nAsked = 0;
  const provider: Provider = {
    provideLanguageModelChatInformation: () => [
      {
        ...{ id: "judge-2", name: "Scripted Judge", family: "judge", version: "2" },
        ...{ maxInputTokens: 100_000, maxOutputTokens: 4096, capabilities: {} },
      },
    ],
    provideLanguageModelChatResponse: (_model, messages, _options, progress) => {
      const texts = messages.flatMap(({ content }) =>
        content.flatMap((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : [])),
      );
      const shown = texts.join("\n");
      const answer = (name: string): string =>
        new RegExp(`Start of Assistant ${name}'s Answer\\]([^]*?)\\[The End`).exec(shown)?.[1]?.trim() ?? "";
      const verdict = answer("B").length > answer("A").length ? "B" : "A";
      nAsked += 1;
      progress.report(new vscode.LanguageModelTextPart(`The editor's judge, asked ${nAsked} times: `));
      progress.report(new vscode.LanguageModelTextPart(`${verdict} says more. [[${verdict}]]`));
      return Promise.resolve();
    },
    provideTokenCount: () => Promise.resolve(1),
  };
  subscriptions.push(lm.registerLanguageModelChatProvider("scripted", provider));
}
