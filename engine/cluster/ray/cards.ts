import * as z from "zod";

/** Machines, cards of one, and processes on a machine or a card that are read at most. */
const [MOST_NODES, MOST_CARDS, MOST_PROCESSES] = [10_000, 100, 100_000];
const pid = z.int().min(0);

const cardSchema = z.looseObject({
  /** Percent. */
  utilizationGpu: z.number().min(0).max(100).nullish(),
  /** MiB. */
  memoryUsed: z.number().min(0),
  /** By process id. */
  processesPids: z
    .record(z.string().max(100), z.looseObject({ pid }))
    .refine((all) => Object.keys(all).length <= MOST_PROCESSES)
    .nullish(),
});

/** Answer of `/nodes?view=summary`: of each machine its cards, by NVML, and the processes of Ray's users. */
export const cardsSchema = z.looseObject({
  data: z.looseObject({
    summary: z
      .array(
        z.looseObject({
          gpus: z.array(cardSchema).max(MOST_CARDS).nullish(),
          raylet: z
            .looseObject({
              coreWorkersStats: z
                .array(z.looseObject({ pid, jobId: z.string().max(1000) }))
                .max(MOST_PROCESSES)
                .nullish(),
            })
            .nullish(),
        }),
      )
      .max(MOST_NODES),
  }),
});

/** Use of the cards that have processes of a job. */
export interface CardUse {
  /** Mean of their last sampling periods' shares in which a kernel ran; absent where none says so. */
  readonly busy?: number;
  /** Held on all of them, of any process, in MiB. */
  readonly memory: number;
}

/** The use of their own cards by jobs, by their ids as users of Ray; without those that have none that the cluster knows of. */
export function cardUses({ data }: z.output<typeof cardsSchema>): ReadonlyMap<string, CardUse> {
  const cards = new Map<string, z.output<typeof cardSchema>[]>();
  for (const { gpus, raylet } of data.summary) {
    const jobs = new Map((raylet?.coreWorkersStats ?? []).map((worker) => [worker.pid, worker.jobId]));
    for (const card of gpus ?? []) {
      const of = new Set(Object.values(card.processesPids ?? {}).flatMap((process) => jobs.get(process.pid) ?? []));
      for (const job of of) cards.set(job, [...(cards.get(job) ?? []), card]);
    }
  }
  return new Map([...cards].map(([job, own]) => [job, useOf(own)]));
}

function useOf(cards: readonly z.output<typeof cardSchema>[]): CardUse {
  const shares = cards.flatMap(({ utilizationGpu }) =>
    typeof utilizationGpu === "number" ? [utilizationGpu / 100] : [],
  );
  const memory = cards.reduce((sum, { memoryUsed }) => sum + memoryUsed, 0);
  return { memory, ...(shares.length > 0 && { busy: shares.reduce((sum, one) => sum + one, 0) / shares.length }) };
}
