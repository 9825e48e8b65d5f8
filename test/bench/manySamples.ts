import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { SampleQuery } from "../../engine/protocol/samples.ts";
import { RunRollouts } from "../../engine/server/service/rollouts.ts";
import { writeSamples } from "./editor/folders.ts";
import { BENCH_FOLDER } from "./install.ts";

/**
 * Measures the samples of a run with a million of them: the first page, then those in other orders, and a search: `manySamples.ts [FOLDER]`. Processor time counts, which other work on the machine changes little.
 */
const PROMPTS = 500_000;

/** In this order, each by a service that has answered those before. */
const QUESTIONS: Readonly<Record<string, Partial<SampleQuery>>> = {
  "the first page, the newest first": { order: "newest" },
  "the next page": { order: "newest", offset: 60 },
  "the lowest score first": { order: "lowest" },
  "the largest difference first": { order: "spread" },
  "prompts at several steps": { isRepeated: true },
  "a text that stands in one of them": { text: "499999." },
};

async function measure(folder: string): Promise<void> {
  const rollouts = new RunRollouts(folder);
  const report = (what: string, before: NodeJS.CpuUsage): void => {
    const { user, system } = process.cpuUsage(before);
    const [seconds, peak] = [(user + system) / 1e6, process.resourceUsage().maxRSS / 1024];
    process.stdout.write(`| ${what} | ${seconds.toFixed(2)} s | ${Math.round(peak)} MiB |\n`);
  };
  report("nothing yet", process.cpuUsage());
  for (const [what, query] of Object.entries(QUESTIONS)) {
    const before = process.cpuUsage();
    const search = await rollouts.current();
    await search.page({ folder, source: { kind: "rollouts" }, offset: 0, limit: 60, ...query });
    report(what, before);
  }
}

const [given = join(BENCH_FOLDER, "manySamples"), run] = process.argv.slice(2);
if (run === undefined) {
  const root = resolve(given);
  const folder = await writeSamples(root, PROMPTS);
  // In a process of its own: this one has written.
  spawnSync(process.execPath, [import.meta.filename, root, folder], { stdio: "inherit" });
  await rm(root, { recursive: true });
} else await measure(run);
