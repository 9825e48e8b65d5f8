import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { BenchmarkKind, BenchmarkQuestion } from "../../../../engine/evaluation/benchmarks/benchmark.ts";
import { BENCHMARKS, benchmarkKind, type BenchmarkName } from "../../../../engine/evaluation/benchmarks/index.ts";
import * as prompts from "../../../../engine/evaluation/judges/prompts.ts";

type Question = Readonly<Record<string, unknown>>;

/** Questions as they are published, with what is read of them; and some that are none, by the field that is wrong. */
const PUBLISHED: Readonly<
  Record<
    Exclude<BenchmarkName, "prompts">,
    {
      readonly fit: readonly (readonly [Question, BenchmarkQuestion])[];
      readonly unfit: readonly (readonly [Question, string])[];
    }
  >
> = {
  "mt-bench": {
    fit: [
      [
        { question_id: 101, category: "reasoning", turns: ["Who is second?", "And last?"], reference: ["You are", ""] },
        { id: 101, category: "reasoning", turns: ["Who is second?", "And last?"] },
      ],
      [
        { question_id: 1, category: "x", turns: ["One"] },
        { id: 1, category: "x", turns: ["One"] },
      ],
    ],
    unfit: [
      [{ category: "x", turns: ["a"] }, "question_id"],
      [{ question_id: "", category: "x", turns: ["a"] }, "question_id"],
      [{ question_id: 1, category: "x", turns: ["a", " \n"] }, "turns.1"],
      [{ question_id: 1, category: "x", turns: [] }, "turns"],
      [{ question_id: 1, category: "x", turns: ["a", "b", "c"] }, "turns"],
      [{ question_id: 1, turns: ["a"] }, "category"],
    ],
  },
  "arena-hard": {
    fit: [
      [
        { question_id: "a1", category: "arena-hard-v0.1", cluster: "Melodies", turns: [{ content: "Write one" }] },
        { id: "a1", category: "arena-hard-v0.1", turns: ["Write one"] },
      ],
      [
        { uid: "a1", category: "arena-hard-v0.1", cluster: "Melodies", prompt: "Write one" },
        { id: "a1", category: "arena-hard-v0.1", turns: ["Write one"] },
      ],
    ],
    unfit: [
      [{ uid: "a1", prompt: "" }, "prompt"],
      [{ prompt: "a" }, "uid"],
      [{ question_id: "a1", turns: ["a text"] }, "turns.0"],
      [{ question_id: "a1", turns: [{ content: "a" }, { content: "b" }] }, "turns"],
    ],
  },
  ultrafeedback: {
    fit: [
      [
        { prompt: "Hi", prompt_id: "9f", chosen: [], rejected: [], score_chosen: 8 },
        { id: "9f", turns: ["Hi"] },
      ],
    ],
    unfit: [[{ prompt: "Hi" }, "prompt_id"]],
  },
  "alpaca-eval": {
    fit: [
      [
        { dataset: "koala", instruction: "Hi", output: "Ho", generator: "m" },
        { category: "koala", turns: ["Hi"] },
      ],
    ],
    unfit: [[{ dataset: "koala", instruction: " " }, "instruction"]],
  },
};

describe("kinds of benchmarks", () => {
  for (const [name, { fit, unfit }] of Object.entries(PUBLISHED)) {
    const kind = benchmarkKind(name);

    it(`${name} reads its published form, and names the field of a question that does not fit`, () => {
      for (const [question, read] of fit) assert.deepEqual(kind.schemaOf?.(question).parse(question), read);
      for (const [question, field] of unfit) {
        const { error } = kind.schemaOf?.(question).safeParse(question) ?? {};
        assert.equal(error?.issues[0]?.path.join("."), field, JSON.stringify(question));
      }
    });
  }

  it("have names of their own, and say what their file is", () => {
    const all: readonly BenchmarkKind[] = BENCHMARKS;
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    for (const { description, fields } of all) assert.ok(description.length > 20 && fields.startsWith("{"));
    assert.deepEqual(
      all.flatMap(({ name, schemaOf }) => (schemaOf === undefined ? [name] : [])),
      ["prompts"],
    );
  });

  it("answer MT-Bench at FastChat's temperatures, and show references where FastChat does", () => {
    const { temperature, usesReference } = benchmarkKind("mt-bench");
    const categories = [
      "writing",
      "roleplay",
      "stem",
      "humanities",
      "math",
      "coding",
      "reasoning",
      "extraction",
      "new",
    ];
    assert.deepEqual(
      categories.map((category) => temperature?.(category)),
      [0.7, 0.7, 0.1, 0.1, 0, 0, 0, 0, 0.7],
    );
    assert.deepEqual(
      categories.filter((category) => usesReference?.(category)),
      ["math", "coding", "reasoning"],
    );
  });
});

