import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";

/** A repository with one commit, and a program that leaves a mark where it is executed. */
export interface Scene {
  /** Everything else is in here. */
  readonly folder: string;
  /** The repository's work tree. */
  readonly top: string;
  readonly commit: string;
  /** Command line that leaves the mark and passes its input on, as git's settings take it. */
  readonly trap: string;
  /** True once the program has been executed. */
  readonly wasRun: () => Promise<boolean>;
  readonly git: (...args: readonly string[]) => string;
  readonly write: (name: string, text: string) => Promise<void>;
}

const IDENTITY = { GIT_CONFIG_GLOBAL: "", GIT_CONFIG_NOSYSTEM: "1" };

/** Runs git as its user does. */
export function runAsUser(folder: string, ...args: readonly string[]): string {
  const settings = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"];
  return execFileSync("git", [...settings, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...IDENTITY },
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

/** Makes a repository of a few files, of which `a.txt` is changed after the commit, and removes it at the end. */
export async function withScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = await fs.realpath(await fs.mkdtemp(path.join(tmpdir(), "salsa-hostile-")));
  const top = path.join(folder, "repository");
  try {
    await fs.mkdir(top);
    const git = (...args: readonly string[]): string => runAsUser(top, ...args);
    const write = async (name: string, text: string): Promise<void> => {
      await fs.mkdir(path.dirname(path.join(top, name)), { recursive: true });
      await fs.writeFile(path.join(top, name), text);
    };
    const mark = path.join(folder, "mark");
    const trap = path.join(folder, "trap");
    await fs.writeFile(trap, `#!/bin/sh\necho executed >> '${mark}'\nexit 1\n`, { mode: 0o755 });
    git("init", "-q", "-b", "main");
    await write(".gitattributes", "*.txt filter=evil diff=evil\n");
    await write("a.txt", "one\n");
    git("add", ".");
    git("commit", "-q", "-m", "c");
    await write("a.txt", "one\ntwo\n");
    const wasRun = (): Promise<boolean> =>
      fs.access(mark).then(
        () => true,
        () => false,
      );
    await work({ folder, top, commit: git("rev-parse", "HEAD"), trap, wasRun, git, write });
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}

/** Gives a tracked file a name that git itself would refuse, of the same length and place in the order. */
export async function renameInIndex(index: string, from: string, to: string): Promise<void> {
  const bytes = await fs.readFile(index);
  const at = bytes.indexOf(from);
  if (at < 0 || from.length !== to.length) throw new RangeError(`the index has no ${from}`);
  bytes.write(to, at);
  // The last 20 bytes are the SHA-1 of all before.
  const body = bytes.subarray(0, -20);
  await fs.writeFile(index, Buffer.concat([body, createHash("sha1").update(body).digest()]));
}
