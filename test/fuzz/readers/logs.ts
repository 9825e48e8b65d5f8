import assert from "node:assert/strict";
import { stalledAlarm } from "../../../engine/protocol/alarms.ts";
import { MOST_STAGES } from "../../../engine/protocol/limits.ts";
import { runProgress } from "../../../engine/protocol/runProgress.ts";
import type { RunState } from "../../../engine/protocol/runState.ts";
import { parseRunState } from "../../../engine/protocol/runStateSchema.ts";
import { stageNames } from "../../../engine/protocol/stageName.ts";
import { parseSample, parseSampleHead, readLastSamples } from "../../../engine/storage/formats/samples.ts";
import { JsonLog } from "../../../engine/storage/jsonLog.ts";
import { LineTail } from "../../../engine/storage/lineTail.ts";
import { recordOf } from "../../../engine/storage/logLine.ts";
import { RunLog, readEvents } from "../../../engine/storage/runLog.ts";
import { collect } from "../../engine/storage/temporaryFolder.ts";
import { type Reader, jsonLines } from "../reader.ts";
import { EVENTS, SAMPLES } from "./records.ts";

const OURS = ["DataError", "DiskError"];

/** A run's log as lists, dashboards and resumes read it. */
const events: Reader = {
  name: "events",
  corpus: [jsonLines(...EVENTS), jsonLines(...EVENTS.slice(0, 7))],
  errors: OURS,
  read: async (input, place) => {
    place.write("events.jsonl", input);
    for (const hasCurves of [false, true]) {
      const log = new RunLog(place.folder, { hasCurves });
      await log.update();
      checkState(log.state);
    }
    await collect(readEvents(place.folder));
  },
};

/** A state that is read from a log fits the schema that states have when they are sent on. */
function checkState(state: RunState): void {
  const travelled = parseRunState(JSON.parse(JSON.stringify(state)));
  assert.equal(travelled.stages.length, state.stages.length);
  assert.ok(state.stages.length <= MOST_STAGES);
  const { fraction } = runProgress(state);
  assert.ok(fraction >= 0 && fraction <= 1);
  stalledAlarm(state, Number.MAX_SAFE_INTEGER);
  const nameOf = stageNames(state.stages);
  for (const { id } of state.stages) nameOf(id);
}

/** A log that a crash left, opened to go on: what a reader saw before is there, and the next record after it. */
const repair: Reader = {
  name: "repair",
  corpus: [jsonLines(...EVENTS.slice(0, 4)), Buffer.from('{"sequence":0}\n\n{"sequence":1}'), Buffer.alloc(0)],
  errors: OURS,
  read: async (input, place) => {
    const file = place.write("log.jsonl", input);
    const before = await records(file);
    const log = new JsonLog(file);
    try {
      assert.deepEqual(log.last, before.at(-1));
      log.append({ next: true });
    } finally {
      log.close();
    }
    assert.deepEqual(await records(file), [...before, { next: true }]);
  },
};

/** The records of a log, the last one also without its newline. */
async function records(file: string): Promise<unknown[]> {
  const found: unknown[] = [];
  const take = (bytes: Buffer): void => {
    const record = recordOf(bytes);
    if (record !== undefined) found.push(record);
  };
  take(await new LineTail(file).read({ line: take, restart: () => undefined }));
  return found;
}

const samples: Reader = {
  name: "samples",
  corpus: [jsonLines(...SAMPLES)],
  errors: OURS,
  read: async (input, place) => {
    const file = place.write("samples.jsonl", input);
    const take = (bytes: Buffer): void => {
      const sample = parseSample(bytes);
      const head = parseSampleHead(bytes);
      if (typeof sample === "string") return;
      assert.equal(head?.nTokens, sample.tokens.length);
      assert.equal(head.response, sample.response);
      assert.ok(sample.step >= 0);
    };
    await new LineTail(file).read({ line: take, restart: () => undefined });
    await readLastSamples(place.folder);
  },
};

export const LOGS: readonly Reader[] = [events, repair, samples];
