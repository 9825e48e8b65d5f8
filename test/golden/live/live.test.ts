import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { PackagesUnavailableError, installedOrSkip } from "../../pythonEnvironment.ts";
import { realModel } from "../../realModel.ts";
import { installTransformers } from "./install.ts";

const REPOSITORY = path.join(import.meta.dirname, "../../..");
const GOLDEN = path.join(REPOSITORY, "test/golden");
/** Of numbers in float32, and of sums over a thousand of them after three steps of training, computed by other processors. */
const TOLERANCE = 1e-4;

const NOT_COMPARED = new Set([
  // Of the packages that were there when the numbers were recorded.
  ...["version", "versions", "transformers", "torch"],
  // A minimum over differences of logits, which are some 20.
  "margin",
]);

/** Scripts below the folder, and the files that each writes. */
const SCRIPTS: readonly (readonly [what: string, script: string, args: readonly string[], files: readonly string[]])[] =
  [
    ["ops and their gradients", "ops/generate.py", [], ["ops/golden.json"]],
    ["bf16", "dtypes/generate.py", [], ["dtypes/golden.json"]],
    ["logits, greedy tokens and steps of every architecture", "models/generate.py", [], ["models/golden.json"]],
    ["log-probs of padded rows", "models/padding.py", [], ["models/padding.json"]],
    ["a checkpoint's tokenizer", "models/tokenizer.py", [], ["models/tokenizer/golden.json"]],
    // Compares 1,168 tensors by itself.
    ["gradients to every weight of every shape", "architectures/generate.py", ["--also"], []],
    ["adapters, by PEFT", "adapters/generate.py", [], ["adapters/golden.json"]],
    ["losses of SFT, reward model, PPO and DPO over 20 steps", "training/record.py", [], ["training/golden.json"]],
    ["published reward models", "rewards/generate.py", [], ["rewards/golden.json"]],
    ["chat templates", "chat/generate.py", [], ["chat/golden.json"]],
    ["tokenizers of every kind on the torture set", "tokenizers/generate.py", ["--again"], ["tokenizers/golden.json"]],
  ];

/** Where two values differ: text, whole numbers and shapes at all, others by more than the tolerance. */
function* differences(now: unknown, before: unknown, at: string): Generator<string> {
  if (typeof now === "number" && typeof before === "number" && !(Number.isInteger(now) && Number.isInteger(before))) {
    if (!(Math.abs(now - before) <= TOLERANCE * Math.max(1, Math.abs(before)))) yield `${at}: ${now}, was ${before}`;
  } else if (typeof now === "object" && typeof before === "object" && now !== null && before !== null) {
    const [entriesNow, entriesBefore] = [new Map(Object.entries(now)), new Map(Object.entries(before))];
    for (const key of new Set([...entriesNow.keys(), ...entriesBefore.keys()])) {
      if (!NOT_COMPARED.has(key)) yield* differences(entriesNow.get(key), entriesBefore.get(key), `${at}/${key}`);
    }
  } else if (now !== before) {
    yield `${at}: ${JSON.stringify(now)}, was ${JSON.stringify(before)}`;
  }
}

async function json(file: string): Promise<unknown> {
  return JSON.parse(await fs.readFile(file, "utf8"));
}

describe("golden numbers, computed anew by PyTorch and transformers", function () {
  this.timeout(15 * 60_000);
  let bin = "";
  let copy = "";

  before(async function () {
    bin = installedOrSkip(this, "golden numbers computed anew", (report) => {
      if (process.platform === "win32") throw new PackagesUnavailableError("its programs lie elsewhere on Windows");
      return installTransformers(report);
    });
    copy = await fs.mkdtemp(path.join(tmpdir(), "salsa-live-"));
    await fs.cp(GOLDEN, path.join(copy, "test/golden"), { recursive: true });
  });
  after(() => fs.rm(copy, { recursive: true, force: true }));

  /** Runs a script of the copy, on one thread and without a network. */
  async function python(script: string, ...args: readonly string[]): Promise<void> {
    const env = { ...process.env, OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1", PYTHONIOENCODING: "utf8" };
    const file = path.join(copy, "test/golden", script);
    await promisify(execFile)(path.join(bin, "python"), [file, ...args], { env, maxBuffer: 2 ** 26 });
  }

  async function areOnFile(...files: readonly string[]): Promise<void> {
    for (const file of files) {
      const [now, before] = await Promise.all(
        [copy, REPOSITORY].map((root) => json(path.join(root, "test/golden", file))),
      );
      assert.deepEqual([...differences(now, before, file)].slice(0, 10), []);
    }
  }

  for (const [what, script, args, files] of SCRIPTS) {
    it(`are those on file: ${what}`, async () => {
      await python(script, ...args);
      await areOnFile(...files);
    });
  }

  it("are those on file: SmolLM2's answers to eight conversations", async function () {
    const folder = path.join(copy, "examples/smollm2");
    await fs.mkdir(folder, { recursive: true });
    await fs.symlink(await realModel(this), path.join(folder, "model"));
    await python("smollm2/generate.py");
    await areOnFile("smollm2/golden.json");
  });

  it("are ours, of every checkpoint that we save", async () => {
    const written = path.join(copy, "written");
    await promisify(execFile)(process.execPath, [path.join(GOLDEN, "models/write.ts"), written]);
    // Fails above its own tolerance, and for tokens that are not ours.
    await python("models/load.py", written);
  });
});
