import type * as z from "zod";
import type { Judge, JudgedAnswer, ScoreName } from "./judge.ts";

/** Everything known of a kind of judge: what the config says of it, what people read, and how to make one. */
export interface JudgeKind<Settings extends object = object> {
  /** As configs write it. */
  readonly name: string;
  /** As captions call it, after "the": "Win rates by the gold score". */
  readonly title: string;
  /** For the schema: who decides. */
  readonly description: string;
  /** Scores that it goes by; empty for one that reads the texts. */
  readonly needs: readonly ScoreName[];
  /** Its own settings in the config's `evaluation`; judges that share a key share its schema. */
  readonly settings: Readonly<Record<keyof Settings, z.ZodOptional>>;
  /** What holds for those that the config leaves out. */
  readonly defaults: Settings;
  /** Whether the same answers always get the same verdict; tables of a judge that cannot say so are marked. */
  readonly isReproducible: boolean;
  /**
   * Score whose mean ranks candidates for β on the validation split. A judge that only compares names another's.
   * Undefined or NaN where nobody knows it.
   */
  validationScore(answer: JudgedAnswer): number | undefined;
  create(settings: Settings): Judge;
}
