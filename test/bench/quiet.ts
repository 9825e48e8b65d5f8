import { cpus } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

/** Above this fraction of the cores busy with other work, timings mislead: PyTorch's threads spin for each other. */
const BUSY = 0.15;
const SAMPLE_MS = 500;
const QUIET_TIMEOUT_MS = 60_000;

/**
 * Waits until nothing else works on this machine, at most a minute.
 * @returns Fraction of the cores that was busy at the end.
 */
export async function waitForQuiet(log: (line: string) => void): Promise<number> {
  let busy = await busyFraction();
  if (busy > BUSY) log(`waiting for other work to end: ${Math.round(100 * busy)} % of the cores are busy`);
  for (let waited = 0; busy > BUSY && waited < QUIET_TIMEOUT_MS; waited += SAMPLE_MS) busy = await busyFraction();
  if (busy > BUSY) log("the machine stays busy: figures are only indicative");
  return busy;
}

async function busyFraction(): Promise<number> {
  const before = coreTimes();
  await wait(SAMPLE_MS);
  const after = coreTimes();
  return 1 - (after.idle - before.idle) / Math.max(1, after.total - before.total);
}

function coreTimes(): { idle: number; total: number } {
  const times = cpus().map((core) => core.times);
  const idle = times.reduce((sum, core) => sum + core.idle, 0);
  return { idle, total: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle) };
}
