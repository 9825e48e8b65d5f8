import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { EventBody } from "../../../../engine/protocol/events.ts";
import { TINY, resolved } from "../../pipeline/tinyRun.ts";

/** Content of a run's folder. */
export interface WrittenRun {
  readonly events?: readonly object[];
  /** Added to run.json. */
  readonly record?: object;
}

/** A run's folder as an engine leaves it, below `<folder>/.salsa`. @returns Its path. */
export async function writeRun(
  folder: string,
  id: string,
  { events = [], record = {} }: WrittenRun = {},
): Promise<string> {
  const run = path.join(folder, ".salsa", "runs", id);
  await fs.mkdir(path.join(run, "tables"), { recursive: true });
  const config = { ...resolved(TINY, folder), name: id.replace(/-\d+$/, "") };
  const configFile = path.join(folder, "tiny.salsa.json");
  const all = {
    id,
    config,
    configFile,
    seeds: [1],
    salsa: "0.1.0",
    node: "v24",
    platform: "x",
    cpu: "y",
    memoryBytes: 1,
    ...record,
  };
  await fs.writeFile(path.join(run, "run.json"), JSON.stringify(all));
  await fs.writeFile(path.join(run, "events.jsonl"), linesOf(events));
  return run;
}

/** Records as lines of a log. */
export function linesOf(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** Bodies of events with the stamps of a run's folder, a second apart. */
export function stamped(
  bodies: readonly (EventBody | object)[],
  { first = 0, start = 1_700_000_000_000 } = {},
): object[] {
  return bodies.map((body, index) => ({ ...body, time: start + 1000 * (first + index), sequence: first + index }));
}

/** A run with one stage, made and finished. */
export function finishedEvents(id: string, key = "base-0123456789abcdef"): readonly object[] {
  return stamped([
    {
      kind: "runStarted",
      run: id,
      name: id,
      device: "wasm, 1 thread",
      resumed: false,
      stages: ["base", "ppo"],
      work: [1, 3],
    },
    { kind: "stageStarted", stage: "base", key, name: "Base model", cached: false },
    { kind: "metrics", stage: "base", step: 1, values: { "loss/total": 2.5, "loss/nan": null } },
    { kind: "progress", stage: "base", step: 1, total: 2 },
    { kind: "metrics", stage: "base", step: 2, values: { "loss/total": 1.5 } },
    { kind: "progress", stage: "base", step: 2, total: 2 },
    { kind: "stageFinished", stage: "base", seconds: 2 },
    { kind: "runFinished", status: "finished", seconds: 3 },
  ]);
}

/** The floats of a packed column. */
export function unpacked(column: string): number[] {
  const bytes = Buffer.from(column, "base64");
  return Array.from({ length: bytes.length / 8 }, (_, index) => bytes.readDoubleLE(8 * index));
}

/** A refusal as the client gets it. */
export function refusal(code: number, name: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    const {
      code: ownCode,
      message: ownMessage,
      data,
    } = error as { code: number; message: string; data?: { name: string } };
    if (ownCode === code && data?.name === name && message.test(ownMessage)) return true;
    throw new Error(`unexpected refusal: ${ownCode} ${data?.name ?? ""} ${ownMessage}`);
  };
}
