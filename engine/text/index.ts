export { type EncodedExample, type FormatChoices, type LearnedTurns, PromptFormat } from "./chat/promptFormat.ts";
export { chatTemplateSource } from "./chat/source.ts";
export { ChatTemplateError } from "./chat/template.ts";
export { type TokenizerFiles, Tokenizer, loadTokenizer } from "./tokenizer.ts";
export { wordLevelTokenizer } from "./wordLevel.ts";
