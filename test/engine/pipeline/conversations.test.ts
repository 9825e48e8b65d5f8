import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { describePrompts } from "../../../engine/pipeline/dataChecks.ts";
import { viewOf } from "../../../engine/pipeline/modelView.ts";
import { generateResponses, planPipeline } from "../../../engine/pipeline/index.ts";
import type { Message } from "../../../engine/protocol/conversation.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { Random } from "../../../engine/training/index.ts";
import { miniInstruct, ownData, writeJsonl } from "./ownData.ts";
import { type Written, artifactOf, resolved, runTiny } from "./tinyRun.ts";

/** Of the task's few words; a turn ends with a word of its own. */
const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content + ' ' + eos_token }}" +
  "{% else %}{{ m.content }}{% endif %} {% endfor %}";

/** Data files of conversations, and a base checkpoint with a chat template and a list of end tokens. */
async function conversations(folder: string): Promise<Written> {
  const written = await ownData(folder);
  const examples = miniInstruct().sft(60, Random.of(3, "conversations"));
  const user = (content: string): Message => ({ role: "user", content });
  const assistant = (content: string): Message => ({ role: "assistant", content });
  const turns = (at: number): Message[] => {
    const { prompt, response } = examples[at % examples.length] ?? { prompt: "", response: "" };
    return [user(prompt), assistant(response)];
  };
  const asked = (n: number): object[] =>
    Array.from({ length: n }, (_, at) => ({ messages: [...turns(at + 1), turns(at)[0]] }));
  await writeJsonl(
    path.join(folder, "sft.jsonl"),
    Array.from({ length: 20 }, (_, at) => ({ messages: [...turns(at), ...turns(at + 1)] })),
  );
  await writeJsonl(
    path.join(folder, "preferences.jsonl"),
    examples.slice(0, 24).map(({ prompt, response }) => ({
      chosen: [user(prompt), assistant(response)],
      rejected: [user(prompt), assistant("um")],
    })),
  );
  await writeJsonl(path.join(folder, "prompts.jsonl"), asked(30));
  await writeJsonl(path.join(folder, "mine.jsonl"), asked(6));
  await fs.writeFile(path.join(folder, "base", "chat_template.jinja"), TEMPLATE);
  await fs.writeFile(path.join(folder, "base", "generation_config.json"), '{"eos_token_id":[2,9],"temperature":0.6}');
  return written;
}

async function saved(folder: string): Promise<unknown> {
  const generation = JSON.parse(await fs.readFile(path.join(folder, "generation_config.json"), "utf8")) as Written;
  const template = await fs.readFile(path.join(folder, "chat_template.jinja"), "utf8");
  return { template, ends: generation["eos_token_id"], temperature: generation["temperature"] };
}

