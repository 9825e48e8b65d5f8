/** File of prompts that every run of the configs beside it answers with each of its models: meant to be committed. */
export const TEST_PROMPTS_FILE = "salsa.prompts.jsonl";

/** Name that stands for them where others are of a benchmark: "salsa on test prompts". No benchmark of a config may have a name with a space. */
export const TEST_PROMPTS = "test prompts";

/** Most prompts in a file, and the longest in UTF-16 units: all models answer all of them in every run. */
export const MOST_TEST_PROMPTS = 200;
export const LONGEST_TEST_PROMPT = 20_000;
