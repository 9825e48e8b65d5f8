import type { JudgedAnswer, JudgedQuestion, SeatedPair } from "./judge.ts";
import { type VerdictForm, FIVE_WAY, RATING, THREE_WAY } from "./parseVerdict.ts";
import { type Message, questionText } from "../../protocol/conversation.ts";

/** How a judge that is a language model is asked, and how its verdict is read. */
export interface JudgePrompt {
  /** As FastChat names it; part of the judgments. */
  readonly name: string;
  readonly system: string;
  /** With `{question}`, `{answer_a}`, `{answer_b}`, or `{answer}` where answers are graded one by one, and `{reference}`. */
  readonly template: string;
  readonly form: VerdictForm;
}

// The texts of these prompts are the protocols themselves: FastChat's llm_judge/data/judge_prompts.jsonl, and
// arena-hard-auto's config/judge_config.yaml of v0.1, both under the licence Apache-2.0. A word changed is another judge.

const FAIRNESS =
  "Avoid any position biases and ensure that the order in which the responses were presented does not influence your decision. Do not allow the length of the responses to influence your evaluation. Do not favor certain names of the assistants. Be as objective as possible.";
const FINAL =
  'After providing your explanation, output your final verdict by strictly following this format: "[[A]]" if assistant A is better, "[[B]]" if assistant B is better, and "[[C]]" for a tie.';
const IMPARTIAL =
  "Please act as an impartial judge and evaluate the quality of the responses provided by two AI assistants to the user question displayed below.";
const TWO_ANSWERS =
  "[The Start of Assistant A's Answer]\n{answer_a}\n[The End of Assistant A's Answer]\n\n[The Start of Assistant B's Answer]\n{answer_b}\n[The End of Assistant B's Answer]";

/** Pairs without a reference: figure 7 of the paper (arXiv:2411.01798). */
export const PAIR: JudgePrompt = {
  name: "pair-v2",
  system: `${IMPARTIAL} You should choose the assistant that follows the user's instructions and answers the user's question better. Your evaluation should consider factors such as the helpfulness, relevance, accuracy, depth, creativity, and level of detail of their responses. Begin your evaluation by comparing the two responses and provide a short explanation. ${FAIRNESS} ${FINAL}`,
  template: `[User Question]\n{question}\n\n${TWO_ANSWERS}`,
  form: THREE_WAY,
};

/** Pairs with a reference answer. */
export const PAIR_WITH_REFERENCE: JudgePrompt = {
  name: "pair-math-v1",
  system: `${IMPARTIAL} Your evaluation should consider correctness and helpfulness. You will be given a reference answer, assistant A's answer, and assistant B's answer. Your job is to evaluate which assistant's answer is better. Begin your evaluation by comparing both assistants' answers with the reference answer. Identify and correct any mistakes. ${FAIRNESS} ${FINAL}`,
  template: `[User Question]\n{question}\n\n[The Start of Reference Answer]\n{reference}\n[The End of Reference Answer]\n\n${TWO_ANSWERS}`,
  form: THREE_WAY,
};

const RATE =
  'After providing your explanation, you must rate the response on a scale of 1 to 10 by strictly following this format: "[[rating]]", for example: "Rating: [[5]]".';
const ONE_ANSWER = "[The Start of Assistant's Answer]\n{answer}\n[The End of Assistant's Answer]";
const ONE =
  "[Instruction]\nPlease act as an impartial judge and evaluate the quality of the response provided by an AI assistant to the user question displayed below.";
const HELPFUL = "You are a helpful assistant.";

/** One answer without a reference. */
export const SINGLE: JudgePrompt = {
  name: "single-v1",
  system: HELPFUL,
  template: `${ONE} Your evaluation should consider factors such as the helpfulness, relevance, accuracy, depth, creativity, and level of detail of the response. Begin your evaluation by providing a short explanation. Be as objective as possible. ${RATE}\n\n[Question]\n{question}\n\n${ONE_ANSWER}`,
  form: RATING,
};

/** One answer with a reference answer. */
export const SINGLE_WITH_REFERENCE: JudgePrompt = {
  name: "single-math-v1",
  system: HELPFUL,
  template: `${ONE} Your evaluation should consider correctness and helpfulness. You will be given a reference answer and the assistant's answer. Begin your evaluation by comparing the assistant's answer with the reference answer. Identify and correct any mistakes. Be as objective as possible. ${RATE}\n\n[Question]\n{question}\n\n[The Start of Reference Answer]\n{reference}\n[The End of Reference Answer]\n\n${ONE_ANSWER}`,
  form: RATING,
};

