import assert from "node:assert/strict";
import { appendFileSync, readdirSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { readJsonl } from "../../../engine/storage/datasets.ts";
import { type Script, chat, json, withServer } from "../serving/scriptedServer.ts";
import { collect, inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { ownData, writeJsonl } from "./ownData.ts";
import { type TinyRun, type Written, artifactHashes, artifactOf, runTiny } from "./tinyRun.ts";

/** Times that the examples of `ownData` are repeated: they then are more than is held of a list. */
const REPEATED = 700;

describe("a stage that learns from more examples than it holds", function () {
  this.timeout(300_000);

  it("reads them from a file that goes with it, and ends with the same bytes where it was stopped and resumed", async () => {
    await inTemporaryFolder(async (folder) => {
      const { sft, ...rest } = await ownData(folder);
      const { examples: _all, ...training } = sft as Written;
      const written = { ...rest, sft: training };
      const records = await collect(readJsonl(path.join(folder, "sft.jsonl")));
      const lines = Array.from({ length: REPEATED }, (_, round) =>
        records.map(({ fields }) => ({
          ...fields,
          response: `${fields["response"] as string} `.repeat(1 + (round % 9)),
        })),
      );
      await writeJsonl(path.join(folder, "sft.jsonl"), lines.flat());

      const whole = await sftUntil(written, folder, "whole", 6);
      const stopped = await sftUntil(written, folder, "parts", 2);
      const [workspace = ""] = await workspaces(folder, "parts");
      assert.deepEqual(stopped.seen, ["examples"], "a file of examples was read");
      assert.ok(!(await fs.readdir(workspace)).includes("examples"), "it was taken away when the run was stopped");
      // As a kill would have left it.
      await fs.writeFile(path.join(workspace, "examples"), "left behind");
      const resumed = await sftUntil(written, folder, "parts", 6, stopped.run.id);

      const bytes = async ({ run }: Seen): Promise<unknown> => {
        const hashes = await artifactHashes(run.config.runtime.directory);
        const key = path.basename(artifactOf(run, "sft-1"));
        return [...hashes].filter(([name]) => name.startsWith(`${key}/`));
      };
      assert.deepEqual(await bytes(resumed), await bytes(whole));
      assert.deepEqual(await workspaces(folder, "parts"), []);
    });
  });
});

interface Seen {
  readonly run: TinyRun;
  /** Names of lists that stood in the stage's working folder. */
  readonly seen: readonly string[];
}

/** Runs into the first SFT until a step is done, or all of it. */
async function sftUntil(
  written: Written,
  folder: string,
  directory: string,
  until: number,
  resume?: string,
): Promise<Seen> {
  const controller = new AbortController();
  const seen = new Set<string>();
  const run = await runTiny({ ...written, runtime: { threads: 1, checkpointEvery: 2, directory } }, folder, {
    signal: controller.signal,
    ...(resume !== undefined && { resume }),
    onEvent: (event) => {
      if (event.kind !== "progress" || event.stage !== "sft-1") return;
      const artifacts = path.join(folder, directory, "artifacts");
      for (const name of readdirSync(artifacts)) {
        if (!name.startsWith(".work-")) continue;
        if (readdirSync(path.join(artifacts, name)).includes("examples")) seen.add("examples");
      }
      if (event.step === until) controller.abort();
    },
  });
  return { run, seen: [...seen] };
}

async function workspaces(folder: string, directory: string): Promise<string[]> {
  const artifacts = path.join(folder, directory, "artifacts");
  const names = (await fs.readdir(artifacts)).filter((name) => name.startsWith(".work-sft"));
  return names.map((name) => path.join(artifacts, name));
}

/** Files that a stage reads, by its kind or its own name, and a line that can be added. */
const FILES: readonly (readonly [stage: string, file: string, line: object | string])[] = [
  // Nothing is waited for by these.
  ["gpt on other", "other.jsonl", { prompt: "name a city" }],
  ["old on other", "old.jsonl", { prompt: "name a city", response: "city" }],
  ["old on other", "other.jsonl", { prompt: "name a river" }],
  ["sft", "sft.jsonl", { prompt: "name a river", response: "river" }],
  ["reward", "preferences.jsonl", { prompt: "name a city", chosen: "city", rejected: "um" }],
  ["soup", "sft.jsonl", { prompt: "name a city", response: "city" }],
  ["rlhf", "prompts.jsonl", { prompt: "name a forest" }],
  ["rlhf", "judge.txt", "Be fair."],
  ["salsa on mine", "mine.jsonl", { prompt: "name a river" }],
  ["judgments", "judge.txt", "Be brief."],
];

/** A config by which every stage that reads a file does so: one soup by its loss, a curve of win rates, others' answers. */
async function everythingRead(folder: string, baseUrl: string): Promise<Written> {
  const { data, rlhf, evaluation, ...rest } = await ownData(folder);
  const asked = await collect(readJsonl(path.join(folder, "other.jsonl")));
  await writeJsonl(
    path.join(folder, "old.jsonl"),
    asked.map(({ fields: { prompt } }) => ({ prompt, response: "um" })),
  );
  await fs.writeFile(path.join(folder, "judge.txt"), "Q: {question}\n1: {answer_a}\n2: {answer_b}\n");
  const on = { benchmarks: ["other"] };
  return {
    ...rest,
    data,
    soups: { soup: { method: "greedy", of: ["sft-1", "sft-2"], score: "loss" } },
    rlhf: { ...(rlhf as Written), evaluateEvery: 3, evaluatePrompts: 2 },
    evaluation: {
      ...(evaluation as Written),
      validationPrompts: 4,
      judge: "llm",
      llm: { model: "judge", baseUrl, protocol: "file", promptFile: "judge.txt" },
      contestants: { gpt: { model: "gpt", baseUrl, ...on }, old: { answers: "old.jsonl", ...on } },
    },
  };
}

describe("a file that changes after a run has begun", function () {
  this.timeout(300_000);

  it("is noticed by the stage that reads it, and a resumed run goes by what the file has become", async () => {
    const script: Script = (_, response) => json(response, chat("[[A]]"));
    await inTemporaryFolder(async (folder) =>
      withServer(script, async ({ baseUrl }) => {
        const written = await everythingRead(folder, baseUrl);
        let resume: string | undefined;
        for (const [stage, file, line] of FILES) {
          let id = "";
          const text = typeof line === "string" ? line : JSON.stringify(line);
          let reader = "";
          const finished = new Set<string>();
          const changing = changeAt(stage, (id) => {
            reader = id;
            appendFileSync(path.join(folder, file), `${text}\n`);
          });
          const run = runTiny(written, folder, {
            ...(resume !== undefined && { resume }),
            onEvent: (event) => {
              if (event.kind === "runStarted") id = event.run;
              if (event.kind === "stageFinished") finished.add(event.stage);
              changing(event);
            },
          });
          const message = new RegExp(`${file}: has changed since the run began; resume the run`);
          await assert.rejects(run, { message });
          assert.ok(reader !== "" && !finished.has(reader), `${reader} was made of another ${file}`);
          resume = id;
        }
        const last = await runTiny(written, folder, { ...(resume !== undefined && { resume }) });
        assert.equal(last.status, "finished");
      }),
    );
  });
});

/** Changes something when the first stage of a kind or name begins that is not there yet. */
function changeAt(name: string, change: (stage: string) => void): (event: RunEvent) => void {
  const kinds = new Map<string, string>();
  let isChanged = false;
  return (event) => {
    if (event.kind === "runStarted") {
      for (const stage of event.stages) if (typeof stage !== "string") kinds.set(stage.id, stage.kind);
    }
    if (event.kind !== "stageStarted" || event.cached || isChanged) return;
    if (event.stage !== name && kinds.get(event.stage) !== name) return;
    isChanged = true;
    change(event.stage);
  };
}
