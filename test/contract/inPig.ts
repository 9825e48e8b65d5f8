import type { Translate } from "../../engine/common/format.ts";

/** Another language, in which a text differs from its English, and its values can be separated from the text. */
export const inPig: Translate = (text, ...values) => `<${[text, ...values].join("|")}>`;
