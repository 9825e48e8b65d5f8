import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a script, and kills it wherever it is once it has printed so many lines. @returns Its process, which has ended. */
export async function killAfterLines(lines: number, script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let seen = 0;
  child.stdout.on("data", (text: Buffer) => {
    seen += text.toString().split("\n").length - 1;
    if (seen >= lines) child.kill("SIGKILL");
  });
  await once(child, "exit");
  return child;
}
