export { encodeExample, encodePrompt } from "./prompt.ts";
export { type Example, type FormatChoices, type LearnedTurns, PromptFormat } from "./chat/promptFormat.ts";
export { CHAT_TEMPLATE_FILE, chatTemplateSource } from "./chat/source.ts";
export { ChatTemplateError } from "./chat/template.ts";
export { type TokenizerFiles, Tokenizer, loadTokenizer } from "./tokenizer.ts";
export { wordLevelTokenizer } from "./wordLevel.ts";
