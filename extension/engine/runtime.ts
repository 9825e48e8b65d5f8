import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { isAbsolute, join, win32 } from "node:path";
import { CUBLAS_VARIABLE, TFJS_VARIABLE, childEnvironment } from "../../engine/common/childEnvironment.ts";
import { t } from "../localize.ts";
import { ServiceError } from "./errors.ts";

/** The oldest Node that the engine runs on. */
export const LEAST_NODE = 24;

/** The variable by which the engine and Hugging Face's own library know the token. */
const TOKEN_VARIABLE = "HF_TOKEN";

/** Where to look. */
export interface RuntimeSettings {
  /** The folder that the extension is installed in. */
  readonly extension: string;
  /** Setting `salsa.nodePath`; empty for the Node that came along. */
  readonly nodePath: string;
  /** Setting `salsa.tfjsPath`. */
  readonly tfjsPath: string;
  /** Setting `salsa.cublasPath`. */
  readonly cublasPath: string;
  /** Of the hub, which the person has given to the editor; it goes by the environment alone. */
  readonly token?: string | undefined;
  /** Of judges' servers, by their variables; they, too, go by the environment alone. */
  readonly apiKeys?: ReadonlyMap<string, string>;
  readonly platform: NodeJS.Platform;
  /** "x64", for messages. */
  readonly arch: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Command that starts the engine: `node main ...`. */
export interface Runtime {
  readonly node: string;
  /** The file of the `salsa` command line. */
  readonly main: string;
  /** All of the environment that it is started with. */
  readonly env: NodeJS.ProcessEnv;
  /** True if the user configured the Node, which determines the remedy for an unsuitable one. */
  readonly isOwnNode: boolean;
}

/**
 * Finds the Node and the engine: those of the package, or of a checkout of this repository.
 * @throws {ServiceError} when one of them is not there, or the Node may not be executed.
 */
export async function findRuntime(settings: RuntimeSettings): Promise<Runtime> {
  const { nodePath, env, tfjsPath, cublasPath } = settings;
  const isOwnNode = nodePath !== "";
  const node = isOwnNode ? nodePath : await bundledNode(settings);
  await checkNode(node, { isOwnNode, platform: settings.platform });
  const main = await engineMain(settings.extension);
  const kept = childEnvironment(env, settings.platform);
  if (tfjsPath !== "") kept[TFJS_VARIABLE] = tfjsPath;
  if (cublasPath !== "") kept[CUBLAS_VARIABLE] = cublasPath;
  if (settings.token !== undefined) kept[TOKEN_VARIABLE] = settings.token;
  for (const [variable, key] of settings.apiKeys ?? []) kept[variable] = key;
  return { node, main, isOwnNode, env: kept };
}

/** Remedy for a Node that cannot run the engine. */
export function nodeRemedy(isOwnNode: boolean): string {
  return isOwnNode
    ? t(
        "Name a Node {0} or newer in the setting salsa.nodePath, or empty it to use the one that comes with the extension",
        LEAST_NODE,
      )
    : t(
        "Install the SALSA package for {0}, or name a Node {1} or newer in the setting salsa.nodePath",
        `${process.platform}-${process.arch}`,
        LEAST_NODE,
      );
}

async function bundledNode({ extension, platform, arch }: RuntimeSettings): Promise<string> {
  const file = platform === "win32" ? "node.exe" : "node";
  const packaged = join(extension, "dist", "node", file);
  const candidates = [
    packaged,
    ...(platform === "win32" ? [] : [join(extension, "node_modules", ".bin", "node")]),
    join(extension, "node_modules", "node", "bin", file),
  ];
  const found = await firstFile(candidates);
  if (found !== undefined) return found;
  const what = t("The engine's Node runtime for {0} is missing: there is no file {1}", `${platform}-${arch}`, packaged);
  throw new ServiceError(`${what}. ${nodeRemedy(false)}`, "unusable");
}

async function checkNode(node: string, { isOwnNode, platform }: NodePlace): Promise<void> {
  const isWholePath = platform === "win32" ? win32.isAbsolute(node) : isAbsolute(node);
  if (!isWholePath || (await firstFile([node])) === undefined) {
    throw new ServiceError(`${t("There is no Node at {0}", node)}. ${nodeRemedy(isOwnNode)}`, "unusable");
  }
  if (platform === "win32") return;
  try {
    await access(node, constants.X_OK);
  } catch (cause) {
    const remedy = t("Make it executable: chmod +x {0}", JSON.stringify(node));
    const what = t("The Node at {0} may not be executed", node);
    throw new ServiceError(`${what}. ${remedy}`, "unusable", { cause });
  }
}

type NodePlace = Pick<Runtime, "isOwnNode"> & Pick<RuntimeSettings, "platform">;

async function engineMain(extension: string): Promise<string> {
  const packaged = join(extension, "dist", "engine", "salsa.js");
  const found = await firstFile([packaged, join(extension, "engine", "cli", "main.ts")]);
  if (found !== undefined) return found;
  const what = t("The engine's files are missing: there is no file {0}", packaged);
  throw new ServiceError(`${what}. ${t("Install the extension again")}`, "unusable");
}

async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const file of candidates) {
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile() === true) return file;
  }
  return undefined;
}
