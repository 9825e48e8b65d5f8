import { type Context, Script, createContext } from "node:vm";

const CALL = new Script("work()");

/** The work that is done now. */
const called: { work: () => unknown } = { work: () => undefined };
let context: Context | undefined;

/**
 * Does work that may have no end, such as matching a pattern that came with a model.
 * @returns Its result; undefined where it was cut off after that many milliseconds.
 */
export function within<T>(milliseconds: number, work: () => T): { readonly result: T } | undefined {
  context ??= createContext(called);
  called.work = work;
  try {
    return { result: CALL.runInContext(context, { timeout: milliseconds }) as T };
  } catch (error) {
    if ((error as { readonly code?: unknown } | undefined)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  } finally {
    called.work = () => undefined;
  }
}
