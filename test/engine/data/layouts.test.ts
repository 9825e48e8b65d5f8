import assert from "node:assert/strict";
import { LAYOUTS, recordOf } from "../../../engine/data/layouts/index.ts";
import type { RecordKind } from "../../../engine/data/records.ts";
import type { Row } from "../../../engine/data/rows/row.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import type { JsonObject } from "../../../engine/storage/json.ts";

const row = (fields: object): Row => ({ place: { file: "data.jsonl", line: 7 }, fields: fields as JsonObject });
const user = (content: string): object => ({ role: "user", content });
const assistant = (content: string): object => ({ role: "assistant", content });
const system = (content: string): object => ({ role: "system", content });

/** A row as published, and what it becomes by what it is for. */
const PUBLISHED: readonly (readonly [title: string, fields: object, records: Partial<Record<RecordKind, object>>])[] = [
  [
    "UltraChat 200k",
    {
      prompt: "hi",
      prompt_id: "4",
      messages: [
        { content: "hi", role: "user" },
        { content: "ho", role: "assistant" },
      ],
    },
    { sft: { messages: [user("hi"), assistant("ho")] }, prompts: { prompt: "hi" } },
  ],
  [
    "messages alone, with a system prompt and an answer",
    { messages: [system("be brief"), user("hi"), assistant("ho"), user("and?"), assistant("so")] },
    { prompts: { prompt: [system("be brief"), user("hi"), assistant("ho"), user("and?")] } },
  ],
  [
    "messages as older Parquet stores them",
    { messages: { role: ["user", "assistant"], content: ["hi", null] } },
    { sft: { messages: [user("hi"), assistant("")] } },
  ],
  [
    "messages whose content is in parts",
    { messages: [{ role: "user", content: [{ type: "text", text: "h" }, "i"] }, assistant("ho")] },
    { sft: { messages: [user("hi"), assistant("ho")] } },
  ],
  [
    "UltraFeedback binarized",
    {
      ...{ prompt: "hi", prompt_id: "1", score_chosen: 8.5, score_rejected: 6 },
      ...{ chosen: [user("hi"), assistant("ho")], rejected: [user("hi"), assistant("no")] },
      messages: [user("hi"), assistant("ho")],
    },
    {
      preferences: { prompt: [user("hi")], chosen: "ho", rejected: "no" },
      sft: { messages: [user("hi"), assistant("ho")] },
      prompts: { prompt: "hi" },
    },
  ],
  [
    "UltraFeedback with two equal responses",
    { prompt: "hi", chosen: [user("hi"), assistant("ho")], rejected: [user("hi"), assistant("ho")] },
    { preferences: { prompt: [user("hi")], chosen: "ho", rejected: "ho" } },
  ],
  [
    "responses without the prompt's turns",
    { prompt: [user("hi")], chosen: [assistant("ho")], rejected: [assistant("no")] },
    { preferences: { prompt: [user("hi")], chosen: "ho", rejected: "no" } },
  ],
  [
    "HH-RLHF",
    {
      chosen: "\n\nHuman: a\n\nAssistant: b\n\nHuman: c: Human: d\n\nAssistant: I can help",
      rejected: "\n\nHuman: a\n\nAssistant: b\n\nHuman: c: Human: d\n\nAssistant: I can't",
    },
    {
      preferences: {
        prompt: [user("a"), assistant("b"), user("c: Human: d")],
        chosen: "I can help",
        rejected: "I can't",
      },
      sft: { messages: [user("a"), assistant("b"), user("c: Human: d"), assistant("I can help")] },
      prompts: { prompt: [user("a"), assistant("b"), user("c: Human: d")] },
    },
  ],
  [
    "HH-RLHF where the rejected response is empty",
    { chosen: "\n\nHuman: a\n\nAssistant: b", rejected: "\n\nHuman: a\n\nAssistant:" },
    { preferences: { prompt: [user("a")], chosen: "b", rejected: "" } },
  ],
  [
    "Alpaca",
    { instruction: "Add.", input: "1 2", output: "3" },
    { sft: { prompt: "Add.\n\n1 2", response: "3" }, prompts: { prompt: "Add.\n\n1 2" } },
  ],
  [
    "Alpaca without an input",
    { instruction: "Add.", input: "", output: "3" },
    { sft: { prompt: "Add.", response: "3" } },
  ],
  [
    "ShareGPT",
    {
      id: "x",
      conversations: [
        { from: "human", value: "hi" },
        { from: "gpt", value: "ho" },
        { from: "human", value: "?" },
      ],
    },
    {
      sft: { messages: [user("hi"), assistant("ho"), user("?")] },
      prompts: { prompt: [user("hi"), assistant("ho"), user("?")] },
    },
  ],
  ["our own SFT examples", { prompt: "hi", response: "ho", id: 3 }, { sft: { prompt: "hi", response: "ho" } }],
  ["completions", { prompt: "hi", completion: "ho" }, { sft: { prompt: "hi", response: "ho" } }],
  [
    "our own pairs",
    { prompt: "hi", chosen: "ho", rejected: "no", margin: 0.5 },
    { preferences: { prompt: "hi", chosen: "ho", rejected: "no", margin: 0.5 }, sft: { prompt: "hi", response: "ho" } },
  ],
  [
    "our own prompts",
    { prompt: "hi", category: "chat", reference: "ho", other: 1 },
    { prompts: { prompt: "hi", category: "chat", reference: "ho" } },
  ],
  ["prompts that are conversations", { prompt: [user("hi")] }, { prompts: { prompt: [user("hi")] } }],
  [
    "MT-Bench",
    { question_id: 81, category: "writing", turns: ["hi", "and?"] },
    { prompts: { prompt: "hi", category: "writing" } },
  ],
  ["Arena-Hard", { question_id: "a", cluster: "c", turns: [{ content: "hi" }] }, { prompts: { prompt: "hi" } }],
];

