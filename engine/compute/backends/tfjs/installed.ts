import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { BackendPart } from "../descriptor.ts";

/** True in the program that ships with the extension, whose users have no repository to run npm in. */
const IS_BUNDLED = !import.meta.url.endsWith(".ts");

/** By reading: neither package could be installed where this was written. */
const MADE_FOR = "made for Node 22 and older: for newer ones the engine gives it the function that they lack";

/** How to get a build that users add. */
function installing(module: string, about = ""): string {
  return IS_BUNDLED
    ? `optional: npm install ${module}${about} in a folder of yours, named in the setting salsa.tfjsPath; ${MADE_FOR}`
    : `optional: npm install --no-save ${module}${about}; ${MADE_FOR}`;
}

/** Builds of TensorFlow.js: the one that comes along, and those that users add. */
const BUILDS = [
  { module: "@tensorflow/tfjs-backend-wasm", isAdded: false, remedy: "run npm ci in the repository" },
  { module: "@tensorflow/tfjs-node", isAdded: true, remedy: installing("@tensorflow/tfjs-node") },
  {
    module: "@tensorflow/tfjs-node-gpu",
    isAdded: true,
    remedy: installing("@tensorflow/tfjs-node-gpu", " (some 400 MB; wants CUDA 11.2, does not know Hopper)"),
  },
] as const;

/**
 * Looks which builds are installed.
 *
 * @param location - Folder whose node_modules holds those that users add; unless given, where this program is.
 */
export function installedBuilds(location: string | undefined): readonly BackendPart[] {
  return BUILDS.map(({ module, isAdded, remedy }) => {
    const from = isAdded && location !== undefined ? join(location, "package.json") : import.meta.url;
    const name = module.replace("@tensorflow/", "");
    if (!isAdded && IS_BUNDLED) return { name, isThere: true, detail: "comes along" };
    try {
      const folder = dirname(createRequire(from).resolve(`${module}/package.json`));
      return { name, isThere: true, detail: `installed: ${folder}` };
    } catch {
      return { name, isThere: false, detail: "not installed", remedy };
    }
  });
}
