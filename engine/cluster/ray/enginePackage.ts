import { DataError } from "../../protocol/errors.ts";
import { programFiles } from "../programFiles.ts";
import { zip } from "./zip.ts";

/** This program as a package of Ray's, with the Node that runs it. */
export interface EnginePackage {
  /** Named by its content: equal programs are sent to a cluster once. */
  readonly uri: string;
  /** Shell command that begins a job in the unpacked package. */
  readonly entrypoint: string;
  /** Its bytes, a ZIP. Packing takes some seconds. */
  content(): Promise<Buffer>;
}

/** The main file of jobs, in the package. */
const MAIN = "dist/engine/stageJob.js";
/** Ray's own limit of a package. */
const MOST_BYTES = 100 * 2 ** 20;

/**
 * Reads this program's files and names the package by them.
 * @throws {DataError} when it cannot run on a cluster, or has not been bundled.
 */
export async function enginePackage(): Promise<EnginePackage> {
  const { digest, files } = await programFiles();
  return {
    uri: `gcs://_ray_pkg_${digest}.zip`,
    // Ray unpacks files without their permissions.
    entrypoint: `chmod u+x node && exec ./node ${MAIN}`,
    async content() {
      const packed = await zip(files);
      if (packed.length <= MOST_BYTES) return packed;
      const what = `is a package of ${packed.length} bytes, and Ray takes ${MOST_BYTES}`;
      throw new DataError(what, { file: process.execPath, remedy: "please report it" });
    },
  };
}