/** Arena-Hard's five-way verdict. */
export const ARENA_HARD: JudgePrompt = {
  name: "arena-hard-v0.1",
  system:
    "Please act as an impartial judge and evaluate the quality of the responses provided by two AI assistants to the user prompt displayed below. You will be given assistant A's answer and assistant B's answer. Your job is to evaluate which assistant's answer is better.\n\nBegin your evaluation by generating your own answer to the prompt. You must provide your answers before judging any answers.\n\nWhen evaluating the assistants' answers, compare both assistants' answers with your answer. You must identify and correct any mistakes or inaccurate information.\n\nThen consider if the assistant's answers are helpful, relevant, and concise. Helpful means the answer correctly responds to the prompt or follows the instructions. Note when user prompt has any ambiguity or more than one interpretation, it is more helpful and appropriate to ask for clarifications or more information from the user than providing an answer based on assumptions. Relevant means all parts of the response closely connect or are appropriate to what is being asked. Concise means the response is clear and not verbose or excessive.\n\nThen consider the creativity and novelty of the assistant's answers when needed. Finally, identify any missing important information in the assistants' answers that would be beneficial to include when responding to the user prompt.\n\nAfter providing your explanation, you must output only one of the following choices as your final verdict with a label:\n\n1. Assistant A is significantly better: [[A>>B]]\n2. Assistant A is slightly better: [[A>B]]\n3. Tie, relatively the same: [[A=B]]\n4. Assistant B is slightly better: [[B>A]]\n5. Assistant B is significantly better: [[B>>A]]\n\nExample output: \"My final verdict is tie: [[A=B]]\".",
  template:
    "<|User Prompt|>\n{question}\n\n<|The Start of Assistant A's Answer|>\n{answer_a}\n<|The End of Assistant A's Answer|>\n\n<|The Start of Assistant B's Answer|>\n{answer_b}\n<|The End of Assistant B's Answer|>",
  form: FIVE_WAY,
};

// Of two turns the second one is judged, in FastChat's forms for conversations.

const SECOND =
  "Please act as an impartial judge and evaluate the quality of the responses provided by two AI assistants to the user questions.";
const CONVERSATIONS = ["a", "b"].map((seat) => turnsTemplate(seat.toUpperCase(), `answer_${seat}`)).join("\n\n\n");
const REFERENCES =
  "<|The Start of Reference Answer|>\n\n### User:\n{question_1}\n\n### Reference answer:\n{ref_answer_1}\n\n### User:\n{question_2}\n\n### Reference answer:\n{ref_answer_2}\n\n<|The End of Reference Answer|>\n\n\n";

function turnsTemplate(name: string, answer: string): string {
  const said = (turn: number): string =>
    `### User:\n{question_${turn}}\n\n### Assistant ${name}:\n{${answer}_${turn}}\n\n`;
  return `<|The Start of Assistant ${name}'s Conversation with User|>\n\n${said(1)}${said(2)}<|The End of Assistant ${name}'s Conversation with User|>`;
}

/** The second of two turns without a reference. */
export const PAIR_SECOND_TURN: JudgePrompt = {
  name: "pair-v2-multi-turn",
  system: `${SECOND} You should choose the assistant that follows the user's instructions and answers the user's questions better. Your evaluation should consider factors such as the helpfulness, relevance, accuracy, depth, creativity, and level of detail of their responses. You should focus on who provides a better answer to the second user question. Begin your evaluation by comparing the responses of the two assistants and provide a short explanation. ${FAIRNESS} ${FINAL}`,
  template: CONVERSATIONS,
  form: THREE_WAY,
};

/** The second of two turns with reference answers to both. */
export const PAIR_SECOND_TURN_WITH_REFERENCE: JudgePrompt = {
  name: "pair-math-v1-multi-turn",
  system: `${SECOND} Your evaluation should consider correctness and helpfulness. You will be given reference answers, the assistant A's answers, the assistant B's answers. Your job is to determine which assistant provides correct and helpful answers to the second user question. Begin your evaluation by comparing both assistants' answers with the reference answers. Identify and correct any mistakes. ${FAIRNESS} ${FINAL}`,
  template: `${REFERENCES}${CONVERSATIONS}`,
  form: THREE_WAY,
};

