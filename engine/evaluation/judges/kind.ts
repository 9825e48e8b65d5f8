import type * as z from "zod";
import type { Complaint } from "../../config/complaint.ts";
import type { Judge, JudgedAnswer, ScoreName } from "./judge.ts";
import type { JudgeTools } from "./judgeModel.ts";
import type { LlmSettings, Protocol } from "./llmSettings.ts";

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
  /** Settings that must be written for it. */
  readonly required?: readonly string[];
  /** Complaints about settings that are each right. */
  check?(settings: Settings, known: { readonly hasGold: boolean }): readonly Complaint[];
  /** Models that it asks. */
  models?(settings: Settings): readonly LlmSettings[];
  /** Its name in judgments; `name` where this is left out. */
  nameInJudgments?(settings: Settings): string;
  /** The file with the prompt that its model is shown, where there is one. */
  promptFile?(settings: Settings): string | undefined;
  /** Settings that verdicts depend on; all of them where this is left out. `official` is what that protocol stands for. */
  verdictSettings?(settings: Settings, official?: Protocol): object;
  /** Settings may be those that verdicts depend on alone. */
  create(settings: Settings, tools?: JudgeTools): Judge;
}
