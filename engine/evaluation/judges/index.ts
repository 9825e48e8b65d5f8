import { gold } from "./gold.ts";
import { reward } from "./reward.ts";

/** Every judge the engine has built in. Add yours here. */
export const JUDGES = [gold, reward] as const;
export type JudgeName = (typeof JUDGES)[number]["name"];
