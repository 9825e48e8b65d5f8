import { constraints } from "./constraints.ts";
import { miniInstruct } from "./miniInstruct.ts";
import type { Task, TaskKind } from "./task.ts";

/** Every built-in task. Add yours here; schema, forms, docs and the contract test follow. */
export const TASKS = [miniInstruct, constraints] as const;

/** Settings of a task. */
export type TaskSettings = Parameters<(typeof TASKS)[number]["create"]>[0];
export type TaskName = (typeof TASKS)[number]["name"];

/** The kind of task that a name stands for. */
export function taskKindOf(name: TaskName): TaskKind {
  const kinds: readonly TaskKind[] = TASKS;
  const kind = kinds.find((one) => one.name === name);
  if (kind === undefined) throw new RangeError(`taskKindOf: no task called ${name}`);
  return kind;
}

/** The task that a config names, with its settings. */
export function createTask({ name, ...settings }: TaskSettings & { readonly name: TaskName }): Task {
  return taskKindOf(name).create(settings);
}
