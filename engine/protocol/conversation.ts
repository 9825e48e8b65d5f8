/** Speakers. A template that does not know one of them says so itself. */
export const ROLES = ["system", "developer", "user", "assistant"] as const;

/** One turn of a conversation. */
export interface Message {
  readonly role: (typeof ROLES)[number];
  readonly content: string;
}

/** Something to respond to: a text, or a conversation. One that ends with an assistant's turn is to be continued. */
export type Question = string | readonly Message[];

/** An example for SFT: a prompt and the response to learn, or a conversation that ends with one. */
export type SftExample =
  | { readonly prompt: Question; readonly response: string }
  | { readonly messages: readonly Message[] };

/** A question as a conversation: a text is one turn of a user. */
export function asTurns(question: Question): readonly Message[] {
  return typeof question === "string" ? [{ role: "user", content: question }] : question;
}

/** The turns of a question that is more than what a user says once: they stand beside its text in records. */
export function recordedTurns(question: Question): { readonly messages?: readonly Message[] } {
  const turns = asTurns(question);
  return turns.length === 1 && turns[0]?.role === "user" ? {} : { messages: turns };
}

/** A question as people and judges read it: a single turn of a user as its text, longer ones with the speakers' names. */
export function questionText(question: Question): string {
  if (typeof question === "string") return question;
  const { messages } = recordedTurns(question);
  if (messages === undefined) return question[0]?.content ?? "";
  return messages.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}
