import type { SamplePage, SampleQuery } from "../../engine/protocol/samples.ts";

/** Somebody who waits for a page of a long run, whose samples take a while to be read. */
export interface Waiting {
  /** False once nobody waits any more: then nothing more is read. */
  readonly isWanted: () => boolean;
  /** Hears how much is read, from 0 to 1; undefined when it ends. */
  readonly heard: (progress: number | undefined) => void;
}

/** Asks again and again until a page's rows are there, or nobody waits for them. */
export async function patiently(
  ask: (query: SampleQuery) => Promise<SamplePage>,
  query: SampleQuery,
  { isWanted, heard }: Waiting,
): Promise<SamplePage> {
  try {
    for (;;) {
      const page = await ask({ ...query, isPatient: true });
      if (page.progress === undefined || !isWanted()) return page;
      heard(page.progress);
    }
  } finally {
    if (isWanted()) heard(undefined);
  }
}
