/** One turn of a conversation. */
export interface Message {
  readonly role: "system" | "developer" | "user" | "assistant";
  readonly content: string;
}

/** Something to respond to: a text, or a conversation. One that ends with an assistant's turn is to be continued. */
export type Question = string | readonly Message[];

/** An example for SFT: a prompt and the response to learn, or a conversation that ends with one. */
export type SftExample =
  { readonly prompt: Question; readonly response: string } | { readonly messages: readonly Message[] };

/** A question as people and judges read it: a single turn of a user as its text, longer ones with the speakers' names. */
export function questionText(question: Question): string {
  if (typeof question === "string") return question;
  const [first, ...others] = question;
  if (first?.role === "user" && others.length === 0) return first.content;
  return question.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}