describe("the prompts of judges", () => {
  /**
   * SHA-256 of system prompt, line break and template of FastChat's judge_prompts.jsonl (commit 0e6d3e4), and of
   * arena-hard-auto's judge_config.yaml of v0.1 (commit 7f1b7f5).
   */
  const HASHES: Readonly<Record<string, string>> = {
    "pair-v2": "01c96b177a537e3593ceef4021ec99ae1bbac124cc0339f2ff4c01d82db1feca",
    "pair-math-v1": "11d5d551141c2954b41c2a97818cd10cb0bad7b8a3c5ce3c5e1d657f84825521",
    "single-v1": "35aeace1d70a78ee07118aa6c43cf8020cbd680db638decfcfc66eac901ffd9e",
    "single-math-v1": "f2d995633fe5b1653e1998870c42ad808daccab2b868f430e8e2b353ea86b355",
    "arena-hard-v0.1": "5c7d31cb5b3bed9a0d2fe011948db1f6d291cf96613d31dec1bd0482d9392063",
    "pair-v2-multi-turn": "871ecbca24071115cae558efd3f01bdf59fdfe6044ab5e87d395232c584f7420",
    "pair-math-v1-multi-turn": "0ee638b3841852f1d02e9fa4d194c7ab38bbfcbad574f91f067eb533157db875",
    "single-v1-multi-turn": "1f5b1b2fb3592fd410ed82e32a9fd0f8d313c6f649bcb30efa36c44977bba6d9",
    "single-math-v1-multi-turn": "07f1f91a7c1f8edcb0036beb1912fc632aa60daf551e18db3b6d910939675573",
  };
  /** Places that the published ones call otherwise. */
  const PLACES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "pair-math-v1": { reference: "ref_answer_1" },
    "single-math-v1": { reference: "ref_answer_1" },
    "arena-hard-v0.1": { question: "question_1", answer_a: "answer_1", answer_b: "answer_2" },
  };

  it("are the published ones, to the letter", () => {
    const all = Object.values(prompts).filter((one) => typeof one === "object");
    const hashes = all.map(({ name, system, template }) => {
      const spelled = template.replace(/\{(\w+)\}/g, (_, place: string) => `{${PLACES[name]?.[place] ?? place}}`);
      return [name, createHash("sha256").update(`${system}\n${spelled}`).digest("hex")];
    });
    assert.deepEqual(Object.fromEntries(hashes), HASHES);
  });

  it("show both turns, what each answered, and the references, whatever placeholders stand in a text", () => {
    const question = {
      id: "1",
      prompt: [{ role: "user", content: "And last?" }],
      reference: "R2",
      earlier: [{ said: "Who is {answer_b_1}?", reference: "R1" }],
    } as const;
    const answer = (text: string, before: string) =>
      ({ text, ended: true, nTokens: 1, scores: {}, earlier: [before] }) as const;
    const pair = { question, first: answer("a2", "a1"), second: answer("b2 {question_1}", "b1") };
    const [, asked] = prompts.pairPrompt(prompts.PAIR_SECOND_TURN_WITH_REFERENCE, pair);
    const texts = [...(asked?.content ?? "").matchAll(/### [\w ]+:\n(.*)\n/g)].map(([, text]) => text);
    const said = ["Who is {answer_b_1}?", "And last?"] as const;
    assert.deepEqual(texts, [
      ...[said[0], "R1", said[1], "R2"],
      ...[said[0], "a1", said[1], "a2"],
      ...[said[0], "b1", said[1], "b2 {question_1}"],
    ]);
    const [, plain] = prompts.pairPrompt(prompts.ARENA_HARD, pair);
    assert.match(plain?.content ?? "", /\nuser: Who is \{answer_b_1\}\?\n\nuser: And last\?\n/);
    assert.match(plain?.content ?? "", /\na1\n\n---\n\na2\n/);
  });
});
