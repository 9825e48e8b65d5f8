import { join } from "node:path";
import * as vscode from "vscode";
import {
  MOST_TEST_PROMPT_BYTES,
  type TestPrompt,
  readTestPrompts,
  testPromptLine,
} from "../../engine/protocol/testPromptsSchema.ts";
import { LONGEST_TEST_PROMPT, MOST_TEST_PROMPTS, TEST_PROMPTS_FILE } from "../../engine/protocol/testPrompts.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { changeOwnFile, hasUnsavedChanges } from "../ownFiles.ts";
import type { Salsa } from "../salsa.ts";
import type { Action } from "./actions.ts";
import { besideConfig } from "./besideConfig.ts";
import { CommandError, showDone } from "./failures.ts";
import { picked, pickRun } from "./pickers.ts";

/**
 * Adds a prompt to the file beside a run's config whose prompts every later run answers; the arguments are a command's: the
 * run, and the prompt.
 *
 * @returns How many prompts there are.
 */
export async function pin(salsa: Salsa, args: readonly unknown[]): Promise<number> {
  assertOnDisk();
  assertTrusted();
  const title = vscode.l10n.t("Make a Test Prompt");
  const run = await pickRun(salsa, args, { title, none: vscode.l10n.t("There are no runs yet.") });
  const asked = readAsked(args[1]) ?? { prompt: await typedPrompt(title) };
  const file = vscode.Uri.file(join(besideConfig(run), TEST_PROMPTS_FILE));
  const open: Action = {
    title: vscode.l10n.t("Open File"),
    run: async () => {
      await vscode.window.showTextDocument(file);
    },
  };
  assertNotEdited(file);
  let [count, isNew] = [0, true];
  const add = (bytes: Uint8Array | undefined): Uint8Array | undefined => {
    const text = new TextDecoder().decode(bytes);
    const { prompts, issues } = readTestPrompts(text, file.fsPath);
    const [first] = issues;
    if (first !== undefined) {
      const what = `${file.fsPath}:${first.line} ${first.message}; ${first.remedy}`;
      throw new CommandError(vscode.l10n.t("Not added, so that nothing in the file is lost: {0}", what), [open]);
    }
    count = prompts.length;
    isNew = !prompts.includes(asked.prompt);
    if (!isNew) return undefined;
    if (count >= MOST_TEST_PROMPTS) {
      throw new CommandError(vscode.l10n.t("There are {0} test prompts, which is the most.", MOST_TEST_PROMPTS), [
        open,
      ]);
    }
    count++;
    const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
    return new TextEncoder().encode(before + testPromptLine(asked));
  };
  await changeOwnFile(file, add, MOST_TEST_PROMPT_BYTES);
  if (!isNew) {
    showDone(salsa, vscode.l10n.t("It is one of the {0} test prompts already.", count), [open]);
    return count;
  }
  showDone(
    salsa,
    vscode.l10n.t(
      "Added: later runs of the configs beside {0} answer it. It has {1} by now.",
      TEST_PROMPTS_FILE,
      count,
    ),
    [open],
  );
  return count;
}

interface PlainPrompt extends TestPrompt {
  readonly prompt: string;
}

/** The prompt that a page asks for. */
function readAsked(value: unknown): PlainPrompt | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { prompt, from } = value as Partial<Record<"prompt" | "from", unknown>>;
  if (typeof prompt !== "string") return undefined;
  if (prompt.length > LONGEST_TEST_PROMPT) {
    throw new CommandError(
      vscode.l10n.t("The prompt has {0} letters; a test prompt has at most {1}.", prompt.length, LONGEST_TEST_PROMPT),
    );
  }
  return { prompt, ...(typeof from === "string" && { from }) };
}

async function typedPrompt(title: string): Promise<string> {
  const typed = vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("Every later run of the configs beside it answers this with each of its models"),
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (text.length > LONGEST_TEST_PROMPT) return vscode.l10n.t("At most {0} letters", LONGEST_TEST_PROMPT);
      return text.trim() === "" ? vscode.l10n.t("Write a prompt") : undefined;
    },
  });
  return picked(typed);
}

function assertNotEdited(file: vscode.Uri): void {
  if (hasUnsavedChanges(file)) {
    throw new CommandError(vscode.l10n.t("{0} has unsaved changes in an editor. Save them first", file.fsPath));
  }
}
