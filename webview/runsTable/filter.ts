import { readFilter as read, type ReadFilter, runTexts } from "../../engine/protocol/runsFilter.ts";
import { t } from "../localize.ts";
import { type ModelRow, valueOf } from "./rows.ts";

/** Reads a filter of the table's rows. */
export function readFilter(text: string, columns: ReadonlySet<string>): ReadFilter<ModelRow> {
  return read(text, columns, {
    valueOf,
    textsOf: runTexts,
    problems: {
      stray: (at) => t("The filter cannot be read at {0}", at),
      unknown: (name) => t("No column is called {0}", name),
      ambiguous: (name, ids) => t("{0} may be {1}: write more of the one that is meant", name, ids),
    },
  });
}
