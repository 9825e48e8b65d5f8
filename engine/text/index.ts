export { type PromptTemplate, encodeExample, encodePrompt, renderPrompt } from "./prompt.ts";
export { type TokenizerFiles, Tokenizer, TokenizerError, loadTokenizer } from "./tokenizer.ts";
export { wordLevelTokenizer } from "./wordLevel.ts";
