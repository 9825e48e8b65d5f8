import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError } from "../../protocol/errors.ts";
import { type ZipEntry, zip } from "./zip.ts";

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
/** Folders of the bundled program that it needs. */
const FOLDERS = ["dist/engine", "dist/soup"];
/** Ray's own limit of a package. */
const MOST_BYTES = 100 * 2 ** 20;

/** The folder of the bundled program: two above a bundled file; in the repository, whose `dist/` it is, three. */
function programFolder(): string {
  const up = import.meta.url.endsWith(".ts") ? "../../.." : "../..";
  return fileURLToPath(new URL(up, import.meta.url));
}

/**
 * Reads this program's files and names the package by them.
 *
 * @param folder - Of the bundled program.
 * @throws {DataError} when it cannot run on a cluster, or has not been bundled.
 */
export async function enginePackage(folder = programFolder()): Promise<EnginePackage> {
  if (process.platform !== "linux") {
    const remedy = "start the run from a Linux machine, such as the cluster's head node by Remote-SSH";
    const what = `runs on ${process.platform}, and a cluster takes the program from a Linux machine alone`;
    throw new DataError(what, { file: process.execPath, remedy });
  }
  if (!existsSync(join(folder, MAIN))) {
    const remedy = "run npm run build in the repository, or install the extension again";
    throw new DataError("the program for a cluster has not been built", { file: join(folder, MAIN), remedy });
  }
  const files = await contents(folder);
  const hash = createHash("sha256");
  for (const { name, content } of files) {
    hash.update(`${name}\0${createHash("sha256").update(content).digest("hex")}\n`);
  }
  return {
    uri: `gcs://_ray_pkg_${hash.digest("hex").slice(0, 32)}.zip`,
    // Ray unpacks files without their permissions.
    entrypoint: `chmod u+x node && exec ./node ${MAIN}`,
    async content() {
      const packed = await zip(files);
      if (packed.length <= MOST_BYTES) return packed;
      const what = `is a package of ${packed.length} bytes, and Ray takes ${MOST_BYTES}`;
      throw new DataError(what, { file: folder, remedy: "please report it" });
    },
  };
}

async function contents(folder: string): Promise<readonly ZipEntry[]> {
  const files: ZipEntry[] = [];
  for (const inner of FOLDERS) {
    const entries = await readdir(join(folder, inner), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.endsWith(".map")) continue;
      const file = join(entry.parentPath, entry.name);
      const name = relative(folder, file).split(sep).join("/");
      files.push({ name, content: await readFile(file), mode: 0o644 });
    }
  }
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { readonly version: string };
  const manifest = Buffer.from(`${JSON.stringify({ name: "salsa-engine", version, type: "module" })}\n`);
  return [
    { name: "node", content: await readFile(process.execPath), mode: 0o755 },
    { name: "package.json", content: manifest, mode: 0o644 },
    ...files,
  ];
}
