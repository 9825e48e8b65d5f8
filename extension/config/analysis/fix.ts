import type { TextChange } from "./edits.ts";
import type { ConfigFinding } from "./finding.ts";
import type { ConfigTree } from "./tree.ts";

/** A change that remedies a finding. */
export interface Fix {
  readonly title: string;
  readonly changes: readonly TextChange[];
  /** The only thing that can have been meant: done by Auto Fix, and by Fix All for names. */
  readonly isPreferred?: boolean;
}

/** Input of a fix factory. */
export interface FixContext {
  readonly tree: ConfigTree;
  readonly finding: ConfigFinding;
}