/** One conversation of two turns without a reference. */
export const SINGLE_SECOND_TURN: JudgePrompt = {
  name: "single-v1-multi-turn",
  system: `Please act as an impartial judge and evaluate the quality of the response provided by an AI assistant to the user question displayed below. Your evaluation should consider factors such as the helpfulness, relevance, accuracy, depth, creativity, and level of detail of the response. You evaluation should focus on the assistant's answer to the second user question. Begin your evaluation by providing a short explanation. Be as objective as possible. ${RATE}\n\n`,
  template: turnsTemplate("A", "answer"),
  form: RATING,
};

/** One conversation of two turns with reference answers to both. */
export const SINGLE_SECOND_TURN_WITH_REFERENCE: JudgePrompt = {
  name: "single-math-v1-multi-turn",
  system: `Please act as an impartial judge and evaluate the quality of the response provided by an AI assistant to the user question. Your evaluation should consider correctness and helpfulness. You will be given a reference answer and the assistant's answer. You evaluation should focus on the assistant's answer to the second question. Begin your evaluation by comparing the assistant's answer with the reference answer. Identify and correct any mistakes. Be as objective as possible. ${RATE}\n\n`,
  template: `${REFERENCES}${turnsTemplate("A", "answer")}`,
  form: RATING,
};

/** A conversation with the judge about two answers. */
export function pairPrompt(prompt: JudgePrompt, { question, first, second }: SeatedPair): readonly Message[] {
  return filled(prompt, {
    ...aboutQuestion(question),
    ...aboutAnswer("answer_a", first),
    ...aboutAnswer("answer_b", second),
  });
}

/** A conversation with the judge about one answer. */
export function singlePrompt(prompt: JudgePrompt, question: JudgedQuestion, answer: JudgedAnswer): readonly Message[] {
  return filled(prompt, { ...aboutQuestion(question), ...aboutAnswer("answer", answer) });
}

function aboutQuestion({ prompt, reference = "", earlier = [] }: JudgedQuestion): Readonly<Record<string, string>> {
  const asked = questionText(prompt);
  const said = [...earlier.map((turn) => turn.said), asked];
  const references = [...earlier.map((turn) => turn.reference ?? ""), reference];
  return {
    // A prompt that knows no turns shows what the user said in all of them.
    question: earlier.length === 0 ? asked : said.map((text) => `user: ${text}`).join("\n\n"),
    reference: earlier.length === 0 ? reference : references.join(BETWEEN_TURNS),
    ...byTurn("question", said),
    ...byTurn("ref_answer", references),
  };
}

function aboutAnswer(name: string, { text, earlier = [] }: JudgedAnswer): Readonly<Record<string, string>> {
  const turns = [...earlier, text];
  return { [name]: turns.join(BETWEEN_TURNS), ...byTurn(name, turns) };
}

/** Between the answers to several turns, in a prompt that knows none. */
const BETWEEN_TURNS = "\n\n---\n\n";

function byTurn(name: string, texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(texts.map((text, at) => [`${name}_${at + 1}`, text]));
}

/** All at once, so that `{answer_b}` in an answer stays what it is. */
function filled({ system, template }: JudgePrompt, values: Readonly<Record<string, string>>): readonly Message[] {
  const content = template.replace(
    /\{((?:question|ref_answer|answer|answer_a|answer_b)(?:_[12])?|reference)\}/g,
    (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? whole) : whole),
  );
  const user = { role: "user", content } as const;
  return system === "" ? [user] : [{ role: "system", content: system }, user];
}

/** Parts of a text that dictate a verdict: a verdict in its form, a mark that ends the answer, an order. */
const ORDERS = [
  /\[\[\s{0,3}(?:[ABC]|[AB][<>=]{1,2}[AB]|\d{1,2}(?:\.\d{1,2})?)\s{0,3}\]\]/,
  /\[The (?:Start|End) of (?:Assistant|Reference)|<\|The (?:Start|End) of /i,
  /\b(?:ignore|disregard|forget)\s{1,3}(?:all\s{1,3}|any\s{1,3}|the\s{1,3}|your\s{1,3}){0,3}(?:previous|prior|above|earlier)\s{1,3}(?:instructions|text|prompts)/i,
  /\b(?:output|give|write|return|say)\s{1,3}(?:the\s{1,3}|your\s{1,3})?(?:final\s{1,3})?verdict\b/i,
  /\bassistant [AB] is (?:significantly |slightly )?better\b/i,
] as const;

/** True for a question or an answer that tries to tell the judge what to say, or happens to look like it. */
export function looksLikeAnOrder(text: string): boolean {
  return ORDERS.some((order) => order.test(text));
}
