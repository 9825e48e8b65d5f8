import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { RUNTIME_VARIABLE } from "../common/childEnvironment.ts";
import { DiskError } from "../protocol/errors.ts";
import { errorCode, isLeftover, makeFolder, onDisk } from "../storage/disk.ts";
import { AddressError } from "./errors.ts";

/** Longest path of a socket, in bytes: macOS has room for 104 with the zero at the end, Linux for 108. */
const LONGEST = 103;
const SUFFIX = ".sock";
const PIPE = "\\\\.\\pipe\\salsa-";
const NAME_BYTES = 6;
const NAME = /^[0-9a-f]{12}$/;
/** A socket younger than this, in milliseconds, may be one that its process does not listen on yet. */
const YOUNG = 60_000;

/**
 * The folder where this user's engines keep sockets and device locks, made if it is not there.
 *
 * It is per user and machine, since two workspaces share their processor, and home folders may be shared by machines.
 * `/tmp` is taken before TMPDIR, which may differ from one session to the next, and before XDG_RUNTIME_DIR, which is
 * removed when a session ends though the engine continues.
 *
 * @throws {DiskError} when it cannot be made, or others could get at it.
 */
export async function runtimeFolder(): Promise<string> {
  const folder = await runtimePath();
  await makeFolder(folder, 0o700);
  if (process.platform !== "win32") await checkPrivate(folder);
  return folder;
}

/** Where a process may listen: a short path that nobody uses, or a named pipe on Windows. @throws {DiskError} */
export async function newAddress(): Promise<string> {
  const name = randomBytes(NAME_BYTES).toString("hex");
  if (process.platform === "win32") return `${PIPE}${name}`;
  const folder = await runtimeFolder();
  const address = path.join(folder, `${name}${SUFFIX}`);
  if (Buffer.byteLength(address) > LONGEST) {
    const remedy = `set ${RUNTIME_VARIABLE} to a folder with a shorter path`;
    throw new DiskError(`too long for a socket, which takes ${LONGEST} bytes`, { file: address, remedy });
  }
  return address;
}

/** Where addresses of engines may be. */
export interface AddressPlace {
  /** The runtime folder. */
  readonly folder: string;
  readonly platform: NodeJS.Platform;
}

/**
 * True if an address, which may come from anybody's lock file, is one that `newAddress` gives: a socket directly in the
 * runtime folder, or one of our pipes on Windows. Nothing else is connected to: no port, host, share or other socket.
 */
export function isEngineAddress(address: string, { folder, platform }: AddressPlace): boolean {
  if (platform === "win32") return address.startsWith(PIPE) && NAME.test(address.slice(PIPE.length));
  const name = path.posix.basename(address, SUFFIX);
  return NAME.test(name) && address === path.posix.join(folder, `${name}${SUFFIX}`);
}

/**
 * Checks an address that a lock file names before it is connected to. Makes nothing.
 * @throws {AddressError} when it is none of this user's engines'.
 * @throws {DiskError} when the runtime folder is not there, or others could get at it.
 */
export async function checkAddress(address: string): Promise<void> {
  const { platform } = process;
  const folder = await runtimePath();
  if (!isEngineAddress(address, { folder, platform })) throw new AddressError(address, folder);
  if (platform !== "win32") await checkPrivate(folder);
}

async function runtimePath(): Promise<string> {
  const given = process.env[RUNTIME_VARIABLE] ?? "";
  if (given !== "") return given;
  return path.join(await temporaryFolder(), `salsa-${process.getuid?.() ?? os.userInfo().username}`);
}

/** Removes files that killed processes have left in the runtime folder. */
export async function sweepRuntimeFolder(folder: string): Promise<void> {
  for (const name of await onDisk("list", folder, () => fs.readdir(folder))) {
    const file = path.join(folder, name);
    const isLeft = name.endsWith(SUFFIX) ? await isStale(file) : await isLeftover(file);
    if (isLeft) await onDisk("clean up", file, () => fs.rm(file, { force: true }));
  }
}

async function temporaryFolder(): Promise<string> {
  const shared = "/tmp";
  if (process.platform === "win32") return os.tmpdir();
  try {
    await fs.access(shared, fs.constants.W_OK);
    return shared;
  } catch {
    return os.tmpdir();
  }
}

/** Anybody who may write to the folder could put a socket of their own there: it must be this user's alone. */
async function checkPrivate(folder: string): Promise<void> {
  const found = await onDisk("look at", folder, () => fs.lstat(folder));
  const remedy = `move it away, or set ${RUNTIME_VARIABLE} to a folder of your own`;
  if (!found.isDirectory()) throw new DiskError("is not a folder", { file: folder, remedy });
  if (found.uid !== process.getuid?.()) throw new DiskError("belongs to another user", { file: folder, remedy });
  if ((found.mode & 0o077) !== 0) {
    throw new DiskError("is open to other users", { file: folder, remedy: `chmod 700 it, or ${remedy}` });
  }
}

async function isStale(file: string): Promise<boolean> {
  try {
    if (Date.now() - (await fs.stat(file)).mtimeMs < YOUNG) return false;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
  return new Promise((resolve) => {
    const probe = connect(file);
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}
