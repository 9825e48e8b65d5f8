import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { type Written, tiny } from "../engine/pipeline/tinyRun.ts";
import { baseCheckpoint, ownData } from "../engine/pipeline/ownData.ts";
import { type Ended, assertClearError, salsa } from "../e2e/salsaProcess.ts";

let root: string;
/** A config over data files and a base checkpoint, all in `root`. */
let own: Written;

let configs = 0;

/** Runs a config that lies in `root`; text stands for itself. */
async function run(written: Written | string, ...more: readonly string[]): Promise<Ended> {
  const config = path.join(root, `bad-${configs++}.salsa.json`);
  await fs.writeFile(config, typeof written === "string" ? written : JSON.stringify(written, undefined, 2));
  return salsa(["run", config, ...more]);
}

const section = (written: Written, name: string, more: Written): Written => ({
  ...written,
  [name]: { ...(written[name] as Written), ...more },
});

/** A safetensors file with this header, and so many bytes of data. */
function safetensors(header: object | string, nBytes: number, length?: bigint): Buffer {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(json.byteLength));
  return Buffer.concat([prefix, json, Buffer.alloc(nBytes)]);
}

const tensor = (from: number, to: number, shape: readonly number[] = [(to - from) / 4]): object => ({
  dtype: "F32",
  shape,
  data_offsets: [from, to],
});

const HOSTILE: Readonly<Record<string, Buffer>> = {
  "is empty": Buffer.alloc(0),
  "ends in its length": Buffer.alloc(5),
  "claims a header of 2⁶³ bytes": safetensors({}, 0, 1n << 63n),
  "claims a header longer than itself": safetensors({}, 0, 1000n),
  "has a header that is not JSON": safetensors("{{{", 0),
  "has a header that is a list": safetensors([], 0),
  "has offsets beyond its end": safetensors({ a: tensor(0, 400) }, 40),
  "has negative offsets": safetensors({ a: { dtype: "F32", shape: [1], data_offsets: [-4, 0] } }, 4),
  "has tensors that overlap": safetensors({ a: tensor(0, 8), b: tensor(4, 12) }, 12),
  "has a hole": safetensors({ a: tensor(0, 4), b: tensor(8, 12) }, 12),
  "has a shape that does not fit its offsets": safetensors({ a: tensor(0, 8, [3]) }, 8),
  "has a shape whose product overflows": safetensors({ a: tensor(0, 8, [2 ** 32, 2 ** 32]) }, 8),
  "has a type that nobody knows": safetensors({ a: { dtype: "F31", shape: [2], data_offsets: [0, 8] } }, 8),
};

