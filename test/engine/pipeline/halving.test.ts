import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { planPipeline } from "../../../engine/pipeline/index.ts";
import { rlhf, rung } from "../../../engine/pipeline/stages/index.ts";
import { type RunState, applyEvents, emptyRunState } from "../../../engine/protocol/runState.ts";
import { readVerdict } from "../../../engine/storage/formats/halving.ts";
import { readModels } from "../../../engine/storage/formats/models.ts";
import { readStageCurves } from "../../../engine/storage/stageRecords.ts";
import {
  type TinyRun,
  type Written,
  artifactHashes,
  computed,
  keysOf,
  resolved,
  runTiny,
  tableFiles,
  tiny,
} from "./tinyRun.ts";

/** Four combinations and two rungs: after 1 and 2 of 4 iterations. */
const SWEPT: Written = tiny({
  rlhf: { iterations: 4 },
  arms: { ppo: {}, salsa: { reference: "soup", beta: { grid: [0.05, 0.1, 0.4, 5] } } },
});
const HALVED: Written = { ...SWEPT, halving: { rungs: 2 } };

const stateOf = ({ events }: TinyRun): RunState => {
  const state = emptyRunState("halved");
  applyEvents(state, events);
  return state;
};
const arms = (state: RunState, status: string): string[] =>
  state.stages
    .filter((one) => one.kind === "rlhf" && one.product !== "ppo" && one.status === status)
    .map(({ id }) => id);

describe("a part of a training", () => {
  it("is made again whenever the training as a whole would be", () => {
    assert.equal(rung.revision, rlhf.revision);
  });
});

describe("a sweep by successive halving", () => {
  let folders: readonly string[];
  let halved: TinyRun;
  before(async function () {
    this.timeout(60_000);
    folders = [await mkdtemp(join(tmpdir(), "salsa-halving-")), await mkdtemp(join(tmpdir(), "salsa-halving-"))];
    halved = await runTiny(HALVED, folders[0] ?? "");
  });
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  it("drops the worse half at each rung, by validation score, and trains the rest to the end", async () => {
    const { directory } = halved.config.runtime;
    const verdicts = await Promise.all(
      [1, 2].map((rung) =>
        readVerdict(join(directory, "artifacts", keysOf(halved).get(`salsa to rung ${rung}`) ?? "")),
      ),
    );
    const [first, second] = verdicts.map((one) => one?.arms ?? []);
    assert.deepEqual(
      verdicts.map((one) => one?.iterations),
      [1, 2],
    );
    assert.deepEqual([first?.length, second?.length], [4, 2]);
    for (const one of [first, second]) {
      const scores = one?.map(({ validationScore }) => validationScore) ?? [];
      assert.deepEqual(
        scores,
        scores.toSorted((a, b) => b - a),
      );
    }
    const left = (one: typeof first): string[] => one?.filter(({ goesOn }) => goesOn).map(({ arm }) => arm) ?? [];
    assert.deepEqual(left(first).toSorted(), second?.map(({ arm }) => arm).toSorted());
    const state = stateOf(halved);
    assert.deepEqual(arms(state, "finished"), left(second));
    const droppedAt = new Map(state.stages.map(({ id, droppedAt: rung }) => [id, rung]));
    for (const { arm, goesOn } of first ?? []) if (!goesOn) assert.equal(droppedAt.get(arm), 1);
    for (const { arm, goesOn } of second ?? []) if (!goesOn) assert.equal(droppedAt.get(arm), 2);
    assert.equal(state.status, "finished");
  });

  it("makes of an arm that is left what it is without halving, byte for byte, with the curves of all its iterations", async function () {
    this.timeout(60_000);
    const whole = await runTiny(SWEPT, folders[1] ?? "");
    const [left = ""] = arms(stateOf(halved), "finished");
    const key = keysOf(halved).get(left) ?? "";
    assert.equal(keysOf(whole).get(left), key);
    const filesOf = async ({ config }: TinyRun): Promise<unknown> => {
      const all = await artifactHashes(config.runtime.directory);
      return [...all].filter(([file]) => file.startsWith(`${key}/`));
    };
    assert.deepEqual(await filesOf(halved), await filesOf(whole));
    const steps = await Promise.all(
      [halved, whole].map(async ({ config }) => {
        return (await readStageCurves(config.runtime.directory, key))?.metrics["objective/kl"]?.values;
      }),
    );
    assert.equal(steps[0]?.length, 4);
    assert.deepEqual(steps[0], steps[1]);
  });

  it("has dropped arms in no table, no list of models and no comparison, and says which they are", async () => {
    const dropped = arms(stateOf(halved), "dropped");
    assert.equal(dropped.length, 3);
    const models = (await readModels(halved.folder))?.map(({ product }) => product) ?? [];
    const tables = [...(await tableFiles(halved.folder)).values()].join("\n");
    const judged = await readFile(join(halved.folder, "judgments.jsonl"), "utf8");
    for (const arm of dropped) {
      assert.ok(!models.includes(arm));
      assert.ok(!tables.includes(arm) && !judged.includes(arm), arm);
      assert.ok(!existsSync(join(halved.config.runtime.directory, "artifacts", keysOf(halved).get(arm) ?? arm)));
    }
    const note = halved.tables.find(({ name }) => name === "winRates")?.note ?? "";
    assert.match(note, new RegExp(`Dropped by successive halving .*: ${dropped.join(", ")}\\.`));
  });

  it("finds all of it made when it is run again, drops the same, and ends in the same tables", async () => {
    const again = await runTiny(HALVED, folders[0] ?? "");
    assert.deepEqual(computed(again), []);
    assert.deepEqual(arms(stateOf(again), "dropped"), arms(stateOf(halved), "dropped"));
    assert.deepEqual(await tableFiles(again.folder), await tableFiles(halved.folder));
  });

  it("is planned with the part of each training that is left, and the part of the arms that come to it", async () => {
    const config = resolved({ ...HALVED, name: "planned" }, join(folders[0] ?? "", "elsewhere"));
    const stages = await planPipeline(config, { runsRoot: config.runtime.directory });
    const of = (id: string) => stages.find((one) => one.id === id);
    assert.deepEqual(
      ["salsa_beta0.05 to rung 1", "salsa_beta0.05 to rung 2", "salsa_beta0.05"].map((id) => of(id)?.share),
      [undefined, 0.5, 0.25],
    );
    assert.equal(of("salsa_beta0.05 on inDistribution")?.share, 0.25);
    assert.equal(basename(of("ppo")?.key ?? ""), keysOf(halved).get("ppo"));
  });
});
