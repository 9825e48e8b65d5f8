import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { writeReport } from "../../../../engine/pipeline/index.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { type TinyRun, artifactOf, metricOf, runTiny, tiny } from "../tinyRun.ts";

interface Choice {
  readonly chosen: number;
  readonly candidates: readonly { readonly beta: number; readonly validationScore: number }[];
}

const BETAS = [0.01, 1];

/** Cells of the table row that begins with these. */
function rowOf(report: string, ...cells: readonly string[]): string[] {
  const line = report.split("\n").find((one) => one.startsWith(`| ${cells.join(" | ")} |`));
  assert.ok(line !== undefined, `no row of ${cells.join(", ")}`);
  return line
    .slice(2, -2)
    .split(" | ")
    .map((cell) => cell.trim());
}

const choiceOf = async (run: TinyRun, stage: string): Promise<Choice> =>
  JSON.parse(await fs.readFile(path.join(artifactOf(run, stage), "choice.json"), "utf8")) as Choice;

describe("the report of a run whose β was chosen", function () {
  this.timeout(120_000);
  const written = tiny({
    arms: { ppo: { beta: BETAS }, salsa: { reference: "soup" }, dpo: { method: "dpo", beta: [0.1, 0.3] } },
  });

  it("shows the chosen β, every candidate's validation score, and the chosen one's curves and KL", () =>
    inTemporaryFolder(async (folder) => {
      const run = await runTiny(written, folder);
      const { chosen, candidates } = await choiceOf(run, "ppo");
      const text = await fs.readFile(await writeReport(run.folder), "utf8");

      assert.equal(candidates.length, 2);
      for (const { beta, validationScore } of candidates) {
        const shown = beta === chosen ? `**${beta}**` : String(beta);
        assert.deepEqual(rowOf(text, "`ppo`", "–", shown), ["`ppo`", "–", shown, validationScore.toFixed(3)]);
      }
      const arm = rowOf(text, "`ppo`", "`sft-1`");
      assert.equal(arm[3], `${chosen}, chosen of 0.01, 1, adaptive, target 6 nats`);
      assert.match(rowOf(text, "`dpo`", "`sft-1`")[3] ?? "", /^0\.[13], chosen of 0\.1, 0\.3$/);
      assert.doesNotMatch(text, /\b1 (layers|heads|steps|pairs|epochs)\b/);
      const kl = metricOf(run, `ppo (β ${chosen})`, "objective/kl").at(-1);
      assert.equal(arm.at(-1), kl?.toFixed(2));
      assert.equal(rowOf(text, "`salsa`", "`sft-1`")[3], "0.05 adaptive, target 6 nats");

      const svg = await fs.readFile(path.join(run.folder, "report", "figures", "kl.svg"), "utf8");
      assert.ok(svg.includes(">ppo<") && !svg.includes("(β "), "a line for the arm, none for its candidates");
      assert.ok(!text.includes("Without curves"));
    }));

  it("shows every candidate's curves while none is chosen", () =>
    inTemporaryFolder(async (folder) => {
      const controller = new AbortController();
      const run = await runTiny(written, folder, {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.kind === "stageFinished" && event.stage === `ppo (β ${BETAS[1]})`) controller.abort();
        },
      });
      const text = await fs.readFile(await writeReport(run.folder), "utf8");
      assert.ok(!text.includes("Choice of β"));
      const svg = await fs.readFile(path.join(run.folder, "report", "figures", "kl.svg"), "utf8");
      for (const beta of BETAS) assert.ok(svg.includes(`>ppo (β ${beta})<`), String(beta));
      assert.match(text, /Without curves: `salsa`/);
    }));

  it("is made of what the stages report: the chosen β with its score, and each candidate's", () =>
    inTemporaryFolder(async (folder) => {
      const run = await runTiny(written, folder);
      const { chosen, candidates } = await choiceOf(run, "ppo");
      assert.deepEqual(metricOf(run, "ppo", "choice/beta"), [chosen]);
      const best = candidates.find(({ beta }) => beta === chosen)?.validationScore;
      assert.deepEqual(metricOf(run, "ppo", "choice/score"), [best]);
      for (const { beta, validationScore } of candidates) {
        assert.deepEqual(metricOf(run, "ppo", `choice/score/${beta}`), [validationScore]);
        assert.deepEqual(metricOf(run, `ppo (β ${beta}) on validation`, "validation/score"), [validationScore]);
      }
    }));
});
