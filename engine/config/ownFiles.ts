/** A file of data with its columns, as the engine reads them. */
export interface SeenFile {
  /** Relative to the config's folder. */
  readonly path: string;
  readonly columns: readonly string[];
}

/** Files of a workspace that a config can be made of; undefined where none is found. */
export interface OwnFiles {
  /** Folder of a checkpoint. */
  readonly checkpoint?: string;
  /** Conversations or demonstrations. */
  readonly sft?: string;
  readonly preferences?: string;
  readonly prompts?: string;
  /** Prompts that no training is to see. */
  readonly benchmark?: string;
}

type Role = Exclude<keyof OwnFiles, "checkpoint">;

/** Names that people give to files of a role; the engine does not mind. */
const NAMES: Readonly<Record<Role, RegExp>> = {
  sft: /sft|instruct|conversation|chat|demonstration/i,
  preferences: /pref|pair|dpo|rank/i,
  prompts: /prompt|train/i,
  benchmark: /test|eval|bench|question|held|valid/i,
};

/**
 * Sorts files by what their columns allow, and of several for one role takes the one whose name says so, else the first
 * by its path. No file has two roles: win rates on what a model has learned from say nothing.
 */
export function rolesOf(files: readonly SeenFile[], checkpoints: readonly string[]): OwnFiles {
  const sorted = files.toSorted((a, b) => depth(a.path) - depth(b.path) || (a.path < b.path ? -1 : 1));
  const taken = new Set<string>();
  const take = (role: Role, fits: (has: (...names: readonly string[]) => boolean) => boolean): string | undefined => {
    const fitting = sorted.filter(({ path, columns }) => {
      return !taken.has(path) && fits((...names) => names.every((name) => columns.includes(name)));
    });
    // The validation files of others are no training data.
    const others = role === "benchmark" ? fitting : fitting.filter(({ path }) => !NAMES.benchmark.test(nameIn(path)));
    const found = others.find(({ path }) => NAMES[role].test(nameIn(path))) ?? others[0];
    if (found !== undefined) taken.add(found.path);
    return found?.path;
  };
  const isPair = (has: (...names: readonly string[]) => boolean): boolean => has("chosen", "rejected");
  const isAnswered = (has: (...names: readonly string[]) => boolean): boolean =>
    has("messages") || has("conversations") || has("prompt", "response") || has("instruction", "output");
  const isAsked = (has: (...names: readonly string[]) => boolean): boolean =>
    (has("prompt") || has("question") || has("turns")) && !isPair(has) && !isAnswered(has);
  const preferences = take("preferences", isPair);
  const sft = take("sft", (has) => isAnswered(has) && !isPair(has));
  const prompts = take("prompts", isAsked);
  const benchmark = take("benchmark", isAsked);
  const [checkpoint] = checkpoints.toSorted((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
  return {
    ...(checkpoint !== undefined && { checkpoint }),
    ...(sft !== undefined && { sft }),
    ...(preferences !== undefined && { preferences }),
    ...(prompts !== undefined && { prompts }),
    ...(benchmark !== undefined && { benchmark }),
  };
}

function depth(path: string): number {
  return path.split("/").length;
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
