import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseConfig } from "../../engine/config/index.ts";
import { runPipeline } from "../../engine/pipeline/index.ts";

/**
 * Makes the first stage of a config that has no result yet, and prints its id and this process's largest resident memory:
 * `memoryStage.ts CONFIG`. Prints nothing when all are there. A process a stage: memory of a stage before would count.
 */
const [file = ""] = process.argv.slice(2);
const folder = dirname(file);
const config = parseConfig(readFileSync(file, "utf8"), file, { folder, exists: existsSync });
const begun = new Map<string, number>();
await runPipeline({
  config,
  configFile: file,
  runsRoot: config.runtime.directory,
  signal: new AbortController().signal,
  report: (event) => {
    if (event.kind === "stageStarted" && !event.cached) begun.set(event.stage, performance.now());
    const start = event.kind === "stageFinished" ? begun.get(event.stage) : undefined;
    if (event.kind !== "stageFinished" || start === undefined) return;
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage();
    const cpuSeconds = (user + system) / 1e6;
    process.stdout.write(`${JSON.stringify({ stage: event.stage, peakBytes: peakBytes(), seconds, cpuSeconds })}\n`);
    process.exit(0);
  },
});

/** Linux notes it; elsewhere the memory now stands for it. */
function peakBytes(): number {
  const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
  const kiB = /^VmHWM:\s+(\d+)/m.exec(status)?.[1];
  return kiB === undefined ? process.memoryUsage.rss() : Number(kiB) * 1024;
}
