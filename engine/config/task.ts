import * as z from "zod";
import { TASKS } from "../evaluation/tasks/index.ts";
import type { TaskDefaults } from "../evaluation/tasks/task.ts";
import { section } from "./setting.ts";
import type { Snippet } from "./setting.ts";

type Variant<N extends string, S extends z.core.$ZodLooseShape> = z.ZodObject<
  { name: z.ZodLiteral<N> } & S,
  z.core.$strict
>;
type Variants<L> = {
  -readonly [K in keyof L]: L[K] extends {
    readonly name: infer N extends string;
    readonly settings: infer S extends z.core.$ZodLooseShape;
  }
    ? Variant<N, S>
    : never;
};

const variants = TASKS.map(({ name, description, settings }) =>
  section({ name: z.literal(name).meta({ description }), ...settings }, description),
) as unknown as Variants<typeof TASKS>;

/** A built-in task, which generates all data from the run's seed and knows the gold score of an answer. */
export const taskSchema = z.discriminatedUnion("name", variants).meta({ description: "The built-in task" });

/** The tasks, as editors offer them. */
export const TASK_SNIPPETS: readonly Snippet[] = TASKS.map(({ name, title, description, snippet }) => ({
  label: title,
  description: `${description}; data is generated, and true scores are known`,
  body: { name, ...snippet },
}));

/** A default that goes with the task, in words: "600", or "600 (miniinstruct), 900 (other)" where tasks differ. */
export function byTask(size: keyof TaskDefaults): string {
  const sizes = TASKS.map(({ name, defaults }) => ({ name, n: defaults[size].toLocaleString("en-US") }));
  const isOne = sizes.every(({ n }) => n === sizes[0]?.n);
  return isOne ? (sizes[0]?.n ?? "") : sizes.map(({ name, n }) => `${n} (${name})`).join(", ");
}
