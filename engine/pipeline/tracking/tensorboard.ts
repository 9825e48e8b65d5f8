import { join } from "node:path";
import { usableFileName } from "../../config/usableName.ts";
import { EVENT_FILE_MARK, restartRecord, scalarRecord, versionRecord } from "../../storage/formats/tfEvents.ts";
import { appendTo } from "../../storage/writing.ts";
import type { Tracker } from "./tracker.ts";

/**
 * Event files of TensorBoard, one folder a stage: its "runs" are `<run>/<stage>`, and its tags our metrics, so that arms lie
 * over each other. A stage that goes on after a crash begins a new file, whose steps take the place of those in earlier ones.
 */
export const tensorboard: Tracker = {
  name: "tensorboard",
  open(folder, { run, stage, startedAt }) {
    const name = `events.out.${EVENT_FILE_MARK}.${Math.floor(startedAt / 1000)}.salsa.${process.pid}.0`;
    const file = join(folder, usableFileName(run), usableFileName(stage), name);
    let isBegun = false;
    return {
      log(step, time, values) {
        const seconds = time / 1000;
        const finite = Object.entries(values).map(([tag, value]) => [tag, value ?? NaN] as const);
        const begin = isBegun ? [] : [versionRecord(seconds), restartRecord(seconds, step)];
        isBegun = true;
        appendTo(file, Buffer.concat([...begin, scalarRecord({ time: seconds, step, values: finite })]));
      },
      end: () => undefined,
    };
  },
};
