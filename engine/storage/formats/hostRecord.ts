import { join } from "node:path";
import * as z from "zod";
import { isHostName } from "../../protocol/hosts.ts";
import { LONGEST_NAME } from "../../protocol/limits.ts";
import { readRecord } from "./records.ts";

/** The file in the folder of a run that is made on another machine, by ssh. */
export const HOST_FILE = "host.json";

const schema = z.object({
  version: z.literal(1),
  /** For ssh. */
  host: z.string().refine(isHostName),
  /** Id of the run there. */
  run: z.string().max(LONGEST_NAME),
  /** True once it has begun there. */
  isStarted: z.boolean(),
  /** Events of the log that are of this machine's own: the others are the run's, in its order. */
  ownEvents: z.int(),
});

/** Where a run is made. */
export type HostRecord = Readonly<z.output<typeof schema>>;

/**
 * The machine on which a run is made by ssh; undefined for other runs.
 * @param folder - The run's.
 * @throws {DataError} when the file does not fit.
 */
export function readHostRecord(folder: string): Promise<HostRecord | undefined> {
  const remedy = "start the run again from its config";
  return readRecord(join(folder, HOST_FILE), { parse: (value) => schema.parse(value), remedy });
}

/** The text of {@link HOST_FILE}, for `RunFolder.writeFile`. */
export function hostRecordText(record: HostRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}
