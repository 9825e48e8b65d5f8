import type { NewSample, SampleStore } from "./sampleStore.ts";
import { textHash } from "./idTable.ts";

/** The words of a sample. */
export interface SampleText {
  readonly prompt: string;
  readonly response: string;
}

/** Samples in which a text was found. */
export interface TextFinds {
  /** Share of the samples that were searched so far. */
  readonly share: number;
  /** True if it stands in the sample's prompt or response, in any letters. */
  readonly has: (sample: number) => boolean;
}

/** The texts of a store's samples, wherever they are kept. */
export interface SampleTexts {
  /** In the order of the samples. */
  read(samples: readonly number[]): Promise<readonly SampleText[]>;
  /** Searches for a text, and is to be asked again until all is searched. */
  find(text: string): Promise<TextFinds>;
}

/** Texts that are all in memory. */
export class HeldTexts implements SampleTexts {
  private readonly texts: SampleText[] = [];

  /** Puts a sample into a store. @param row - Undefined for a new one without a step. @returns The row. */
  put(
    store: SampleStore,
    at: { readonly row: number | undefined; readonly column: number },
    sample: HeldSample,
  ): number {
    const { prompt, response } = sample;
    const { row = store.addRow(textHash(prompt), -1) } = at;
    this.texts[store.put(row, at.column, sample)] = { prompt, response };
    return row;
  }

  read(samples: readonly number[]): Promise<readonly SampleText[]> {
    return Promise.resolve(samples.map((sample) => this.of(sample)));
  }

  find(text: string): Promise<TextFinds> {
    const fits = textMatcher(text);
    return Promise.resolve({ share: 1, has: (sample) => isIn(this.of(sample), fits) });
  }

  private of(sample: number): SampleText {
    return this.texts[sample] ?? { prompt: "", response: "" };
  }
}

type HeldSample = NewSample & SampleText;

/** A test of whether a text holds another, in any letters. */
export function textMatcher(part: string): (text: string) => boolean {
  const pattern = new RegExp(RegExp.escape(part), "iu");
  return (text) => pattern.test(text);
}

/** True if prompt or response fit. */
export function isIn({ prompt, response }: SampleText, fits: (text: string) => boolean): boolean {
  return fits(prompt) || fits(response);
}
