import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { SWEPT_ARM, type TableModel, type TableRows, type TableValue } from "../../../../engine/protocol/runsTable.ts";
import { tableFacts } from "../../../../engine/server/service/tableFacts.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { TINY, resolved } from "../../pipeline/tinyRun.ts";
import { configOf, recording } from "../../../webview/recording.ts";
import { linesOf, stamped, writeRun } from "./runFolders.ts";
import { type ServiceClient, withService } from "./serviceClient.ts";

const rootsOf = (folder: string): { roots: string[] } => ({ roots: [path.join(folder, ".salsa")] });

async function inService<T>(work: (client: ServiceClient, folder: string) => Promise<T>): Promise<T> {
  return inTemporaryFolder((folder) => withService((client) => work(client, folder)));
}

/** Asks for the rows of some runs, once the service has read them. */
async function rowsOf(client: ServiceClient, folder: string, runs: readonly string[]): Promise<TableRows> {
  await client.ask("setRoots", rootsOf(folder));
  await client.until(() => runs.every((run) => client.runs.has(run)));
  return client.ask("tableRows", {});
}

/** All values of a model, those of its run included. */
function valuesOf({ runs, blocks }: TableRows, run: string, name: string, seed?: number): Record<string, TableValue> {
  const row = runs.find(({ folder }) => folder === run);
  assert.ok(row);
  const model: TableModel | undefined = row.models.find((one) => one.name === name && one.seed === seed);
  assert.ok(model, `${name} among ${row.models.map((one) => one.name).join(", ")}`);
  const places = [...row.settings, ...model.settings];
  return Object.assign({}, row.values, ...places.map((place) => blocks[place]), model.values) as Record<
    string,
    TableValue
  >;
}

const ARMS = { ppo: { reference: "sft-1", beta: [0.1, 0.4] }, salsa: { reference: "soup" } };

