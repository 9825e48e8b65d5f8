import { miniInstruct } from "./miniInstruct.ts";

/** Every built-in task. Add yours here; schema and contract test follow. */
export const TASKS = [{ name: "miniinstruct", create: miniInstruct }] as const;
