import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FOLDER = import.meta.dirname;

/** Names of the kernel files, without their ends. */
export const SOURCES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".cu"))
  .map((file) => file.slice(0, -3))
  .sort();

/** PTX of one of the interpreter's own kernel files, with the lines of the source, and without what names the machine. */
export function compileSource(nvcc: string, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "salsa-ptx-"));
  try {
    const output = join(folder, "out.ptx");
    execFileSync(nvcc, ["-ptx", "-arch=sm_80", "-O3", "-lineinfo", "-std=c++17", `${name}.cu`, "-o", output], {
      cwd: FOLDER,
    });
    return readFileSync(output, "utf8")
      .replace(/^(\t\.file\t\d+ )"[^"]*\//gm, '$1"')
      .replace(/^\t\.section\t\.debug_str\n[\s\S]*/m, "");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The PTX that is kept. */
export function keptPtx(name: string): string {
  return readFileSync(join(FOLDER, `${name}.ptx`), "utf8");
}

if (import.meta.main) {
  const nvcc = process.argv[2] ?? "/usr/local/cuda/bin/nvcc";
  for (const name of SOURCES) writeFileSync(join(FOLDER, `${name}.ptx`), compileSource(nvcc, name));
}