const BAD: readonly (readonly [title: string, kind: RecordKind, fields: object, what: RegExp])[] = [
  [
    "columns of no layout",
    "sft",
    { question: "a", answer: "b" },
    /no layout that is known for sft; say which .*"columns".*there are: question, answer/,
  ],
  [
    "a pair that is to be a list of prompts alone",
    "preferences",
    { prompt: "a" },
    /no layout that is known for preferences/,
  ],
  ["no response", "sft", { prompt: "a" }, /no field response; add it, a text; there are: prompt/],
  [
    "a response that is a number",
    "sft",
    { prompt: "a", response: 3 },
    /field response is the number 3; make it a text/,
  ],
  ["messages in words", "sft", { messages: "hi" }, /field messages is the string "hi"; make it a list/],
  [
    "an unknown speaker",
    "sft",
    { messages: [{ role: "bot", content: "" }] },
    /messages\[0\]\.role is the string "bot"/,
  ],
  [
    "a speaker called like a method",
    "sft",
    { messages: [{ role: "constructor", content: "" }] },
    /messages\[0\]\.role/,
  ],
  ["a turn without a speaker", "sft", { messages: [{ content: "a" }] }, /no field messages\[0\]\.from/],
  [
    "a picture",
    "sft",
    { messages: [{ role: "user", content: [{ type: "image" }] }] },
    /messages\[0\]\.content is a list/,
  ],
  [
    "a tool's turn",
    "sft",
    {
      conversations: [
        { from: "human", value: "a" },
        { from: "observation", value: "4" },
      ],
    },
    /conversations\[1\]\.from is "observation": conversations with tools are not rendered/,
  ],
  [
    "a call of a tool",
    "sft",
    { messages: [user("a"), { role: "assistant", content: null, tool_calls: [{ id: "1" }] }] },
    /messages\[1\]\.tool_calls is there/,
  ],
  ["lists of different lengths", "sft", { messages: { role: ["user"], content: [] } }, /field messages is an object/],
  ["a turn that is not an object", "sft", { messages: [[]] }, /field messages\[0\] is a list/],
  [
    "a margin in words",
    "preferences",
    { prompt: "", chosen: "", rejected: "", margin: "big" },
    /margin is the string "big"/,
  ],
  [
    "responses of several turns",
    "preferences",
    { chosen: [user("a"), assistant("b")], rejected: [user("x"), assistant("c")], prompt: "a" },
    /chosen has more than its last turn/,
  ],
  ["turns of numbers", "prompts", { turns: [3] }, /turns\[0\] is the number 3/],
];

describe("layouts", () => {
  for (const [title, fields, records] of PUBLISHED) {
    for (const [kind, record] of Object.entries(records)) {
      it(`recognise ${title} for ${kind}`, () => {
        assert.deepEqual(recordOf(row(fields), kind as RecordKind), record);
      });
    }
  }

  for (const [title, kind, fields, what] of BAD) {
    it(`refuse ${title} with file, line, field and remedy`, () => {
      assert.throws(
        () => recordOf(row(fields), kind),
        (error: unknown) => {
          assert.ok(error instanceof DataError, String(error));
          assert.match(error.message, /^data\.jsonl:7: .+; .+/);
          assert.match(error.message, what);
          return true;
        },
      );
    });
  }

  it("have names of their own, a description, and something that they can be used for", () => {
    assert.equal(new Set(LAYOUTS.map(({ name }) => name)).size, LAYOUTS.length);
    for (const { description, sft, preferences, prompts } of LAYOUTS) {
      assert.ok(description.length > 10);
      assert.ok([sft, preferences, prompts].some((read) => read !== undefined));
    }
  });
});

describe("a map of columns", () => {
  const fields = { question: "hi", answer: { text: "ho" }, "a.b": "dotted", messages: [user("other")] };

  it("names columns, also within others, and hides the rest", () => {
    assert.deepEqual(recordOf(row(fields), "sft", { prompt: "question", response: "answer.text" }), {
      prompt: "hi",
      response: "ho",
    });
    assert.deepEqual(recordOf(row(fields), "prompts", { prompt: "a.b" }), { prompt: "dotted" });
  });

  it("is refused with the columns that there are", () => {
    for (const column of ["answers", "answer.words", "toString", "answer.text.length"]) {
      assert.throws(
        () => recordOf(row(fields), "sft", { prompt: column }),
        /no column .*; correct columns\.prompt; there are: question, answer/,
      );
    }
  });
});
