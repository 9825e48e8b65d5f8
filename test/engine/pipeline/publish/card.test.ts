import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { GenerateRequest, MergeRequest, ScoreRequest, SoupRequest } from "../../../../engine/pipeline/index.ts";
import {
  type PreparedCard,
  checkpointSubject,
  prepareCard,
  runSubject,
} from "../../../../engine/pipeline/publish/index.ts";
import { readListing } from "../../../../engine/pipeline/publish/listing.ts";
import { publicConfig } from "../../../../engine/pipeline/publish/sources.ts";
import { TABLE, salsa } from "../../cli/screen.ts";
import { startWritableHub } from "../../data/hub/writableHub.ts";
import { HOSTILE, MARKED, kindsOf, steering } from "../../hostileText.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { type TinyRun, runTiny, tiny } from "../tinyRun.ts";

const SOUPS = { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.25 } };
const WRITTEN = tiny({
  soups: SOUPS,
  arms: { ppo: {}, salsa: { reference: "soup" } },
  evaluation: { pairs: [["salsa", "ppo"]] },
});
const TOKEN = "hf_aTokenOfNobodyThatIsLongEnough00";

/** Sets variables of the environment while work is done. */
async function withEnvironment(variables: Readonly<Record<string, string>>, work: () => Promise<void>): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

