import type { Translate } from "../../engine/protocol/format.ts";

/** Another language, in which a text can be told from its English, and its values from the text. */
export const inPig: Translate = (text, ...values) => `<${[text, ...values].join("|")}>`;
