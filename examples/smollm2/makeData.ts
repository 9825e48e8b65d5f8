/**
 * Writes the example's data into `data/`, in the layouts of well-known data sets: conversations as in UltraChat, pairs as
 * in UltraFeedback binarized, and prompts. What is said is this project's own (topics.json); every file can be deleted
 * and made again.
 *
 *     node examples/smollm2/makeData.ts
 *
 * The style that is preferred is short and to the point. The rejected answers are evasive, or bury the answer.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Topic = readonly [question: string, answer: string, next: string, nextAnswer: string];

interface Message {
  readonly role: "user" | "assistant";
  readonly content: string;
}

const topics = JSON.parse(readFileSync(join(import.meta.dirname, "topics.json"), "utf8")) as readonly Topic[];
/** Topics that are only asked about in the benchmark: no training sees them. */
const BENCHMARK = 8;
const [taught, asked] = [topics.slice(BENCHMARK), topics.slice(0, BENCHMARK)];

const BURIED = [
  (answer: string) =>
    `That is a very interesting question, and people have thought about it for a long time. There is a lot that could be said. In short, one may say the following: ${answer} But of course there is much more to it, and opinions differ.`,
  (answer: string) =>
    `As an assistant, I am happy to help you with this. Before I answer, let me thank you for asking. ${answer} I hope that this answers your question. Please let me know if there is anything else at all!`,
];
const EVASIVE = [
  "It depends on many things, so it is hard to say. You should look it up or ask an expert.",
  "I am not sure that I understand the question. Could you tell me more about what you need and why?",
];

const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string): Message => ({ role: "assistant", content });

/** A whole conversation of two turns, and its first turn by itself. */
const sft = taught.flatMap(([question, answer, next, nextAnswer], id) => [
  { prompt_id: `c${id}`, messages: [user(question), assistant(answer), user(next), assistant(nextAnswer)] },
  { prompt_id: `c${id}-first`, messages: [user(question), assistant(answer)] },
]);

const pairs = taught.flatMap(([question, answer, next, nextAnswer], id) => {
  const start = [user(question), assistant(answer), user(next)];
  const pair = (prompt: string, before: readonly Message[], good: string, bad: string, score: number): object => ({
    ...{ prompt, chosen: [...before, assistant(good)], rejected: [...before, assistant(bad)] },
    ...{ score_chosen: 8, score_rejected: score },
  });
  return [
    pair(question, [user(question)], answer, (BURIED[id % 2] ?? String)(answer), 5),
    pair(question, start, nextAnswer, EVASIVE[id % 2] ?? "", 2),
  ];
});

const prompts = taught.flatMap(([question, answer, next]) => [
  { messages: [user(question)] },
  { messages: [user(question), assistant(answer), user(next)] },
]);

const questions = asked.flatMap(([question, answer, next, nextAnswer]) => [
  { messages: [user(question)], category: "first turn", reference: answer },
  { messages: [user(question), assistant(answer), user(next)], category: "second turn", reference: nextAnswer },
]);

const folder = join(import.meta.dirname, "data");
mkdirSync(folder, { recursive: true });
for (const [name, records] of Object.entries({ conversations: sft, pairs, prompts, questions })) {
  writeFileSync(join(folder, `${name}.jsonl`), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}