describe("a model card", function () {
  this.timeout(120_000);
  let folder = "";
  let run: TinyRun;
  let done: (() => void) | undefined;

  before(async () => {
    const made = Promise.withResolvers<undefined>();
    const isOver = new Promise<void>((resolve) => (done = resolve));
    void inTemporaryFolder(async (temporary) => {
      folder = temporary;
      run = await runTiny(WRITTEN, temporary);
      made.resolve(undefined);
      await isOver;
    }).catch(made.reject);
    await made.promise;
  });
  after(() => done?.());

  const prepared = async (model: string, renew = false): Promise<PreparedCard & { readonly text: string }> => {
    const card = await prepareCard({ subject: await runSubject(run.folder, model), target: "me/tiny", renew });
    return { ...card, text: await fs.readFile(card.card, "utf8") };
  };

  it("says what the model is, its reference and α, its lineage, seeds, intervals, and what was not run", async () => {
    const { text } = await prepared("salsa");
    for (const expected of [
      /^---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags:\n- salsa\n- rlhf\n- ppo\n- model-soup\n/,
      /held by its KL to `soup`, a model soup of 2: linear, weights 0\.75, 0\.25, α = 0\.25/,
      /\n {2}- held to: `soup`.*\n {4}- ingredient: `sft-1`/,
      /\| 95 % interval \| n \| Seeds \|/,
      /`salsa` against `ppo` \| \d+\.\d % \| \d+\.\d % to \d+\.\d % \| \d+ \| 1 \|/,
      /!\[KL to soup\]\(figures\/kl\.png\)/,
      /## What was not run\n\n- No public benchmark/,
      /No other base seed/,
      /from_pretrained\("me\/tiny"\)/,
      /vllm serve me\/tiny/,
      /"betas": \[/,
    ])
      assert.match(text, expected);
    assert.doesNotMatch(text, /model-index|license:|base_model/, "nothing that is not known");
    assert.ok(!text.includes(folder), "no path of this machine");
  });

  it("lists what is uploaded, and that is what stands there", async () => {
    for (const model of ["salsa", "soup", "sft-1", "reward"]) {
      const { text, files, card, unlisted } = await prepared(model);
      assert.deepEqual(unlisted, []);
      const listed = readListing(text, card).map(({ path: name }) => name);
      assert.deepEqual(
        ["README.md", ...listed],
        files.map(({ path: name }) => name),
      );
      assert.ok(["config.json", "model.safetensors", "tokenizer.json"].every((name) => listed.includes(name)));
      assert.ok(!listed.includes("manifest.json"));
    }
    assert.match((await prepared("reward")).text, /pipeline_tag: text-classification\ntags:\n- salsa\n- reward-model/);
    assert.match((await prepared("soup")).text, /- merge\n- model-soup/);
  });

  it("is the same each time, made from a checkpoint's folder, too, and kept where it was edited", async () => {
    const first = await prepared("salsa", true);
    const subject = await checkpointSubject(path.dirname(first.files[1]?.place.file ?? ""));
    const again = await prepareCard({ subject, target: "me/tiny", renew: false });
    assert.deepEqual([again.card, again.files, again.isEdited], [first.card, first.files, false]);
    await fs.appendFile(first.card, "\n## Of mine\n");
    const edited = await prepareCard({ subject, target: "me/other", renew: false });
    assert.equal(edited.isEdited, true);
    assert.match(edited.notes.join(), /was written for me\/tiny and edited/);
    assert.match(await fs.readFile(first.card, "utf8"), /## Of mine\n$/);
    assert.doesNotMatch((await prepared("salsa", true)).text, /Of mine/);
  });

  it("keeps here what is taken out of its list, and refuses a list of what is not there", async () => {
    const { card, text } = await prepared("salsa", true);
    const without = async (change: (text: string) => string): Promise<PreparedCard> => {
      await fs.writeFile(card, change(text));
      return prepared("salsa");
    };
    const row = (name: string): RegExp => new RegExp(`\\| \`${name}\` .*\n`);
    const { files, unlisted } = await without((all) => all.replace(row("tokenizer_config.json"), ""));
    assert.deepEqual(unlisted, ["tokenizer_config.json"]);
    assert.ok(files.every(({ path: name }) => name !== "tokenizer_config.json"));
    const sha = "0".repeat(64);
    for (const [change, expected] of [
      [(all: string) => all.replace(row("model.safetensors"), ""), /does not list model\.safetensors/],
      [
        (all: string) => `${all}| \`manifest.json\` | 1 | \`${sha}\` |\n`,
        /lists manifest\.json, which does not belong/,
      ],
      [
        (all: string) => `${all}| \`../../run.json\` | 1 | \`${sha}\` |\n`,
        /is not a row of the list of files; .*--renew/,
      ],
      [(all: string) => `${all}| \`figures/none.png\` | 1 | \`${sha}\` |\n`, /lists figures\/none\.png, which/],
      [(all: string) => all.replace(/\| 3?\d\d \| `[0-9a-f]/, "| 9 | `0"), /lists another content of|is not a row/],
      [(all: string) => all.replace("## Files", "## Others"), /has no section "## Files"/],
    ] as const)
      await assert.rejects(without(change), { name: "DataError", message: expected });
    await prepared("salsa", true);
  });

  it("has a checkpoint that other commands find by RUN:MODEL, too", async () => {
    const { folder: sft } = await runSubject(run.folder, "sft-1");
    const directory = path.dirname(path.dirname(run.folder));
    const named = `${path.basename(run.folder)}:sft-1`;
    const found: unknown[] = [];
    const pipeline = {
      generateResponses: ({ checkpoint }: GenerateRequest) => (found.push(checkpoint), Promise.resolve([])),
      scoreCheckpoint: ({ checkpoint, reward }: ScoreRequest) => (
        found.push(checkpoint, reward),
        Promise.resolve(TABLE)
      ),
      makeSoup: ({ of, out }: SoupRequest) => (found.push(...of), Promise.resolve({ folder: out })),
      mergeAdapter: ({ adapter, out }: MergeRequest) => (found.push(adapter), Promise.resolve({ folder: out })),
    };
    for (const line of [
      ["generate", named, "--prompt", "a"],
      ["score", named, "--prompts", "p.jsonl", "--reward", named],
      ["soup", named, sft, "--out", "s"],
      ["merge", named, "--out", "m"],
    ]) {
      const { code, stderr } = await salsa([...line, "--directory", directory], { folder, pipeline });
      assert.equal(code, 0, stderr);
    }
    assert.deepEqual(found, [sft, sft, sft, sft, sft, sft]);
    const refused = async (name: string): Promise<string> =>
      (await salsa(["generate", name, "--prompt", "a", "--directory", directory], { folder, pipeline })).stderr;
    assert.match(await refused("nope-1:sft-1"), /there is no run "nope-1"; latest are /);
    assert.match(await refused(`${path.basename(run.folder)}:nope`), /has no model "nope"; name one after a colon/);
  });

  it("is refused for a damaged artifact, a model that is none, and a token among what it lists", async () => {
    await assert.rejects(prepared("nope"), /it has no model "nope"; name one after a colon, RUN:MODEL: .*salsa/);
    await assert.rejects(runSubject(run.folder, undefined), /2 models that may be meant; .*ppo, salsa/);
    await assert.rejects(
      prepareCard({ subject: await runSubject(run.folder, "salsa"), target: "no name", renew: false }),
      /is not the name of a repository; write owner\/name/,
    );
    const { card, files } = await prepared("sft-2", true);
    await withEnvironment({ HF_TOKEN: TOKEN }, async () => {
      await fs.appendFile(card, `${TOKEN}\n`);
      await assert.rejects(prepared("sft-2"), (error: Error) => {
        assert.ok(!error.message.includes(TOKEN));
        return error.message.includes("holds your token for the hub; take it out first");
      });
    });
    const config = files.find(({ path: name }) => name === "config.json")?.place.file ?? "";
    await prepared("sft-2", true);
    const content = await fs.readFile(config);
    await fs.writeFile(config, "{}");
    await assert.rejects(prepared("sft-2", true), /its content is not what was made/);
    await fs.rename(config, `${config}.away`);
    await fs.symlink(`${config}.away`, config);
    await assert.rejects(prepared("sft-2", true), /is a link, which is neither read nor written/);
    await fs.rm(config);
    await fs.writeFile(config, content);
  });

  it("says plainly of a folder from elsewhere that nothing is known of it", async () => {
    const { files } = await prepared("soup");
    const own = path.join(folder, "own");
    await fs.cp(path.dirname(files[1]?.place.file ?? ""), own, { recursive: true });
    await fs.rm(path.join(own, "manifest.json"));
    await fs.writeFile(path.join(own, ".env"), "SECRET=1");
    await fs.writeFile(path.join(own, "notes.txt"), "mine");
    const card = await prepareCard({ subject: await checkpointSubject(own), target: "me/own", renew: false });
    assert.equal(card.card, path.join(folder, "own-card", "README.md"));
    const text = await fs.readFile(card.card, "utf8");
    assert.match(text, /no run that made it is known/);
    assert.match(text, /It was compared with no other model/);
    assert.ok(card.files.every(({ path: name }) => !/env|notes/.test(name)));
  });

  it("shows names of others as they are, and is refused where a config is none", async () => {
    const copy = path.join(path.dirname(run.folder), "hostile-1");
    await fs.cp(run.folder, copy, { recursive: true });
    const file = path.join(copy, "run.json");
    const record = JSON.parse(await fs.readFile(file, "utf8")) as { config: Record<string, Record<string, unknown>> };
    const bad = `${MARKED}${HOSTILE}`;
    const arms = record.config["arms"] as Record<string, object>;
    arms["salsa"] = { ...arms["salsa"], init: bad, reference: [bad], klKind: bad };
    record.config["task"] = { name: bad };
    await fs.writeFile(file, JSON.stringify({ ...record, salsa: bad }));
    const { card } = await prepareCard({ subject: await runSubject(copy, "salsa"), target: "me/x", renew: true });
    const text = await fs.readFile(card, "utf8");
    assert.deepEqual(steering(text), []);
    const body = text.replace(/^---\n[^]*?\n---\n/, "").replace(/<\/?(?:details|summary)>/g, "");
    const kinds = kindsOf(body);
    for (const kind of ["html_block", "html_inline"]) assert.ok(!kinds.has(kind), kind);
    await fs.writeFile(
      file,
      JSON.stringify({
        ...record,
        config: { ...record.config, reward: 3, rlhf: null, arms: { salsa: { reference: [], betas: [] } } },
      }),
    );
    await assert.rejects(
      async () => prepareCard({ subject: await runSubject(copy, "salsa"), target: "me/x", renew: true }),
      { name: "DataError" },
    );
    await fs.rm(copy, { recursive: true });
  });

  it("goes to the hub with what it lists, byte for byte, and the token nowhere else", async () => {
    const hub = await startWritableHub();
    const at = { folder, pipeline: {} };
    try {
      await withEnvironment({ HF_ENDPOINT: hub.endpoint, HF_TOKEN: TOKEN, HF_HUB_OFFLINE: "0" }, async () => {
        const name = `${path.basename(run.folder)}:salsa`;
        const asked = await salsa(["publish", name, "--to", "me/tiny"], at);
        assert.equal(asked.code, 0, asked.stderr);
        assert.match(asked.stdout, /files, .* to me\/tiny, private[^]*Nothing was uploaded/);
        assert.deepEqual(hub.requests, []);
        const sent = await salsa(["publish", name, "--to", "me/tiny", "--yes", "--json"], at);
        assert.equal(sent.code, 0, sent.stdout);
        const [card, ...others] = sent.stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Record<string, unknown>);
        assert.deepEqual(others.at(-1)?.["kind"], "published");
        const held = hub.repositories.get("me/tiny");
        assert.equal(held?.isPrivate, true);
        const files = card?.["files"] as { path: string; bytes: number }[];
        const arrived = [...held.files].filter(([file]) => file !== ".gitattributes");
        assert.deepEqual(arrived.map(([file]) => file).sort(), files.map((file) => file.path).sort());
        const text = held.files.get("README.md")?.toString() ?? "";
        for (const { path: file, bytes, sha256 } of readListing(text, "card")) {
          const content: Buffer = held.files.get(file) ?? Buffer.alloc(0);
          assert.deepEqual([content.length, createHash("sha256").update(content).digest("hex")], [bytes, sha256]);
        }
        for (const { stdout, stderr } of [asked, sent]) assert.ok(!`${stdout}${stderr}`.includes(TOKEN));
        const written = await fs.readdir(folder, { recursive: true, withFileTypes: true });
        for (const entry of written.filter((one) => one.isFile()))
          assert.ok(!(await fs.readFile(path.join(entry.parentPath, entry.name))).includes(TOKEN), entry.name);
        const wrong = await salsa(["publish", name, "--to", "me/tiny", "--yes", "--public"], at);
        assert.equal(wrong.code, 1);
        assert.match(wrong.stderr, /it is private there; leave out --public/);
      });
    } finally {
      await hub.close();
    }
  });
});

describe("a config as others may see it", () => {
  it("names files without their folders, and hub references whole", () => {
    const config = {
      a: "/home/me/data/x.jsonl",
      b: "hf:o/n@main",
      c: ["C:\\Users\\me\\m"],
      d: { e: "sft/x", n: 1 },
      f: "/",
    };
    assert.deepEqual(publicConfig(config as never), {
      a: "x.jsonl",
      b: "hf:o/n@main",
      c: ["m"],
      d: { e: "sft/x", n: 1 },
      f: "/",
    });
  });
});
