import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { Random } from "../../../engine/training/index.ts";
import { miniInstruct, ownData, writeJsonl } from "./ownData.ts";
import { type TinyRun, type Written, artifactHashes, artifactOf, keysOf, runTiny } from "./tinyRun.ts";

const STAGE = "salsa on mt";
/** Answers by batch, turn by turn and by temperature: 256 are drawn at a time. */
const STEPS = [256, 300, 302, 558, 602, 604];

/** MT-Bench of so many questions that a turn at one temperature takes two batches. */
async function withManyQuestions(folder: string): Promise<Written> {
  const written = await ownData(folder);
  const template =
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content + ' ' + eos_token }}" +
    "{% else %}{{ m.content }}{% endif %} {% endfor %}";
  await fs.writeFile(path.join(folder, "base", "chat_template.jinja"), template);
  const prompts = miniInstruct().prompts("train", 604, Random.of(11, "turns"));
  const questions = Array.from({ length: 302 }, (_, at) => {
    return { question_id: at, category: at < 300 ? "writing" : "math", turns: prompts.slice(2 * at, 2 * at + 2) };
  });
  await writeJsonl(path.join(folder, "question.jsonl"), questions);
  const benchmarks = { mt: { kind: "mt-bench", from: "question.jsonl" } };
  const evaluation = { ...(written["evaluation"] as Written), prompts: 302, judge: "reward" };
  return { ...written, evaluation, data: { ...(written["data"] as Written), benchmarks } };
}

const progressOf = ({ events }: Pick<TinyRun, "events">): number[] =>
  events.flatMap((event) => (event.kind === "progress" && event.stage === STAGE ? [event.step] : []));

/** Runs until the stage has that many answers. */
async function stoppedAt(step: number, written: Written, folder: string, resume?: string): Promise<TinyRun> {
  const controller = new AbortController();
  return runTiny(written, folder, {
    ...(resume !== undefined && { resume }),
    signal: controller.signal,
    onEvent: (event) => {
      if (event.kind === "progress" && event.stage === STAGE && event.step === step) controller.abort();
    },
  });
}

const answersIn = (run: TinyRun): Promise<string> =>
  fs.readFile(path.join(artifactOf(run, STAGE), "answers.jsonl"), "utf8");

describe("answers that are cut off", function () {
  this.timeout(240_000);
  let folder: string;
  let written: Written;
  let whole: TinyRun;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-answering-"));
    const data = path.join(folder, "data");
    await fs.mkdir(data);
    written = await withManyQuestions(data);
    whole = await runTiny(written, await place("whole"));
    assert.deepEqual(progressOf(whole), STEPS);
  });
  after(() => fs.rm(folder, { recursive: true }));

  /** A folder of its own with the same files, whose times are part of a checkpoint's name. */
  async function place(name: string): Promise<string> {
    const copy = path.join(folder, name);
    await fs.cp(path.join(folder, "data"), copy, { recursive: true, preserveTimestamps: true });
    return copy;
  }

  it("by a stop after each batch go on with the next one, and end with the bytes and the key of an uninterrupted run", async () => {
    const own = await place("stopped");
    let run: TinyRun | undefined;
    for (const [at, step] of STEPS.entries()) {
      run = await stoppedAt(step, written, own, run?.id);
      assert.deepEqual(progressOf(run), STEPS.slice(Math.max(0, at - 1), at + 1));
    }
    run = await runTiny(written, own, { resume: run?.id ?? "" });
    assert.equal(keysOf(run).get(STAGE), keysOf(whole).get(STAGE));
    assert.deepEqual(
      await artifactHashes(path.join(own, ".salsa")),
      await artifactHashes(path.join(folder, "whole", ".salsa")),
    );
  });

  it("are not gone on from for answers at another temperature", async () => {
    const data = written["data"] as { readonly benchmarks: { readonly mt: Written } };
    const mt = { ...data.benchmarks.mt, temperature: 1 };
    const other = { ...written, data: { ...data, benchmarks: { mt } } };
    const own = await place("other");
    await stoppedAt(300, written, own);
    const run = await runTiny(other, own);
    assert.equal(progressOf(run)[0], 256, "from the first batch on");
    assert.notEqual(await answersIn(run), await answersIn(whole));
    const resumed = await runTiny(written, own);
    assert.equal(progressOf(resumed)[0], 300, "its own savepoint is still there");
    assert.equal(await answersIn(resumed), await answersIn(whole));
  });

  it("are refused where their savepoint was damaged, and made from the beginning once it is removed", async () => {
    const own = await place("damaged");
    const stopped = await stoppedAt(256, written, own);
    const savepoint = path.join(own, ".salsa/artifacts", `.work-${keysOf(stopped).get(STAGE) ?? ""}`, "savepoint");
    const state = path.join(savepoint, await fs.readFile(path.join(savepoint, "current"), "utf8"), "state.json");
    const text = await fs.readFile(state, "utf8");
    for (const [damaged, what] of [
      [text.slice(0, -9), /state\.json.*remove its folder: the stage then starts from its beginning/],
      [text.replace('"ended":', '"end":'), /savepoint.*json\.responses\.0\.ended does not fit.*remove its folder/],
      [text.replace('"step":256', '"step":255'), /it has 256 of 604 answers, after 255; remove its folder/],
    ] as const) {
      await fs.writeFile(state, damaged);
      await assert.rejects(runTiny(written, own, { resume: stopped.id }), { name: "CheckpointError", message: what });
    }
    await fs.rm(savepoint, { recursive: true });
    const run = await runTiny(written, own, { resume: stopped.id });
    assert.equal(progressOf(run)[0], 256);
    assert.equal(await answersIn(run), await answersIn(whole));
  });
});
