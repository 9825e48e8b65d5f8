import { execFileSync } from "node:child_process";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const SOURCE = fileURLToPath(new URL("./memoryDisk.exthost.ts", import.meta.url));

const VSCE = fileURLToPath(new URL("../../node_modules/@vscode/vsce/vsce", import.meta.url));

const MANIFEST = {
  name: "memory-disk",
  publisher: "salsa-tests",
  version: "1.0.0",
  engines: { vscode: "^1.100.0" },
  main: "./extension.cjs",
  activationEvents: ["onFileSystem:memory"],
  extensionKind: ["workspace"],
  capabilities: { untrustedWorkspaces: { supported: true }, virtualWorkspaces: true },
};

/**
 * Packages the extension that brings the disk `memory:`.
 * @param folder - Where to.
 * @returns The VSIX.
 */
export async function memoryDisk(folder: string): Promise<string> {
  const cwd = join(folder, "memory-disk");
  await fs.mkdir(cwd, { recursive: true });
  await esbuild.build({
    entryPoints: [SOURCE],
    outfile: join(cwd, "extension.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["vscode"],
    logLevel: "warning",
  });
  await fs.writeFile(join(cwd, "package.json"), JSON.stringify(MANIFEST));
  await fs.writeFile(join(cwd, ".vscodeignore"), "");
  const packagePath = join(folder, "memory-disk.vsix");
  // By its command line, since called as a function it prints.
  const options = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", packagePath];
  execFileSync(process.execPath, [VSCE, "package", ...options], { cwd, stdio: "ignore" });
  return packagePath;
}
