import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpacked } from "./nodeRuntime.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** The file's name beside the bundled engine. */
export const KOFFI_NATIVE = "koffi.node";

/** koffi's native part for this machine, as npm has installed it; undefined where it has not. */
export function ownKoffi(): string | undefined {
  const { platform, arch } = process;
  const file = join(REPOSITORY, "node_modules", packageOf(`${platform}-${arch}`), fileOf(`${platform}-${arch}`));
  return existsSync(file) ? file : undefined;
}

/**
 * Copies koffi's native part for a platform into a folder: none for macOS, which has no NVIDIA driver.
 *
 * @param target - "linux-x64".
 * @param to - The folder.
 * @param cache - Folder that keeps downloads.
 */
export async function copyKoffi(target: string, to: string, cache: string): Promise<void> {
  if (target.startsWith("darwin")) return;
  const isOwn = target === `${process.platform}-${process.arch}`;
  const file =
    (isOwn ? ownKoffi() : undefined) ?? join(await unpacked(packageOf(target), version(), cache), fileOf(target));
  await fs.copyFile(file, join(to, KOFFI_NATIVE));
}

const packageOf = (target: string): string => `@koromix/koffi-${target}`;
const fileOf = (target: string): string => join(target.replace("-", "_"), KOFFI_NATIVE);

function version(): string {
  const require = createRequire(import.meta.url);
  const manifest = join(dirname(require.resolve("koffi")), "package.json");
  return (require(manifest) as { readonly version: string }).version;
}
