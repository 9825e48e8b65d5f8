import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError } from "../protocol/errors.ts";

/** A file of a package. */
export interface PackedFile {
  /** Path with slashes. */
  readonly name: string;
  readonly content: Uint8Array;
  /** Permissions, such as 0o755. */
  readonly mode: number;
}

/** This program with the Node that runs it, as it travels to other machines. */
export interface ProgramFiles {
  /** Of names and contents, hex: equal programs are sent once. */
  readonly digest: string;
  readonly files: readonly PackedFile[];
}

/** A main file of other machines, which shows that the program has been built. */
const MAIN = "dist/engine/stageJob.js";
/** Folders of the bundled program that it needs. */
const FOLDERS = ["dist/engine", "dist/soup"];
const DIGEST_DIGITS = 32;

/** The folder of the bundled program: two above a file of it, as a source and as it is bundled. */
function programFolder(): string {
  return fileURLToPath(new URL("../..", import.meta.url));
}

/**
 * Reads this program's files: the Node, and what is bundled.
 *
 * @param folder - Of the bundled program.
 * @throws {DataError} when it cannot run on other machines, or has not been bundled.
 */
export async function programFiles(folder = programFolder()): Promise<ProgramFiles> {
  if (process.platform !== "linux") {
    const remedy = "start the run from a Linux machine, such as by Remote-SSH";
    const what = `runs on ${process.platform}, and other machines take the program from a Linux machine alone`;
    throw new DataError(what, { file: process.execPath, remedy });
  }
  if (!existsSync(join(folder, MAIN))) {
    const remedy = "run npm run build in the repository, or install the extension again";
    throw new DataError("the program for other machines has not been built", { file: join(folder, MAIN), remedy });
  }
  const files = await contents(folder);
  const hash = createHash("sha256");
  for (const { name, content } of files) {
    hash.update(`${name}\0${createHash("sha256").update(content).digest("hex")}\n`);
  }
  return { digest: hash.digest("hex").slice(0, DIGEST_DIGITS), files };
}

async function contents(folder: string): Promise<readonly PackedFile[]> {
  const files: PackedFile[] = [];
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
