import { type Message, ROLES, questionText } from "../../protocol/conversation.ts";
import { Fields, RecordError } from "../fastchat/fields.ts";
import { readAnswer } from "../fastchat/records.ts";

/** A model's answer to a question, by any tool. */
export interface ModelAnswer {
  /** Undefined in AlpacaEval, which has no ids. */
  readonly questionId?: number | string | undefined;
  /** Undefined in what `salsa generate` writes: its file has the model's name. */
  readonly model?: string | undefined;
  /** Answers by turn. */
  readonly turns: readonly string[];
  /** The question itself, in files that have it beside its answer. */
  readonly instruction?: string | undefined;
}

/** A form of answer files. */
export interface AnswerFormat {
  /** As commands name it. */
  readonly name: string;
  /** Whose tools write it, and its fields. */
  readonly description: string;
  /** True if a record is in this form, as far as its fields show. */
  readonly fits: (fields: Readonly<Record<string, unknown>>) => boolean;
  /** @throws {RecordError} */
  readonly read: (fields: Readonly<Record<string, unknown>>) => ModelAnswer;
  /** The record of an answer; undefined where the form has no way to write one. */
  readonly write?: (answer: WrittenAnswer) => object;
}

/** An answer with the facts that some forms want. */
export interface WrittenAnswer extends ModelAnswer {
  readonly model: string;
  readonly questionId: number | string;
  /** The user's words, by turn. */
  readonly said: readonly string[];
  /** Unique among a model's answers. */
  readonly answerId: string;
  /** Tokens of all turns. */
  readonly nTokens: number;
}

/** FastChat's `model_answer/<model>.jsonl`. */
const fastchat: AnswerFormat = {
  name: "fastchat",
  description: "FastChat's model_answer/*.jsonl",
  fits: ({ choices }) => Array.isArray(choices) && !hasContents(choices),
  read(fields) {
    const { question_id, model_id, choices } = readAnswer(fields);
    return { questionId: question_id, model: model_id, turns: choices[0]?.turns ?? [] };
  },
  write: ({ questionId, answerId, model, turns }) => ({
    question_id: questionId,
    answer_id: answerId,
    model_id: model,
    choices: [{ index: 0, turns }],
    // As in judgments: what is made of a run knows no clock.
    tstamp: 0,
  }),
};

/** Arena-Hard's until April 2025: FastChat's, with turns that are objects. */
const arenaHardBefore: AnswerFormat = {
  name: "arena-hard-before",
  description: "Arena-Hard's model_answer/*.jsonl until April 2025: choices, turns, content",
  fits: ({ choices }) => Array.isArray(choices) && hasContents(choices),
  read(value) {
    const fields = new Fields("answer", value);
    const [choice] = fields.list("choices");
    const turns = new Fields("answer choice", choice).list("turns").map((turn) => {
      return new Fields("answer turn", turn).text("content");
    });
    return { questionId: fields.id("question_id"), model: fields.text("model_id"), turns };
  },
  write: ({ questionId, answerId, model, turns, nTokens }) => ({
    question_id: questionId,
    answer_id: answerId,
    model_id: model,
    choices: [{ index: 0, turns: turns.map((content) => ({ content })) }],
    tstamp: 0,
    conv_metadata: { token_len: nTokens },
  }),
};

/** Arena-Hard's since. */
const arenaHard: AnswerFormat = {
  name: "arena-hard",
  description: "Arena-Hard's model_answer/*.jsonl since April 2025: uid, messages",
  fits: (fields) => Object.hasOwn(fields, "uid") && Array.isArray(fields["messages"]),
  read(value) {
    const fields = new Fields("answer", value);
    const turns = fields.list("messages").flatMap((message) => {
      const turn = new Fields("answer message", message);
      if (turn.text("role") !== "assistant") return [];
      const said = turn.isText("content") ? turn : new Fields("answer content", turn.value("content"));
      return [said === turn ? turn.text("content") : said.text("answer")];
    });
    if (turns.length === 0) fields.refuse("messages", "a conversation with an answer");
    return { questionId: fields.id("uid"), model: fields.text("model"), turns };
  },
  write: ({ questionId, answerId, model, turns, said, nTokens }) => ({
    uid: questionId,
    ans_id: answerId,
    model,
    messages: turns.flatMap((answer, at) => [
      { role: "user", content: said[at] ?? "" },
      { role: "assistant", content: { answer } },
    ]),
    tstamp: 0,
    metadata: { token_len: nTokens },
  }),
};

/** AlpacaEval's outputs. */
const alpacaEval: AnswerFormat = {
  name: "alpaca-eval",
  description: "AlpacaEval's model_outputs.json: instruction, output, generator",
  fits: (fields) => Object.hasOwn(fields, "instruction") && Object.hasOwn(fields, "output"),
  read(value) {
    const fields = new Fields("output", value);
    return { model: fields.text("generator"), turns: [fields.text("output")], instruction: fields.text("instruction") };
  },
  write: ({ model, turns, said }) => ({ instruction: said[0] ?? "", output: turns[0] ?? "", generator: model }),
};

/** The answers of `salsa generate --out`, in the order of the questions. */
const generated: AnswerFormat = {
  name: "generated",
  description: "salsa generate's: prompt or messages, response",
  fits: (fields) => Object.hasOwn(fields, "response"),
  read(value) {
    const fields = new Fields("answer", value);
    const asked = fields.isText("prompt") ? fields.text("prompt") : fields.list("messages").map(readMessage);
    return { turns: [fields.text("response")], instruction: questionText(asked) };
  },
};

/** Every form of answer files. Add yours here. */
export const ANSWER_FORMATS: readonly AnswerFormat[] = [fastchat, arenaHardBefore, arenaHard, alpacaEval, generated];

/**
 * An answer of any form, from its JSON value.
 * @throws {RecordError} when it is in none of them, or says nothing.
 */
export function readModelAnswer(value: unknown): ModelAnswer {
  const kind = "answer";
  const fields = new Fields(kind, value).all();
  const format = ANSWER_FORMATS.find((one) => one.fits(fields));
  if (format === undefined) {
    const known = ANSWER_FORMATS.map(({ description }) => description).join("; ");
    throw new RecordError(`read ${kind}: its fields are in no form that is known: ${known}`);
  }
  const answer = format.read(fields);
  if (answer.turns.length > 0 && answer.turns.every((turn) => turn.trim() !== "")) return answer;
  throw new RecordError(`read ${kind}: the answer to ${JSON.stringify(answer.questionId ?? "a question")} is empty`);
}

function readMessage(value: unknown): Message {
  const message = new Fields("message", value);
  return { role: message.oneOf("role", ROLES), content: message.text("content") };
}

/** True if the turns of the first choice are objects. */
function hasContents([choice]: readonly unknown[]): boolean {
  const turns = (choice as { readonly turns?: unknown } | null | undefined)?.turns;
  return Array.isArray(turns) && typeof turns[0] === "object";
}
