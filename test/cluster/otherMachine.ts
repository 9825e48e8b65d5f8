import { spawnSync } from "node:child_process";

/** Waits for what it begins, which does not hear SIGTERM itself, and ends all of it on that. */
const ENDING = ["sh", "-c", 'unshare "$@" & trap "kill -KILL $!" TERM; wait $!', "sh"] as const;
const APART = ["--map-root-user", "--uts", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"] as const;
const MOUNTED = 'hostname elsewhere; mount --bind "$0" "$1"; shift; cd "$HOME"; exec "$@"';

/**
 * Begins a command as on another machine: with a name and a table of processes of its own, and a folder of this one mounted
 * at another place. No rights are needed, and nothing is left. SIGTERM ends all of it.
 *
 * @param folder - As this machine sees it.
 * @param there - Where the other one sees it: an empty folder.
 */
export function onOtherMachine(folder: string, there: string): readonly string[] {
  return [...ENDING, ...APART, "sh", "-ec", MOUNTED, folder, there];
}

/** False where the system does not allow it. */
export function hasOtherMachine(): boolean {
  const [program = "", ...args] = onOtherMachine("/tmp", "/tmp");
  return spawnSync(program, [...args, "true"]).status === 0;
}
