import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { ClaimResult } from "../../engine/evaluation/claims/verdicts.ts";
import { listRuns } from "../../engine/storage/runFolder.ts";
import { CLAIM_ARMS, CLAIM_SOUPS } from "../engine/pipeline/claims/claimArms.ts";
import { tiny } from "../engine/pipeline/tinyRun.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";
import { assertClearError, salsa, watchSalsa } from "../e2e/salsaProcess.ts";

/** Two base seeds of the tiny task, with all that the claims ask for. */
const WRITTEN = tiny({
  name: "little",
  seeds: [1, 2],
  sft: { seeds: [1, 2, 3] },
  rlhf: { iterations: 1, beta: [0.05, 0.2] },
  evaluation: { benchmarks: ["inDistribution", "outOfDistribution"] },
});

async function writeConfig(folder: string, arms: object = CLAIM_ARMS): Promise<string> {
  const file = path.join(folder, "little.salsa.json");
  await fs.writeFile(file, JSON.stringify({ ...WRITTEN, soups: CLAIM_SOUPS, arms }));
  return file;
}

const claimsPath = (folder: string, name: string): string => path.join(folder, ".salsa", "claims", "little", name);

/** Everything that is left of claims: what was measured at each seed, and the tables. */
async function remains(folder: string): Promise<readonly string[]> {
  const names = ["seed-1.json", "seed-2.json", "claims.csv", "claims.json", "claims.md", "claims.txt"];
  return Promise.all(names.map((name) => fs.readFile(claimsPath(folder, name), "utf8")));
}

function resultOf({ lines }: { readonly lines: readonly { readonly kind: string }[] }): {
  readonly status: string;
  readonly claims: readonly ClaimResult[];
  readonly seeds: readonly { readonly seed: number; readonly betas: readonly { readonly tried: number }[] }[];
} {
  const last = lines.at(-1);
  assert.equal(last?.kind, "result");
  return last as never;
}

type Line = Awaited<ReturnType<typeof watchSalsa>>["lines"][number];

/** A word on how far it is, of a seed whose lists of β are being widened. */
function isWidening(line: Line): line is Line & { readonly fraction: number } {
  return workingIn(line).some(({ stage }) => stage.endsWith(", widening 1"));
}

/** Where a seed is, by a word on how far all are. */
function stagesOf(line: Line, seed: number): readonly string[] {
  return workingIn(line).flatMap((one) => (one.seed === seed ? [one.stage] : []));
}

function workingIn(line: Line): readonly { readonly seed: number; readonly stage: string }[] {
  const { working = [] } = line as { readonly working?: ReturnType<typeof workingIn> };
  return working;
}

/** The command, sent a signal at its n-th word on how far it is: seconds into the first seed, and later. */
function watchUntil(nth: number, signal: NodeJS.Signals, args: readonly string[]): ReturnType<typeof watchSalsa> {
  let left = nth;
  return watchSalsa(args, ({ kind }, child) => {
    if ((kind as string) === "progress" && --left === 0) child.kill(signal);
  });
}

