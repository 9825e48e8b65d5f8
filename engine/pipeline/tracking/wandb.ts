import { createHash } from "node:crypto";
import { join } from "node:path";
import { WandbLog, firstRecords } from "../../storage/formats/wandbLog.ts";
import { MessageWriter, type WireField, fieldsOf } from "../../storage/protobuf.ts";
import { appendTo, makeFoldersTo } from "../../storage/writing.ts";
import type { TrackedStage, Tracker } from "./tracker.ts";

/** Fields of `wandb_internal.Record`, and of the messages in it, of wandb 0.31. */
const RECORD = { number: 1, history: 2, summary: 3, run: 17, exit: 18, header: 21 } as const;
const RUN = { id: 1, project: 3, config: 4, group: 6, jobType: 7, displayName: 8, startTime: 17 } as const;
const ITEM = { key: 1, nestedKey: 2, json: 16 } as const;
/** The oldest reader of a file: that which the records were introduced in. */
const OLDEST_READER = "0.70.0";
/** Exit code of a program that was interrupted: W&B shows such runs as failed. */
const INTERRUPTED = 255;

/**
 * W&B's files of offline runs, which `wandb sync FOLDER/offline-run-*` uploads: a run for each stage, named `<run> <stage>`,
 * in the project of the config's name and the group of the run. A stage that goes on after a stop begins another run of
 * the same name, since W&B takes no step twice.
 */
export const wandb: Tracker = {
  name: "wandb",
  open(folder, about) {
    const { startedAt } = about;
    const id = createHash("sha256")
      .update(JSON.stringify([about.experiment, about.run, about.stage, startedAt]))
      .digest("hex")
      .slice(0, 16);
    const home = join(folder, `offline-run-${compact(startedAt)}-${id}`);
    const file = join(home, `run-${id}.wandb`);
    const log = new WandbLog();
    const summary = new Map<string, string>();
    let number = 0;
    const record = (field: number, message: MessageWriter): Buffer =>
      log.add(new MessageWriter().varint(RECORD.number, ++number).message(field, message).finish());
    const begin = (): Buffer =>
      Buffer.concat([
        record(
          RECORD.header,
          new MessageWriter().message(1, new MessageWriter().text(1, "salsa").text(2, OLDEST_READER)),
        ),
        record(RECORD.run, runMessage(about, id)),
      ]);
    makeFoldersTo(join(home, "files"));
    return {
      log(step, time, values) {
        const clock = { _step: step, _timestamp: time / 1000, _runtime: (time - startedAt) / 1000 };
        const history = new MessageWriter();
        for (const [key, json] of Object.entries(numbers({ ...values, ...clock }))) {
          history.message(1, new MessageWriter().text(ITEM.nestedKey, key).text(ITEM.json, json));
          summary.set(key, json);
        }
        history.message(2, new MessageWriter().varint(1, step));
        appendTo(file, Buffer.concat([...(number === 0 ? [begin()] : []), record(RECORD.history, history)]));
      },
      end(time, status) {
        if (number === 0) return; // it has logged nothing
        const last = new MessageWriter();
        for (const [key, json] of summary) {
          last.message(1, new MessageWriter().text(ITEM.nestedKey, key).text(ITEM.json, json));
        }
        const exit = new MessageWriter().varint(1, status === "finished" ? 0 : INTERRUPTED);
        exit.varint(2, Math.round((time - startedAt) / 1000));
        appendTo(file, Buffer.concat([record(RECORD.summary, last), record(RECORD.exit, exit)]));
      },
    };
  },
};

/** The run that a file of ours is of, by its first bytes; undefined for another program's, and where they are damaged. */
export function runOfWandb(start: Buffer): string | undefined {
  try {
    for (const record of firstRecords(start)) {
      const run = bytesOf([...fieldsOf(record)], RECORD.run);
      if (run !== undefined) return bytesOf([...fieldsOf(run)], RUN.group)?.toString("utf8");
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

function bytesOf(fields: readonly WireField[], wanted: number): Buffer | undefined {
  const found = fields.find(({ field }) => field === wanted);
  return found?.kind === "bytes" ? found.bytes : undefined;
}

function runMessage({ experiment, run, stage, facts, startedAt }: TrackedStage, id: string): MessageWriter {
  const config = new MessageWriter();
  for (const [key, value] of Object.entries({ run, stage, ...facts })) {
    config.message(1, new MessageWriter().text(ITEM.key, key).text(ITEM.json, JSON.stringify(numberIn(value))));
  }
  const seconds = Math.floor(startedAt / 1000);
  const startTime = new MessageWriter().varint(1, seconds).varint(2, Math.round((startedAt - 1000 * seconds) * 1e6));
  return new MessageWriter()
    .text(RUN.id, id)
    .text(RUN.project, projectName(experiment))
    .message(RUN.config, config)
    .text(RUN.group, run)
    .text(RUN.jobType, facts["kind"] ?? "stage")
    .text(RUN.displayName, `${run} ${stage}`)
    .message(RUN.startTime, startTime);
}

/** W&B groups and filters by numbers as such. */
function numberIn(value: string): string | number {
  return value !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}

/** Metrics as W&B writes them, which is JSON and NaN. */
function numbers(values: Readonly<Record<string, number | null>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, `${value ?? NaN}`]));
}

/** W&B refuses some characters in the names of projects, and more than 128. */
function projectName(name: string): string {
  return name.replaceAll(/[/\\#?%:]+/g, "_").slice(0, 128) || "salsa";
}

/** `20240229_235959`, as W&B names the folders of runs. */
function compact(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "_");
}
