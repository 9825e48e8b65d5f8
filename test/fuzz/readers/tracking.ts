import assert from "node:assert/strict";
import { kindOfNames, metricNameOf } from "../../../engine/pipeline/tracking/metricNames.ts";
import { readEventFolders } from "../../../engine/pipeline/tracking/readEventFolder.ts";
import { readViewLink } from "../../../engine/protocol/viewLink.ts";
import { MOST_METRICS } from "../../../engine/protocol/limits.ts";
import { restartRecord, scalarRecord, tfRecord, versionRecord } from "../../../engine/storage/formats/tfEvents.ts";
import type { Reader } from "../reader.ts";

const signal = new AbortController().signal;
const scalars = scalarRecord({
  time: 1,
  step: 3,
  values: [
    ["train/objective/kl", 0.5],
    ["own", NaN],
  ],
});
/** A message without the frame around it: twelve bytes before and four after. */
const message = (record: Buffer): Buffer => record.subarray(12, -4);

/** Whatever is in a file, it is damaged, or gives bounded scalars at steps that there are. */
const files: Reader = {
  name: "eventFiles",
  corpus: [Buffer.concat([versionRecord(1), restartRecord(1, 3), scalars]), scalars],
  errors: ["DataError", "DiskError"],
  read: async (input, place) => {
    place.write("events.out.tfevents.1", input);
    for (const { tags } of await readEventFolders(place.folder, signal)) {
      assert.ok(tags.size <= MOST_METRICS);
      for (const steps of tags.values())
        for (const step of steps.keys()) assert.ok(Number.isSafeInteger(step) && step >= 0);
    }
  },
};

/** Whatever is in a record whose checksums are right, the records after it are read, and every metric has a name. */
const records: Reader = {
  name: "eventRecords",
  corpus: [message(scalars), message(versionRecord(1)), message(restartRecord(1, 3))],
  errors: ["DataError", "DiskError"],
  read: async (input, place) => {
    place.write("events.out.tfevents.1", Buffer.concat([tfRecord(input), scalars]));
    const [found, ...others] = await readEventFolders(place.folder, signal);
    const tags = [...(found?.tags.keys() ?? [])];
    assert.ok(others.length === 0 && tags.includes("own"));
    const kind = kindOfNames(tags);
    assert.ok(tags.every((tag) => metricNameOf(tag, kind) !== ""));
  },
};

/** Whatever a link says, it is refused, or names a view and some runs. */
const links: Reader = {
  name: "viewLinks",
  corpus: ["run=demo-1&stage=salsa&step=3", "run=a%20b&run=c", "run=%E0%A4%A"].map((text) => Buffer.from(text)),
  errors: [],
  read: (input) => {
    const link = readViewLink("/samples", input.toString());
    if (typeof link === "string") assert.ok(link.length < 2000);
    else assert.ok(link.runs.length > 0 && link.runs.every((title) => title !== ""));
  },
};

/** Logs of other programs, and links that anybody writes. */
export const TRACKING: readonly Reader[] = [files, records, links];
