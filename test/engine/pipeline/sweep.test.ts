import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planPipeline } from "../../../engine/pipeline/index.ts";
import { computed, keysOf, resolved, runTiny, tableFiles, tiny } from "./tinyRun.ts";
import type { TinyRun } from "./tinyRun.ts";

const ARMS = ["salsa_beta0.05_alpha0.3", "salsa_beta0.05_alpha0.6", "salsa_beta0.2_alpha0.3", "salsa_beta0.2_alpha0.6"];

const SWEPT = tiny({
  soups: { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: { grid: [0.3, 0.6] } } },
  arms: { ppo: {}, salsa: { reference: "soup", beta: { grid: [0.05, 0.2] } } },
});

describe("a run of a grid of four", () => {
  let folders: readonly string[];
  let whole: TinyRun;
  before(async () => {
    folders = [await mkdtemp(join(tmpdir(), "salsa-sweep-")), await mkdtemp(join(tmpdir(), "salsa-sweep-"))];
    whole = await runTiny(SWEPT, folders[0] ?? "");
  });
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  it("makes once what the arms share, and ends in a table of all", async () => {
    const shared = ["base", "sft-1", "sft-2", "preferences", "reward", "soup_alpha0.3", "soup_alpha0.6", "ppo"];
    const made = computed(whole).filter((name) => !name.includes(" on "));
    assert.deepEqual(made, [...shared, ...ARMS]);
    const rates = (await tableFiles(whole.folder)).get("winRates.csv") ?? "";
    for (const arm of ARMS) assert.ok(rates.includes(`,${arm},ppo,`), `${arm} is not in\n${rates}`);
  });

  it("makes what an arm written by itself would be, byte for byte the same artifact", async () => {
    const soups = { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.6 } };
    const alone = resolved(tiny({ soups, arms: { other: { reference: "soup", beta: 0.2 } } }), folders[0] ?? "");
    const stages = await planPipeline(alone, { runsRoot: alone.runtime.directory });
    const other = stages.find(({ id }) => id === "other");
    assert.deepEqual([other?.key, other?.cached], [keysOf(whole).get("salsa_beta0.2_alpha0.6"), true]);
  });

  it("stopped in its second arm and resumed, keeps the first and ends in the same table", async () => {
    const folder = folders[1] ?? "";
    const stop = new AbortController();
    const stopped = await runTiny(SWEPT, folder, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "metrics" && event.stage === ARMS[1]) stop.abort();
      },
    });
    assert.equal(stopped.status, "stopped");
    const resumed = await runTiny(SWEPT, folder, { resume: stopped.id });
    const left = computed(resumed).filter((name) => !name.includes(" on "));
    assert.deepEqual(left, ARMS.slice(1));
    assert.deepEqual(await tableFiles(resumed.folder), await tableFiles(whole.folder));
  });
});
