import { gold } from "./gold.ts";
import type { JudgeKind } from "./kind.ts";
import { llm } from "./llm.ts";
import { panel } from "./panel.ts";
import { reward } from "./reward.ts";

/**
 * Every judge the engine has built in. Add yours here; the config's schema and checks, the tables' captions and the
 * contract test follow. Without a setting the first one decides whose scores a run knows.
 */
export const JUDGES = [gold, reward, llm, panel] as const;
export type JudgeName = (typeof JUDGES)[number]["name"];

/** The judge of that name. */
export function judgeKind(name: string): JudgeKind {
  const kind = (JUDGES as readonly JudgeKind[]).find((known) => known.name === name);
  if (kind === undefined) throw new RangeError(`judgeKind: no judge called ${name}`);
  return kind;
}

/** The judge's own settings among others, defaults filled in: everything that its verdicts depend on. */
export function judgeSettings(name: string, written: object): Readonly<Record<string, unknown>> {
  const { settings, defaults } = judgeKind(name);
  const [own, others] = [written, defaults] as Readonly<Record<string, unknown>>[];
  return Object.fromEntries(Object.keys(settings).map((key) => [key, own?.[key] ?? others?.[key]]));
}
