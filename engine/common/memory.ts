/** Resident memory of a process that computes, beside the models' that a plan tells: Node and code, measured. */
export const PROCESS_BYTES = 210 * 2 ** 20;

/** Purposes of a stage's memory, in the order in which they are shown; `other` is the host's: tokenizers, and tensors on their way. */
export const MEMORY_ROLES = ["policy", "reference", "critic", "reward", "optimizer", "activations", "other"] as const;
export type MemoryRole = (typeof MEMORY_ROLES)[number];

/** The same for people; translators get them from here. */
export const MEMORY_ROLE_NAMES: Readonly<Record<MemoryRole, string>> = {
  policy: "Policy",
  reference: "References",
  critic: "Critic",
  reward: "Reward model",
  optimizer: "Optimizer",
  activations: "Activations",
  other: "Other",
};

/** Bytes by role; roles without any are absent. */
export type MemoryByRole = Readonly<Partial<Record<MemoryRole, number>>>;

/** Memory whose roles are known, with the rest of it as `other`. */
export function memoryByRole(memoryBytes: number, known: MemoryByRole): MemoryByRole {
  const sum = Object.values(known).reduce((total, bytes) => total + bytes, 0);
  const all: MemoryByRole = { ...known, other: Math.max(0, memoryBytes - sum) };
  return Object.fromEntries(MEMORY_ROLES.flatMap((role) => ((all[role] ?? 0) > 0 ? [[role, all[role]]] : [])));
}

/** A stage with the memory that it takes. */
interface RoledStage {
  readonly kind: string;
  readonly memoryBytes: number;
  readonly memoryByRole?: MemoryByRole | undefined;
}

/** The largest stage of each kind that has roles, in the order in which they are made, and the roles that any of them has. */
export function largestByRole<S extends RoledStage>(
  stages: readonly S[],
): { readonly stages: readonly S[]; readonly roles: readonly MemoryRole[] } {
  const largest = new Map<string, S>();
  for (const stage of stages) {
    if (stage.memoryByRole === undefined) continue;
    if (stage.memoryBytes > (largest.get(stage.kind)?.memoryBytes ?? -1)) largest.set(stage.kind, stage);
  }
  const found = [...largest.values()];
  return { stages: found, roles: MEMORY_ROLES.filter((role) => found.some((one) => one.memoryByRole?.[role])) };
}