describe("salsa claims", function () {
  this.timeout(600_000);
  /** Files left by the command that nothing interrupted. */
  let uninterrupted: readonly string[] | undefined;

  it("measures every base seed, keeps what it found, and has the same answer at once the next time", () =>
    inTemporaryFolder(async (folder) => {
      const config = await writeConfig(folder);
      const plan = JSON.parse((await salsa(["claims", config, "--plan", "--json"])).stdout) as {
        readonly seconds: number;
        readonly secondsIfWidened: number;
        readonly seeds: readonly { readonly isKnown: boolean }[];
      };
      assert.deepEqual(
        plan.seeds.map(({ isKnown }) => isKnown),
        [false, false],
      );
      assert.ok(plan.seconds > 0 && plan.secondsIfWidened > plan.seconds);
      assert.deepEqual(await fs.readdir(folder), ["little.salsa.json"], "a plan computes nothing");

      const ended = await watchSalsa(["claims", config, "--jobs", "2"], () => undefined);
      assert.equal(ended.code, 0, ended.stderr);
      const { status, claims, seeds } = resultOf(ended);
      assert.equal(status, "finished");
      assert.deepEqual(
        seeds.map(({ seed }) => seed),
        [1, 2],
      );
      assert.equal(claims.length, 7);
      for (const { verdict, nSeeds, effect, low, high } of claims) {
        assert.deepEqual([verdict, nSeeds], ["undecided", 2], "two seeds decide nothing");
        assert.ok(low <= effect && effect <= high);
      }
      // Each arm was given at least its two candidates, and was asked to go beyond them where the best was at an end.
      for (const { betas } of seeds) assert.ok(betas.every(({ tried }) => tried >= 2) && betas.length === 8);
      // The best of two is at an end: the seed has more to do, and does not say that it is nearly done.
      const widening = ended.lines.filter(isWidening);
      assert.ok(widening.length > 0 && widening.every(({ fraction }) => fraction < 1));
      // Between two stages, a seed is at the one before, whatever run it belonged to.
      for (const seed of [1, 2]) {
        const stages = ended.lines.flatMap((line) => stagesOf(line, seed));
        const unnamed = stages.slice(stages.findIndex((stage) => stage !== "")).filter((stage) => /^(,|$)/.test(stage));
        assert.deepEqual(unnamed, [], `of ${stages.length} words on seed ${seed}`);
      }
      const runs = await listRuns(path.join(folder, ".salsa"));
      assert.ok(runs.includes("little-seed-1-1") && runs.includes("little-seed-2-1"), runs.join());

      const before = await remains(folder);
      uninterrupted = before;
      const again = await salsa(["claims", config, "--format", "csv"]);
      assert.equal(again.code, 0, again.stderr);
      assert.equal(again.stdout, before[2]);
      assert.deepEqual(await remains(folder), before);
      assert.deepEqual(await listRuns(path.join(folder, ".salsa")), runs, "nothing was run again");
    }));

  it("stopped by Ctrl-C, killed, and started again, ends as if it had not been", () =>
    inTemporaryFolder(async (folder) => {
      assert.ok(uninterrupted !== undefined, "the test before made it");
      const config = await writeConfig(folder);
      const stopped = await watchUntil(2, "SIGINT", ["claims", config, "--jobs", "2"]);
      assert.equal(stopped.code, 130, stopped.stderr);
      assert.match(stopped.stderr, /of 2 base seeds are measured; the same command goes on/);
      assert.equal(resultOf(stopped).status, "stopped");
      const killed = await watchUntil(3, "SIGKILL", ["claims", config, "--jobs", "1"]);
      assert.equal(killed.code, null);
      const last = await salsa(["claims", config, "--jobs", "1"]);
      assert.equal(last.code, 0, last.stderr);
      assert.match(last.stdout, /1\. The soup's reward is above its members'/);
      assert.deepEqual(await remains(folder), uninterrupted);
    }));

  it("names every arm that a config lacks, with its place, before anything is computed", () =>
    inTemporaryFolder(async (folder) => {
      const { mkl: _mkl, "alpha-25": _alpha, ...arms } = CLAIM_ARMS;
      const config = await writeConfig(folder, arms);
      const ended = await salsa(["claims", config]);
      assertClearError(ended, { code: 2, message: /little\.salsa\.json:1:\d+ {2}arms: the claims need an arm for / });
      assert.match(ended.stderr, /multi-KL/);
      assert.match(ended.stderr, /α below 0\.5/);
      assert.deepEqual(await fs.readdir(folder), ["little.salsa.json"]);
    }));

  it("refuses a damaged record of a seed, and says what to do", () =>
    inTemporaryFolder(async (folder) => {
      const config = await writeConfig(folder);
      await fs.mkdir(path.join(folder, ".salsa", "claims", "little"), { recursive: true });
      await fs.writeFile(claimsPath(folder, "seed-2.json"), '{"key":');
      const ended = await salsa(["claims", config, "--jobs", "1"]);
      assertClearError(ended, { code: 1, message: /seed-2\.json: read: .*; remove it and run salsa claims again/ });
    }));
});
