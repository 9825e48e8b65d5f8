import { execFileSync } from "node:child_process";

/** True where stand-ins for the driver's libraries can be compiled. */
export function hasCompiler(): boolean {
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