describe("bad input", () => {
  before(async function () {
    root = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-input-"));
    own = await ownData(root);
  });
  after(() => fs.rm(root, { recursive: true }));

  describe("a config that is wrong", () => {
    for (const [what, written, message] of [
      [
        "has an unknown key",
        section(tiny(), "rlhf", { betta: 0.1 }),
        /bad-\d+\.salsa\.json:\d+:\d+ {2}rlhf\.betta: .*did you mean "beta"\?/,
      ],
      [
        "has a wrong type",
        section(tiny(), "sft", { steps: "many" }),
        /bad-\d+\.salsa\.json:\d+:\d+ {2}sft\.steps: .*"many".*; /,
      ],
      [
        "has α for a wrong number of models",
        tiny({ soups: { soup: { method: "linear", alpha: [0.2, 0.3] } } }),
        /soups\.soup\.alpha: .*2.*; /,
      ],
      [
        "has weights for a wrong number of models",
        tiny({ soups: { soup: { method: "linear", weights: [0.2, 0.3, 0.5] } } }),
        /soups\.soup\.weights: .*3.*; /,
      ],
      [
        "has weights that do not add up to 1",
        tiny({ soups: { soup: { method: "linear", weights: [0.2, 0.3] } } }),
        /soups\.soup\.weights: .*0\.5.*; /,
      ],
      [
        "names a reference that there is not",
        tiny({ arms: { salsa: { reference: "soop" } } }),
        /arms\.salsa\.reference: .*"soop".*did you mean.*soup/,
      ],
      [
        "has minibatches that do not divide the batch",
        section(tiny(), "rlhf", { minibatchSize: 3 }),
        /rlhf\.minibatchSize: .*; use/,
      ],
      ["is not JSON", "{ name: tiny", /bad-\d+\.salsa\.json:\d+:\d+ .*; /],
    ] as const) {
      it(`${what} is reported with its place and a remedy, and nothing is run`, async () => {
        const ended = await run(written);
        assertClearError(ended, { code: 2, message });
        assert.equal(ended.stdout, "");
      });
    }

    it("is not there", async () => {
      assertClearError(await salsa(["run", path.join(root, "none.salsa.json")]), {
        code: 2,
        message: /none\.salsa\.json: there is no such file; /,
      });
    });

    it("names a data file that is not there", async () => {
      const ended = await run(section(own, "data", { prompts: "nowhere.jsonl" }));
      assertClearError(ended, { code: 2, message: /data\.prompts: .*nowhere\.jsonl.*; / });
    });

    it("names a checkpoint that is not there", async () => {
      assertClearError(await run({ ...own, model: { checkpoint: "nowhere" } }), {
        code: 2,
        message: /model\.checkpoint: .*nowhere.*; /,
      });
    });
  });

  describe("a data file that is wrong", () => {
    for (const [what, field, text, message] of [
      [
        "has a line that is not JSON",
        "sft",
        '{"prompt":"a","response":"b"}\n{"prompt":\n',
        /wrong\.jsonl:2: .*not JSON.*; /,
      ],
      ["is empty", "sft", "", /wrong\.jsonl: .*no records; /],
      ["lacks a field", "sft", '{"prompt":"a","answer":"b"}\n', /wrong\.jsonl:1: no field response; /],
      [
        "has a field of a wrong type",
        "preferences",
        '{"prompt":"a","chosen":1,"rejected":"b"}\n',
        /wrong\.jsonl:1: field chosen .*; make it a string/,
      ],
      ["has only blank lines", "prompts", "\n\n", /wrong\.jsonl: .*no records; /],
      [
        "has a prompt without words",
        "prompts",
        '{"prompt":"city"}\n{"prompt":""}\n',
        /wrong\.jsonl:2: the prompt has no tokens; /,
      ],
      [
        "has a conversation without an answer",
        "sft",
        '{"messages":[{"role":"user","content":"a"}]}\n',
        /wrong\.jsonl:1: messages does not end with an assistant's turn; /,
      ],
      ["is an empty benchmark", "benchmarks", "", /wrong\.jsonl: .*no records; /],
    ] as const) {
      it(`${what}: the message names file and line`, async () => {
        await fs.writeFile(path.join(root, "wrong.jsonl"), text);
        const ended = await run(
          section(own, "data", { [field]: field === "benchmarks" ? { mine: "wrong.jsonl" } : "wrong.jsonl" }),
        );
        assertClearError(ended, { code: 1, message });
      });
    }
  });

  describe("a checkpoint that is wrong", () => {
    /** A copy of the base checkpoint with other weights. */
    async function withWeights(name: string, change: (weights: Buffer) => Buffer): Promise<string> {
      const folder = path.join(root, name);
      await fs.rm(folder, { recursive: true, force: true });
      await fs.cp(path.join(root, "base"), folder, { recursive: true });
      const file = path.join(folder, "model.safetensors");
      await fs.writeFile(file, change(await fs.readFile(file)));
      return folder;
    }

    for (const [what, bytes] of Object.entries(HOSTILE)) {
      it(`${what}: neither run nor soup reads on`, async () => {
        const hostile = await withWeights("hostile", () => bytes);
        const message = /hostile\/model\.safetensors: .*; /;
        const out = path.join(root, "hostile-soup");
        const [ran, souped] = await Promise.all([
          run({ ...own, model: { checkpoint: "hostile" } }),
          salsa(["soup", path.join(root, "base"), hostile, "--out", out]),
        ]);
        assertClearError(ran, { code: 1, message });
        assertClearError(souped, { code: 1, message });
        await assert.rejects(fs.stat(path.join(out, "model.safetensors")), "no half a soup is left");
      });
    }

    it("is cut short", async () => {
      await withWeights("short", (weights) => weights.subarray(0, weights.byteLength - 100));
      assertClearError(await run({ ...own, model: { checkpoint: "short" } }), {
        code: 1,
        message: /short\/model\.safetensors: .*; /,
      });
    });

    it("holds Inf: the tensor is named before anything is trained", async () => {
      await withWeights("infinite", (weights) => {
        weights.writeFloatLE(Infinity, weights.byteLength - 4);
        return weights;
      });
      const message = /infinite\/model\.safetensors: tensor \S+: holds numbers that are not finite; /;
      assertClearError(await run({ ...own, model: { checkpoint: "infinite" } }), { code: 1, message });
    });

    it("lacks a file", async () => {
      for (const name of ["config.json", "model.safetensors", "tokenizer.json"]) {
        await withWeights("partial", (weights) => weights);
        await fs.rm(path.join(root, "partial", name));
        // Without the first, it is the config that is wrong.
        const code = name === "config.json" ? 2 : 1;
        assertClearError(await run({ ...own, model: { checkpoint: "partial" } }), { code, message: /partial.*; / });
      }
    });

    it("is of another kind than what is asked of it", async () => {
      const argv = ["--prompts", path.join(root, "prompts.jsonl"), "--n", "2"];
      const ended = await salsa(["score", path.join(root, "base"), ...argv, "--reward", path.join(root, "base")]);
      assertClearError(ended, { code: 1, message: /base: .*no tensor score\.weight; give a reward model/ });
    });

    it("does not go with the others of its soup: the first difference is named", async () => {
      await baseCheckpoint(root, "wider", {
        model: { architecture: { hiddenSize: 24, nLayers: 1, nHeads: 2 }, pretrain: { steps: 1, batchSize: 4 } },
      });
      const ended = await salsa([
        "soup",
        path.join(root, "base"),
        path.join(root, "wider"),
        "--out",
        path.join(root, "mixed"),
      ]);
      assertClearError(ended, { code: 1, message: /wider.*(hidden_size|16|24).*; / });
    });

    it("is not touched by a soup that would be written over it", async () => {
      const before = await fs.readFile(path.join(root, "base", "model.safetensors"));
      const other = await withWeights("other", (weights) => weights.fill(0, weights.byteLength - 4));
      const ended = await salsa(["soup", path.join(root, "base"), other, "--out", path.join(root, "base")]);
      assertClearError(ended, { code: 1, message: /\/base: is one of the checkpoints to be mixed; / });
      assert.deepEqual(await fs.readFile(path.join(root, "base", "model.safetensors")), before);
    });
  });
});
