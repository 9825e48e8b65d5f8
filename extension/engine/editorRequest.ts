import type { EditorAnswer, EditorFault } from "../../engine/protocol/editorModels.ts";
import type { ModelRequest } from "../../engine/protocol/modelCalls.ts";

/** Most letters of a failure's words. */
const MOST_WORDS = 1000;

/** A turn as the editor's models know it. */
export interface EditorTurn {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** A request as a conversation of users and assistants: a system's turns go in front of the user's next one. */
export function conversationOf({ prompt }: Pick<ModelRequest, "prompt">): readonly EditorTurn[] {
  if (typeof prompt === "string") return [{ role: "user", content: prompt }];
  const turns: EditorTurn[] = [];
  let before: readonly string[] = [];
  for (const { role, content } of prompt) {
    if (role === "system" || role === "developer") {
      before = [...before, content];
      continue;
    }
    turns.push({ role, content: role === "user" ? [...before, content].join("\n\n") : content });
    if (role === "user") before = [];
  }
  return before.length === 0 ? turns : [...turns, { role: "user", content: before.join("\n\n") }];
}

/** Settings of a request, for the providers that take them. */
export function requestOptions({ temperature, maxTokens, topP, stop }: ModelRequest): {
  readonly modelOptions: Record<string, unknown>;
} {
  return {
    modelOptions: {
      temperature,
      max_tokens: maxTokens,
      ...(topP !== undefined && { top_p: topP }),
      ...(stop !== undefined && { stop: [...stop] }),
    },
  };
}

const FAULTS: ReadonlyMap<string, EditorFault> = new Map([
  ["NotFound", "missing"],
  ["NoPermissions", "key"],
  ["Blocked", "blocked"],
]);

/** An error of `vscode.lm` as an answer: a model that finds a question off its topic has refused it. */
export function failureOf(error: unknown): EditorAnswer {
  const known: Error & { readonly code?: unknown } = error instanceof Error ? error : new Error(String(error));
  const { message, code, cause } = known;
  const reason = cause instanceof Error ? cause.message : "";
  if (/off[_-]topic/.test(`${message} ${reason}`)) return { kind: "reply", reply: { text: message, end: "refused" } };
  const fault = (typeof code === "string" ? FAULTS.get(code) : undefined) ?? "failed";
  return { kind: "failed", fault, message: message.slice(0, MOST_WORDS) };
}