describe("rows of the runs table", () => {
  it("have settings, the last metrics of the chosen β, scores and win rates of each seed", async () => {
    await inService(async (client, folder) => {
      const config = configOf({ seeds: [1, 2], arms: ARMS });
      const scores = {
        name: "scores",
        title: "Scores",
        columns: ["benchmark", "model", "seed", "gold", "reward"].map((header) => ({ header, align: "left" })),
        rows: [1, 2].map((seed) => ["inDistribution", "ppo", seed, `1.2${seed}0`, "–"]),
        files: [],
      };
      const events = recording({ config, steps: 3 });
      const { time, sequence } = events.at(-1) ?? { time: 0, sequence: 0 };
      const more = { kind: "table", table: scores, time, sequence: sequence + 1 };
      const run = await writeRun(folder, "demo-1", { events: [...events, more], record: { config } });
      const rate = { benchmark: "inDistribution", a: "salsa", b: "ppo", wins: 1, losses: 1, ties: 0, dropped: 0, n: 2 };
      const rest = { winRate: 0.5, low: 0.1, high: 0.9, p: 1, nSeeds: 2 };
      const rates = [1, 2, "all"].map((seed, at) => ({ ...rate, ...rest, seed, adjusted: 0.5 + at / 10 }));
      await fs.writeFile(path.join(run, "tables/winRates.json"), JSON.stringify(rates));
      const rows = await rowsOf(client, folder, [run]);
      const ppo = valuesOf(rows, run, "ppo", 2);
      assert.equal(ppo["run.status"], "finished");
      assert.equal(ppo["model.kind"], "arm");
      assert.equal(ppo["model.beta"], 0.4, "the recording's largest β is the best");
      assert.equal(ppo["config.rlhf.beta"], "0.1, 0.4");
      assert.equal(ppo["config.sft.learningRate"], 1e-3);
      assert.equal(ppo["metric.choice/beta"], 0.4);
      assert.equal(ppo["score/inDistribution/gold"], 1.22);
      assert.equal(ppo["score/inDistribution/reward"], undefined, "there is none");
      const chosen = events.findLast(
        (one) =>
          one.kind === "metrics" &&
          one.stage.includes("ppo (β 0.4)") &&
          one.stage.includes("2") &&
          "objective/kl" in one.values,
      );
      assert.ok(chosen?.kind === "metrics");
      assert.equal(ppo["metric.objective/kl"], chosen.values["objective/kl"]);
      const salsa = valuesOf(rows, run, "salsa", 2);
      assert.equal(salsa["winRate/inDistribution/ppo"], 0.6);
      assert.equal(salsa["model.alpha"], 0.5);
      assert.equal(rows.meanings["config.rlhf.beta"]?.includes("KL"), true);
    });
  });

  it("have one palette of all folders of runs, as the outline of each run alone has it", async () => {
    await inService(async (client, folder) => {
      const runs: string[] = [];
      for (const [name, places] of [
        ["a", { ppo: 0, salsa: 1 }],
        ["b", { salsa: 0, ppo: 1, dpo: 2 }],
      ] as const) {
        const below = path.join(folder, name);
        runs.push(await writeRun(below, "demo-1", { events: recording({ steps: 2 }) }));
        const palette = JSON.stringify({ version: 1, places: Object.entries(places) });
        await fs.writeFile(path.join(below, ".salsa/palette.json"), palette);
      }
      // In the order of the folders, however the window has them.
      await client.ask("setRoots", { roots: ["b", "a"].map((name) => path.join(folder, name, ".salsa")) });
      await client.until(() => runs.every((run) => client.runs.has(run)));
      const { palette } = await client.ask("tableRows", {});
      assert.deepEqual({ ...palette }, { ppo: 0, salsa: 1, dpo: 2 });
      for (const run of runs) {
        const { palette: seen = {} } = await client.ask("follow", { folder: run });
        assert.deepEqual([seen["ppo"], seen["salsa"], seen["dpo"]], [0, 1, 2], run);
      }
    });
  });

  it("have the values that a grid gave to an arm, and the intervals of its win rates", async () => {
    await inService(async (client, folder) => {
      const arms = { ppo: {}, salsa: { reference: "soup", beta: { grid: [0.1, 0.4] } } };
      const config = configOf({
        arms,
        soups: { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: { grid: [0.3] } } },
      });
      const name = "salsa_beta0.4_alpha0.3";
      const run = await writeRun(folder, "demo-1", { events: recording({ config, steps: 2 }), record: { config } });
      const rate = { benchmark: "inDistribution", b: "ppo", wins: 1, losses: 1, ties: 0, dropped: 0, n: 2 };
      const rates = [name, "ppo"].map((a) => ({
        ...rate,
        a,
        seed: "all",
        adjusted: 0.5,
        winRate: 0.5,
        p: 1,
        nSeeds: 1,
      }));
      const ends = [
        { low: 0.4, high: 0.6 },
        { low: null, high: null },
      ];
      const written = JSON.stringify(rates.map((one, at) => ({ ...one, ...ends[at] })));
      await fs.writeFile(path.join(run, "tables/winRates.json"), written);
      const rows = await rowsOf(client, folder, [run]);
      const salsa = valuesOf(rows, run, name);
      assert.deepEqual(
        [salsa["sweep.of"], salsa["sweep.axis.beta"], salsa["sweep.axis.alpha"], salsa["model.alpha"]],
        ["salsa", 0.4, 0.3, 0.3],
      );
      const ppo = valuesOf(rows, run, "ppo");
      assert.deepEqual(
        Object.keys(ppo).filter((column) => column.includes("sweep")),
        [],
      );
      const intervals = rows.runs[0]?.models.map((one) => [one.name, one.intervals] as const);
      const column = "winRate/inDistribution/ppo";
      assert.deepEqual(intervals?.find(([model]) => model === name)?.[1], { [column]: [0.4, 0.6] });
      assert.equal(intervals.find(([model]) => model === "ppo")?.[1], undefined);
    });
  });

  it("have the values of a grid upstream of the arms at every model that it made, in place of the first", async () => {
    await inService(async (client, folder) => {
      const config = configOf({
        ...{ sft: { steps: { grid: [3, 5] } }, reward: { init: "base", epochs: { grid: [1, 2] } } },
        ...{ soups: undefined, arms: { ppo: {} } },
      });
      const run = await writeRun(folder, "demo-1", { events: recording({ config, steps: 2 }), record: { config } });
      const rows = await rowsOf(client, folder, [run]);
      const at = (name: string): readonly unknown[] => {
        const values = valuesOf(rows, run, name);
        return [
          values["sweep.of"],
          values["sweep.axis.sft.steps"],
          values["config.sft.duration.steps"],
          values["config.reward.epochs"],
        ];
      };
      assert.deepEqual(at("ppo_sft.steps5_reward.epochs2"), ["ppo", 5, 5, 2]);
      assert.deepEqual(at("sft-2_sft.steps5").slice(0, 3), ["sft-2", 5, 5]);
      assert.deepEqual(at("reward_reward.epochs2"), ["reward", undefined, 3, 2]);
    });
  });

  it("have what a grid gave to the arms of it, and not to one that is called as what every object has", () => {
    const of = { of: "salsa", values: { beta: 0.1 } };
    const { arms, ...config } = configOf({ seeds: [1], arms: { ...ARMS, toString: { reference: "sft-1" } } });
    const facts = tableFacts({ ...config, arms, sweep: { salsa: of } });
    assert.equal(facts.arms.get("salsa")?.[SWEPT_ARM], "salsa");
    assert.equal(facts.arms.get("toString")?.[SWEPT_ARM], undefined);
  });

  it("are sent with shared settings once, and again only for the runs that are asked for", async () => {
    await inService(async (client, folder) => {
      const runs = [];
      for (let n = 1; n <= 5; n++) runs.push(await writeRun(folder, `many-${n}`, { events: recording({ steps: 2 }) }));
      const rows = await rowsOf(client, folder, runs);
      assert.equal(rows.runs.length, 5);
      const [first = ""] = runs;
      const one = await client.ask("tableRows", { folders: [first, path.join(folder, ".salsa/runs/gone-1")] });
      assert.deepEqual(
        one.runs.map((run) => run.folder),
        [first],
      );
      assert.deepEqual(one.missing, [path.join(folder, ".salsa/runs/gone-1")]);
      assert.equal(rows.blocks.length, one.blocks.length, "five runs of one config have its sections once");
    });
  });

  it("show what another run has recorded of a result that this one took", async () => {
    await inService(async (client, folder) => {
      const key = "rlhf-0123456789abcdef";
      const stages = ["ppo"];
      const begin = (run: string): object => ({
        kind: "runStarted",
        run,
        name: run,
        device: "",
        resumed: false,
        stages,
      });
      const made = await writeRun(folder, "made-1", {
        events: stamped([
          begin("made-1"),
          { kind: "stageStarted", stage: "ppo", key, cached: false, name: "RLHF" },
          { kind: "metrics", stage: "ppo", step: 1, values: { "objective/kl": 4.5 } },
          { kind: "stageFinished", stage: "ppo", seconds: 1 },
        ]),
      });
      const took = await writeRun(folder, "took-1", {
        events: stamped([
          begin("took-1"),
          { kind: "stageStarted", stage: "ppo", key, cached: true, from: "made-1", name: "RLHF" },
        ]),
      });
      const rows = await rowsOf(client, folder, [made, took]);
      assert.equal(valuesOf(rows, took, "ppo")["metric.objective/kl"], 4.5);
    });
  });

  it("list runs of other versions and half-copied folders with what can be read, and say what is wrong", async () => {
    await inService(async (client, folder) => {
      const config = resolved(TINY, folder);
      const newer = await writeRun(folder, "new-1", { record: { salsa: "9.0.0", config: { shape: "other" } } });
      const bare = await writeRun(folder, "bare-1", { record: { config } });
      await fs.rm(path.join(bare, "events.jsonl"));
      const torn = await writeRun(folder, "torn-1", { events: recording({ steps: 2 }) });
      await fs.appendFile(path.join(torn, "events.jsonl"), `not JSON\n${linesOf([{ kind: "weather" }])}`);
      await fs.writeFile(path.join(torn, "tables/winRates.json"), "{");
      const rows = await rowsOf(client, folder, [newer, bare, torn]);
      const row = (run: string): TableRows["runs"][number] | undefined => rows.runs.find((one) => one.folder === run);
      assert.match(String(row(newer)?.values["run.problem"]), /newer version of SALSA; update/);
      assert.deepEqual(row(newer)?.models, []);
      assert.deepEqual(
        row(bare)?.models.map(({ name }) => name),
        Object.keys(config.arms),
      );
      assert.match(String(row(torn)?.values["run.problem"]), /winRates\.json/);
      assert.equal(valuesOf(rows, torn, "salsa")["config.sft.batchSize"], 4);
      assert.ok(valuesOf(rows, torn, "salsa")["metric.objective/kl"] !== undefined);
    });
  });
});
