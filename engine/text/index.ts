export { encodeExample, encodePrompt } from "./prompt.ts";
export { type TokenizerFiles, Tokenizer, loadTokenizer } from "./tokenizer.ts";
export { wordLevelTokenizer } from "./wordLevel.ts";
