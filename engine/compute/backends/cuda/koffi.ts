import { createRequire } from "node:module";
import { join } from "node:path";
import { DriverUnavailableError } from "./driver.ts";

/** The parts of koffi that we use: functions of a shared library as functions of JavaScript. */
export interface Koffi {
  /** @throws {Error} when the system's loader finds no such library. */
  load(path: string): SharedLibrary;
  /** Takes memory of the system's; pointers are numbers. */
  alloc(type: string, count: number): bigint;
  free(pointer: bigint): void;
  /** Bytes at a pointer, as they are. */
  view(pointer: bigint, bytes: number): ArrayBuffer;
  readonly decode: {
    /** Text at a pointer, up to its NUL. */
    string(pointer: bigint): string;
  };
}

/** An open library. */
export interface SharedLibrary {
  /** @throws {Error} when the library has no such function. */
  func(name: string, result: string, parameters: readonly string[]): (...args: readonly unknown[]) => unknown;
}

/**
 * Loads koffi's native part: the file beside the bundled program, else the package for this platform, which npm installs.
 * Its JavaScript is not needed: that only looks for the native part, at places that a bundle does not have.
 *
 * @throws {DriverUnavailableError} when there is none for this platform.
 */
export function loadKoffi(): Koffi {
  const require = createRequire(import.meta.url);
  const { platform, arch } = process;
  const isBundled = !import.meta.url.endsWith(".ts");
  try {
    return require(isBundled ? "./koffi.node" : `@koromix/koffi-${platform}-${arch}`) as Koffi;
  } catch (cause) {
    const reason = `koffi, which calls the NVIDIA driver, is not there for ${platform}-${arch}`;
    const remedy = isBundled ? "use the package that is made for this platform" : "install it: npm install koffi";
    throw new DriverUnavailableError(reason, remedy, { cause });
  }
}

/** Name of a library that the driver installs: the system's loader knows where it is; on Windows only the system's own folder is looked at. */
export function systemLibrary(linux: string, windows: string): string {
  if (process.platform !== "win32") return linux;
  return join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", windows);
}
