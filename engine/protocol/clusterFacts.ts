import * as z from "zod";

/** Kinds of machines that are listed at most. */
export const MOST_KINDS = 100;

const amount = z.number().min(0);

/** Machines of a cluster and what of them is free, as `salsa cluster` has found them. */
export const clusterFactsSchema = z.object({
  /** As the config has it. */
  address: z.string().max(2000),
  /** Of Ray. */
  version: z.string().max(100),
  /** Machines by what they have, those with the most cards first. */
  machines: z
    .array(
      z.object({
        /** Machines of this kind. */
        count: z.int().min(1),
        cpus: amount,
        gpus: amount,
        /** Kind of the cards, as Ray names it: "A100". */
        accelerator: z.string().max(1000).optional(),
      }),
    )
    .max(MOST_KINDS)
    .readonly(),
  /** Of all machines together; absent where Ray does not say. */
  free: z.object({ cpus: amount, gpus: amount }).optional(),
});

/** A cluster by its machines. */
export type ClusterFacts = z.output<typeof clusterFactsSchema>;

/** Machines of a cluster that have the same. */
export type MachineKind = ClusterFacts["machines"][number];

const seenSchema = z.object({
  ...clusterFactsSchema.shape,
  /** Milliseconds since 1970. */
  seenAt: z.number(),
});

/** A cluster as it was when somebody last connected to it. */
export type SeenCluster = z.output<typeof seenSchema>;

/** Reads a list of clusters that was kept; those that another version has written in another form are left out. */
export function readSeenClusters(kept: unknown): readonly SeenCluster[] {
  if (!Array.isArray(kept)) return [];
  return kept.flatMap((one: unknown) => {
    const { success, data } = seenSchema.safeParse(one);
    return success ? [data] : [];
  });
}
