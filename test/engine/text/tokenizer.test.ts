import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer, loadTokenizer, wordLevelTokenizer } from "../../../engine/text/index.ts";

const BPE = join(import.meta.dirname, "../../golden/models/tokenizer");

interface GoldenCase {
  readonly text: string;
  readonly ids: readonly number[];
  readonly start: readonly number[];
  readonly decoded: string;
}

describe("tokenizer of a checkpoint", () => {
  it("encodes and decodes as Hugging Face's tokenizers does", async () => {
    const tokenizer = await loadTokenizer(BPE);
    const { cases } = JSON.parse(await readFile(join(BPE, "golden.json"), "utf8")) as { cases: GoldenCase[] };
    for (const { text, ids, start, decoded } of cases) {
      assert.deepEqual(tokenizer.encode(text), ids, text);
      assert.deepEqual(tokenizer.encodeStart(text), start, text);
      assert.equal(tokenizer.decode(start), decoded);
    }
  });

  it("pads with end-of-text where no padding token is named", async () => {
    const tokenizer = await loadTokenizer(BPE);
    assert.equal(tokenizer.pad, tokenizer.eos);
    assert.equal(tokenizer.bos, 0);
    assert.equal(tokenizer.vocabularySize, 300);
  });

  it("decodes nothing to nothing", async () => {
    assert.equal((await loadTokenizer(BPE)).decode([]), "");
  });

  it("names the file that is missing", async () => {
    await assert.rejects(loadTokenizer(join(BPE, "nowhere")), (error: Error) => {
      assert.equal(error.name, "TokenizerError");
      assert.match(error.message, /nowhere.tokenizer(_config)?\.json cannot be read; the folder must hold a complete/);
      return true;
    });
  });

  it("names the file that is not JSON", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tokenizer-"));
    await writeFile(join(folder, "tokenizer.json"), "{");
    await writeFile(join(folder, "tokenizer_config.json"), "{}");
    await assert.rejects(loadTokenizer(folder), /tokenizer\.json is not JSON/);
    await rm(folder, { recursive: true });
  });

  it("says how to convert the older file that is there in the place of tokenizer.json", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tokenizer-"));
    await writeFile(join(folder, "tokenizer_config.json"), "{}");
    await writeFile(join(folder, "tokenizer.model"), "");
    await assert.rejects(loadTokenizer(folder), /there is only tokenizer\.model; convert it once: .*save_pretrained/);
    await rm(folder, { recursive: true });
  });

  it("keeps the spaces before punctuation unless the settings say otherwise", async () => {
    const { files } = await loadTokenizer(BPE);
    const settings = { ...files.settings };
    delete settings["clean_up_tokenization_spaces"];
    const text = "it is . so ? do n't";
    for (const [isTidied, expected] of [
      [undefined, text],
      [false, text],
      [true, "it is. so? don't"],
    ] as const) {
      const given = { ...settings, ...(isTidied !== undefined && { clean_up_tokenization_spaces: isTidied }) };
      const tokenizer = new Tokenizer({ ...files, settings: given });
      assert.equal(tokenizer.decode(tokenizer.encode(text)), expected);
    }
  });

  it("splits text at tokens that only the settings call special, and leaves them out", () => {
    const { files } = wordLevelTokenizer(["a", "b"]);
    const tokenizer = new Tokenizer({ ...files, settings: { ...files.settings, additional_special_tokens: ["b"] } });
    const ids = tokenizer.encode("aba");
    assert.deepEqual(
      ids.map((id) => tokenizer.tokenOf(id)),
      ["a", "b", "a"],
    );
    assert.equal(tokenizer.decode(ids), "a a");
  });

  it("holds more tokens than a call takes arguments", () => {
    const { files } = wordLevelTokenizer([]);
    const words = Array.from({ length: 300_000 }, (_, idx) => [`w${idx}`, idx + 4] as const);
    const vocab = {
      ...((files.tokenizer["model"] as Record<string, object>)["vocab"] ?? {}),
      ...Object.fromEntries(words),
    };
    const model = { type: "WordLevel", unk_token: "<unk>", vocab };
    assert.equal(new Tokenizer({ ...files, tokenizer: { ...files.tokenizer, model } }).vocabularySize, 300_004);
  });

  it("ends a text whose pattern would look for ever, with the file and the remedy", async () => {
    const { files } = await loadTokenizer(BPE);
    const split = { type: "Split", pattern: { Regex: "a*a*a*a*a*a*a*b" }, behavior: "Isolated", invert: false };
    const tokenizer = new Tokenizer({ ...files, tokenizer: { ...files.tokenizer, pre_tokenizer: split } }, "own.json");
    assert.throws(
      () => tokenizer.encode("a".repeat(1000)),
      /^TokenizerError: tokenize: own\.json: pre_tokenizer\.pattern: .* takes more than 5 s on a text; copy it from/,
    );
    assert.ok(tokenizer.encode("b").length > 0);
  }).timeout(60_000);

  it("refuses a model it does not know and settings without end-of-text", () => {
    const { files } = wordLevelTokenizer(["a"]);
    const model = { type: "Mystery" };
    assert.throws(() => new Tokenizer({ ...files, tokenizer: { ...files.tokenizer, model } }), {
      name: "TokenizerError",
      message:
        "load tokenizer: tokenizer.json is not a tokenizer the engine can run: model.type: expected BPE, Unigram, " +
        'WordPiece, WordLevel, got "Mystery"',
    });
    assert.throws(() => new Tokenizer({ ...files, settings: {} }), {
      name: "TokenizerError",
      message: "load tokenizer: tokenizer.json: no eos_token; name one in tokenizer_config.json",
    });
    assert.throws(() => new Tokenizer({ ...files, settings: { eos_token: "<none>" } }), {
      message: 'load tokenizer: eos_token "<none>" is not in the vocabulary',
    });
  });
});
