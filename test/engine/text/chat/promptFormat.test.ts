import assert from "node:assert/strict";
import type { Message } from "../../../../engine/protocol/conversation.ts";
import { PromptFormat, Tokenizer, wordLevelTokenizer } from "../../../../engine/text/index.ts";
import { families, filesOf, formatOf, templateOf } from "../../../golden/chat/families.ts";

const TWO_TURNS: readonly Message[] = [
  { role: "user", content: "one" },
  { role: "assistant", content: "the fox" },
  { role: "user", content: "two" },
  { role: "assistant", content: " the dog" },
];

/** The texts that an example's loss falls on, one for each run of tokens. */
function learnedTexts(format: PromptFormat, messages: readonly Message[], turns?: "all" | "last"): string[] {
  const { tokens, learned } = format.encodeExample({ messages }, turns);
  const runs: number[][] = [];
  for (const [at, id] of tokens.entries()) {
    if (learned?.[at] !== 1) continue;
    if (learned[at - 1] === 1) runs.at(-1)?.push(id);
    else runs.push([id]);
  }
  return runs.map((run) => format.tokenizer.decodeAll(run));
}

describe("how prompts are put to a model with a chat template", () => {
  const LEARNED: Readonly<Record<string, readonly string[]>> = {
    chatml: ["the fox<|im_end|>", " the dog<|im_end|>"],
    headers: ["the fox<|eot_id|>", "the dog<|eot_id|>"],
    inst: [" the fox</s>", "  the dog</s>"],
    turns: ["the fox<end_of_turn>", "the dog<end_of_turn>"],
    sys: [" the fox </s>", " the dog </s>"],
    human: [" the fox", " the dog</s>"],
    marked: ["the fox<|im_end|>", " the dog<|im_end|>"],
    thoughts: ["the fox<|im_end|>", "<think>\n\n</think>\n\n the dog<|im_end|>"],
  };

  for (const [name, expected] of Object.entries(LEARNED)) {
    it(`learns what the assistant says, and its end, with a template of the kind ${name}`, () => {
      const format = formatOf(name);
      assert.deepEqual(learnedTexts(format, TWO_TURNS), expected);
      assert.deepEqual(learnedTexts(format, TWO_TURNS, "last"), expected.slice(1));
      if (name === "marked") return; // it writes a question in another way once it has been answered
      // The learned part begins where the prompt that the model will be given ends.
      const prompt = format.encodePrompt(TWO_TURNS.slice(0, 3));
      const { tokens, promptLength } = format.encodeExample({ messages: TWO_TURNS }, "last");
      assert.deepEqual(tokens.slice(0, promptLength), prompt);
    });
  }

  it("tokenizes a conversation twice: as a whole, and in pieces that tell where its turns are", () => {
    const format = formatOf("chatml");
    const messages = TWO_TURNS.map(({ role, content }) => ({ role, content: `${content} said `.repeat(50) }));
    format.encodeExample({ messages }); // the marks that end answers are found once
    const { tokenizer } = format;
    let characters = 0;
    const encode = tokenizer.encode.bind(tokenizer);
    tokenizer.encode = (text) => {
      characters += text.length;
      return encode(text);
    };
    format.encodeExample({ messages });
    assert.equal(characters, 2 * format.template.render(messages).length);
  });

  it("finds turns whatever is said in them", () => {
    for (const name of Object.keys(families)) {
      const format = formatOf(name);
      for (const content of ["a", "assistant", "one", "  ", "<|im_end|>", "x</s>", "{{ x }}", "\n\nHuman: no", "🙂"]) {
        if (name === "marked" && content === "") continue;
        const messages = TWO_TURNS.with(1, { role: "assistant", content });
        const [said] = learnedTexts(format, messages);
        assert.ok(said?.includes(content.trim()), `${name}: ${content}: ${said}`);
      }
    }
  });

  it("learns the answer behind thoughts, and the thoughts of the last turn", () => {
    const thought = "<think>\nlong\n</think>\n\nanswer";
    const messages = TWO_TURNS.map((message) => (message.role === "user" ? message : { ...message, content: thought }));
    assert.deepEqual(learnedTexts(formatOf("thoughts"), messages), ["answer<|im_end|>", `${thought}<|im_end|>`]);
  });

  it("refuses a template that drops what the assistant says", () => {
    const { tokenizer } = formatOf("chatml");
    for (const text of [
      "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}<|im_end|>{% endif %}{% endfor %}",
      "{% for m in messages %}{% generation %}{{ m.role }}{% endgeneration %}{% endfor %}",
    ]) {
      const format = new PromptFormat(tokenizer, { text, where: "here" });
      assert.throws(
        () => format.encodeExample({ messages: TWO_TURNS }),
        /^ChatTemplateError: here: .* drops the assistant's turn; /,
      );
    }
  });

  it("makes a user's turn of a plain prompt, unless it is to leave it", () => {
    const [turn, plain] = [formatOf("headers"), formatOf("headers", { plainPrompts: "asIs" })];
    assert.deepEqual(turn.encodePrompt("hi"), turn.encodePrompt([{ role: "user", content: "hi" }]));
    assert.deepEqual(plain.encodePrompt("hi"), plain.tokenizer.encodeStart("hi"));
    assert.deepEqual(plain.encodePrompt(TWO_TURNS.slice(0, 1)), turn.encodePrompt(TWO_TURNS.slice(0, 1)));
    assert.deepEqual(
      turn.encodeExample({ prompt: "one", response: "the fox" }),
      turn.encodeExample({ messages: TWO_TURNS.slice(0, 2) }),
    );
  });

  it("takes a plain prompt that begins with a mark for one that is rendered already", () => {
    for (const name of ["headers", "chatml"]) {
      const format = formatOf(name);
      const text = format.render("hi");
      assert.equal(format.render(text), text);
      assert.deepEqual(format.encodePrompt(text), format.encodePrompt("hi"));
    }
  });

  it("continues a conversation that ends with an assistant's turn", () => {
    const format = formatOf("chatml");
    const open = format.encodePrompt(TWO_TURNS.slice(0, 2));
    assert.ok(format.tokenizer.decodeAll(open).endsWith("assistant\nthe fox"));
    const whole = format.encodeResponse(TWO_TURNS.slice(0, 2), " jumps", true);
    assert.ok(format.tokenizer.decodeAll(whole).endsWith("assistant\nthe fox jumps<|im_end|>"));
  });

  it("ends a response with the turn's mark if it ended, and not if it was cut", () => {
    const format = formatOf("turns");
    const text = (isEnded: boolean): string => format.tokenizer.decodeAll(format.encodeResponse("hi", "yes", isEnded));
    assert.equal(text(true), "<bos><start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\nyes<end_of_turn>");
    assert.equal(text(false), "<bos><start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\nyes");
  });

  it("begins every sequence with exactly one begin-of-text token, wherever it came from", () => {
    const { settings, tokenizer } = filesOf("headers");
    const bos = "<|begin_of_text|>";
    for (const post of [null, tokenizer["post_processor"]]) {
      for (const opening of ["", "{{ bos_token }}", "{{ bos_token }}{{ bos_token }}"]) {
        const format = new PromptFormat(
          new Tokenizer({ tokenizer: { ...tokenizer, post_processor: post ?? null }, settings }),
          { text: `${opening}{{ messages[0].content }}`, where: "here" },
        );
        const text = format.tokenizer.decodeAll(format.encodePrompt("hi"));
        assert.equal(text, post === null && opening === "" ? "hi" : `${bos}hi`);
        assert.equal(format.tokenizer.encodeStart(`${bos}hi`).filter((id) => id === format.tokenizer.bos).length, 1);
      }
    }
  });

  it("ends answers by what the tokenizer, the checkpoint and the template's turns end with", () => {
    const ends = (name: string): string[] => formatOf(name).ends.map((id) => formatOf(name).tokenizer.decodeAll([id]));
    assert.deepEqual(ends("headers"), ["<|end_of_text|>", "<|eot_id|>"]);
    assert.deepEqual(ends("turns"), ["<eos>", "<end_of_turn>"]);
    assert.deepEqual(ends("chatml"), ["<|im_end|>"]);
    assert.deepEqual(ends("human"), ["</s>"]);
    const tokenizer = new Tokenizer(filesOf("chatml"));
    assert.deepEqual(new PromptFormat(tokenizer, undefined, { namedEnds: [7, tokenizer.eos, 9] }).ends, [
      tokenizer.eos,
      7,
      9,
    ]);
  });

  it("says what messages need where a model has no template", () => {
    const format = new PromptFormat(wordLevelTokenizer(["one", "two"]));
    assert.throws(
      () => format.encodePrompt(TWO_TURNS),
      /messages: the chat template that they need is missing.*chat\.template/,
    );
    assert.deepEqual(format.encodeExample({ prompt: "one", response: "two" }), { tokens: [4, 5, 2], promptLength: 1 });
  });

  it("reads a template with the line ends of Windows as one without", () => {
    const { tokenizer } = formatOf("chatml");
    const text = templateOf("chatml").replaceAll("\n", "\r\n");
    const format = new PromptFormat(tokenizer, { text, where: "here" });
    assert.equal(format.render("hi"), formatOf("chatml").render("hi"));
  });
});
