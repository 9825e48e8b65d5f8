import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RunConfig } from "../../../../engine/config/index.ts";
import { readRun, runPipeline } from "../../../../engine/pipeline/index.ts";
import { eventSchema } from "../../../../engine/protocol/events.ts";
import type { RunOutline } from "../../../../engine/protocol/service.ts";
import { pipelineOf } from "../../../../webview/pipeline/graph.ts";
import { type TinyRun, computed, runTiny, tiny } from "../../pipeline/tinyRun.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { linesOf } from "./runFolders.ts";
import { type ServiceClient, withService } from "./serviceClient.ts";

/** Several base seeds and candidates, so that names hold all they ever held. */
const WRITTEN = tiny({
  seeds: [1, 2],
  arms: { ppo: { beta: [0.05, 0.2] }, salsa: { reference: "soup" } },
  sft: { steps: 2 },
  reward: { pairs: 16 },
  rlhf: { iterations: 1 },
  evaluation: { prompts: 4, validationPrompts: 4, pairs: [["salsa", "ppo"]] },
});

/** Rewrites a run's files as versions from before 2026-12 left them: stages are names, and models have nothing else. */
async function makeOld({ folder, events }: TinyRun): Promise<void> {
  const titles = new Map(
    events.flatMap((event) =>
      event.kind !== "runStarted"
        ? []
        : event.stages.flatMap((stage) => (typeof stage === "string" ? [] : [[stage.id, stage.title] as const])),
    ),
  );
  const log = path.join(folder, "events.jsonl");
  const records = (await fs.readFile(log, "utf8")).trim().split("\n");
  const old = records.map((line) => {
    const event = eventSchema.parse(JSON.parse(line));
    if (event.kind === "runStarted") {
      const { work: _work, data: _data, ...rest } = event;
      return { ...rest, stages: event.stages.map((stage) => (typeof stage === "string" ? stage : stage.id)) };
    }
    return event.kind === "stageStarted" ? { ...event, name: titles.get(event.stage) } : event;
  });
  await fs.writeFile(log, linesOf(old));
  const file = path.join(folder, "models.json");
  const { models } = JSON.parse(await fs.readFile(file, "utf8")) as {
    readonly models: readonly { readonly product: string; readonly seed?: number; readonly folder: string }[];
  };
  const places = models.map(({ product, seed, folder: at }) => [`seed-${seed ?? NaN}/${product}`, at] as const);
  await fs.writeFile(file, JSON.stringify(Object.fromEntries(places)));
}

/** Everything that the dashboard's views show of a run: its graph, curves, samples, answers, tables, figures and models. */
async function shown(client: ServiceClient, folder: string, config: RunConfig): Promise<object> {
  const outline: RunOutline = await client.ask("outline", { folder });
  const lanes = pipelineOf(outline.stages, config).map(({ seed, nodes }) => ({
    seed,
    nodes: nodes.map(({ id, kind, name, status, uses, candidates }) => ({
      ...{ id, kind, name, status, uses: uses.toSorted() },
      candidates: candidates.map(({ beta, status: one }) => [beta, one]),
    })),
  }));
  const source = { kind: "answers", benchmark: "inDistribution", seed: 2 } as const;
  const figures = await client.ask("figures", { folder });
  return {
    lanes,
    series: outline.series,
    rollouts: await client.ask("samples", { folder, source: { kind: "rollouts" }, offset: 0, limit: 5 }),
    answers: await client.ask("samples", { folder, source, offset: 0, limit: 5 }),
    winRates: await client.ask("winRates", { folder }),
    models: await client.ask("models", { folder }),
    figures: figures.map(({ name }) => name),
  };
}

describe("a run folder that a version before stages were data has left", function () {
  this.timeout(120_000);

  it("shows in every view of the dashboard what it shows as one of today", () =>
    inTemporaryFolder(async (folder) => {
      const run = await runTiny(WRITTEN, folder);
      const roots = { roots: [path.join(folder, ".salsa")] };
      const look = (): Promise<object> =>
        withService(async (client) => {
          await client.ask("setRoots", roots);
          await client.until(() => client.runs.has(run.folder));
          return shown(client, run.folder, run.config);
        });
      const today = await look();
      await makeOld(run);
      assert.deepEqual(await look(), today);
    }));

  it("goes on where it was stopped, though its config lacks the settings that came later", () =>
    inTemporaryFolder(async (folder) => {
      const stop = new AbortController();
      const written = { ...WRITTEN, seeds: [1] };
      const stopped = await runTiny(written, folder, {
        signal: stop.signal,
        onEvent: (event) => {
          if (event.kind === "stageFinished" && event.stage === "reward") stop.abort();
        },
      });
      assert.equal(stopped.status, "stopped");
      const file = path.join(stopped.folder, "run.json");
      const record = JSON.parse(await fs.readFile(file, "utf8")) as { readonly config: RunConfig };
      const { learnedTurns: _turns, ...sft } = record.config.sft;
      const {
        device: _device,
        frozenWeights: _frozen,
        gradientCheckpointing: _again,
        ...runtime
      } = record.config.runtime;
      const arms = Object.entries(record.config.arms).map(([name, arm]) => {
        const later =
          /^(method|moving|reference(Mix|Every|Rate)|betaByLength|minLength|shortPenalty|evaluate|dpo|label)/;
        return [name, Object.fromEntries(Object.entries(arm).filter(([key]) => !later.test(key)))];
      });
      const config = { ...record.config, sft, runtime, arms: Object.fromEntries(arms) as object };
      await fs.writeFile(file, JSON.stringify({ ...record, config }));

      const { id, ...run } = await readRun(stopped.folder);
      const runsRoot = path.join(folder, ".salsa");
      const signal = new AbortController().signal;
      const resumed = await runPipeline({ ...run, runsRoot, resume: id, signal, report: () => undefined });
      assert.equal(resumed.status, "finished");
      const today = await runTiny(written, folder);
      assert.deepEqual(computed(today), [], "results are those of a run of today");
      assert.deepEqual(resumed.tables, today.tables);
    }));
});
