import type * as z from "zod";
import type { Judge, JudgedAnswer, ScoreName } from "./judge.ts";

/** A kind of judge: its settings in the config, its texts for people, and its constructor. */
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
  /** Values of settings that the config leaves out. */
  readonly defaults: Settings;
  /** True if the same answers always get the same verdict; tables of other judges are marked. */
  readonly isReproducible: boolean;
  /**
   * Score whose mean ranks candidates for β on the validation split. A judge that only compares names another's.
   * Undefined or NaN where it is unknown.
   */
  validationScore(answer: JudgedAnswer): number | undefined;
  create(settings: Settings): Judge;
}