describe("a run over conversations", function () {
  this.timeout(120_000);
  let folder: string;
  let written: Written;

  const plan = async (config: Written): Promise<ReadonlyMap<string, string>> => {
    const stages = await planPipeline(resolved(config, folder), { runsRoot: path.join(folder, ".salsa") });
    return new Map(stages.map(({ id, key }) => [id, key]));
  };
  const changedBy = async (change: Written): Promise<string[]> => {
    const [before, after] = [await plan(written), await plan({ ...written, ...change })];
    return [...after.keys()].filter((id) => before.get(id) !== after.get(id));
  };

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-conversations-"));
    written = await conversations(folder);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it("goes to tables, shows what it learns, and gives template and end tokens along", async () => {
    const run = await runTiny(written, folder);
    assert.equal(run.status, "finished");
    const notes = run.events
      .flatMap((event) => (event.kind === "note" ? [event.message] : []))
      .filter((note) => note.startsWith("the loss falls on"));
    assert.equal(notes.length, 2, "one for each SFT");
    assert.match(notes[0] ?? "", /^the loss falls on example 1: ".+<\/s>" … ".+<\/s>"; example 2: ".+<\/s>" … /);
    for (const stage of ["sft-1", "reward", "soup", "ppo"]) {
      assert.deepEqual(
        await saved(artifactOf(run, stage)),
        { template: TEMPLATE, ends: [2, 9], temperature: 0.6 },
        stage,
      );
    }
    const [answer] = await readAnswers(artifactOf(run, "base on mine"));
    assert.match(answer?.question ?? "", /^user: .+\n\nassistant: .+\n\nuser: /s);
    const roles = answer?.messages?.map(({ role }) => role);
    assert.deepEqual(roles, ["user", "assistant", "user"]);
  });

  it("is trained again where the template changes, and where the config names another", async () => {
    const file = path.join(folder, "other.jinja");
    await fs.writeFile(file, `${TEMPLATE}{{ '' }}`);
    const all = await changedBy({ chat: { template: "other.jinja" } });
    assert.deepEqual(all, [...(await plan(written)).keys()]);
    assert.deepEqual(await changedBy({ chat: { plainPrompts: "userTurn" } }), []);
    assert.ok((await changedBy({ chat: { plainPrompts: "asIs" } })).includes("sft-1"));
    assert.ok((await changedBy({ sft: { ...(written["sft"] as Written), learnedTurns: "last" } })).includes("sft-1"));
    const before = await plan(written);
    await fs.writeFile(path.join(folder, "base", "chat_template.jinja"), `${TEMPLATE}{{ '' }}`);
    for (const [id, key] of await plan(written)) assert.notEqual(key, before.get(id), id);
  });

  it("says how prompts are put to the model", async () => {
    const said = async (config: Written): Promise<string> => describePrompts(await viewOf(resolved(config, folder)));
    assert.match(await said(written), /becomes a user's turn, .*chat_template\.jinja; an answer ends with <\/s>, /);
    assert.match(await said({ ...written, chat: { plainPrompts: "asIs" } }), /stands as it is \(chat\.plainPrompts\)/);
    await fs.rm(path.join(folder, "base", "chat_template.jinja"));
    assert.match(await said(written), /it has no chat template/);
  });

  it("is seen at the shortest length of a grid, by which records are checked", async () => {
    const sft = { ...(written["sft"] as Written), maxLength: { grid: [40, 20] } };
    const view = await viewOf(resolved({ ...written, sft, arms: { ppo: {} } }, folder));
    assert.equal(view?.limits.sft, 20);
  });

  it("refuses before training what a template does not take, with file, line and remedy", async () => {
    const refused = async (what: RegExp): Promise<void> => {
      await assert.rejects(plan(written), what);
      await assert.rejects(runTiny(written, folder), what);
    };
    const template = path.join(folder, "base", "chat_template.jinja");
    const lines = path.join(folder, "prompts.jsonl");
    const before = await fs.readFile(lines, "utf8");
    await fs.writeFile(lines, `\n\n${JSON.stringify({ messages: [{ role: "system", content: "x" }] })}\n${before}`);
    await fs.writeFile(
      template,
      `{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}${TEMPLATE}`,
    );
    await refused(
      /prompts\.jsonl:3: .*chat_template\.jinja: the chat template refuses a conversation: no system; change/,
    );
    await fs.writeFile(lines, before);
    await fs.writeFile(
      template,
      "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}",
    );
    await refused(/chat_template\.jinja: the chat template drops the assistant's turn; .*chat\.template/);
    await fs.writeFile(template, "{% import 'os' as os %}");
    await refused(/chat_template\.jinja: the chat template cannot be read .*chat\.template/);
    await fs.rm(template);
    await refused(
      /preferences\.jsonl:1: messages: the chat template that they need is missing.*; give prompts as texts, or name/,
    );
  });

  it("is checked by a quick plan in its first thousand lines", async () => {
    const lines = path.join(folder, "prompts.jsonl");
    await fs.appendFile(lines, `${"\n".repeat(1000)}${JSON.stringify({ messages: [] })}\n`);
    await assert.rejects(plan(written), /prompts\.jsonl:1031: /);
    const settings = { runsRoot: path.join(folder, ".salsa"), isQuick: true };
    assert.ok((await planPipeline(resolved(written, folder), settings)).length > 0);
  });

  it("answers conversations from the command line's own request", async () => {
    const { signal } = new AbortController();
    const sampling = { temperature: 0, topK: 0, topP: 1, maxNewTokens: 4 };
    const ask = async (prompts: string | readonly string[], plain = false): Promise<readonly object[]> =>
      generateResponses({
        ...{ checkpoint: path.join(folder, "base"), prompts, seed: 1, sampling, signal },
        ...(plain && { chat: { chat: { plainPrompts: "asIs" } } }),
      });
    const [answered] = await ask(path.join(folder, "mine.jsonl"));
    assert.deepEqual(Object.keys(answered ?? {}), ["messages", "response"]);
    assert.deepEqual(Object.keys((await ask(["copy: city."]))[0] ?? {}), ["prompt", "response"]);
    assert.equal((await ask(["copy: city."], true)).length, 1);
  });
});
