import * as z from "zod";
import type { Complaint } from "../../config/complaint.ts";
import {
  type Snippet,
  choice,
  count,
  filePath,
  nonNegative,
  optionalSetting,
  requiredSetting,
  section,
  setting,
} from "../../config/setting.ts";
import { editorModelOf, isEditorAddress } from "../../protocol/editorModels.ts";

const fastchat = "FastChat llm_judge";

const protocols = {
  paper: "figure 7 of the paper everywhere, which is FastChat's pair-v2; pair-v2-multi-turn for second turns",
  official:
    "FastChat's prompts: pair-v2, pair-math-v1 for questions with a reference answer, and both's multi-turn forms for second turns; for benchmarks of the kind arena-hard, its own five-way verdict",
  arenaHard: "Arena-Hard v0.1's five-way verdict",
  single:
    "each answer is graded from 1 to 10 (FastChat's single-v1); the higher grade wins, grades within 0.1 tie. As in FastChat, the first [[7]] of a reply counts, or the first [7] where there is none; one that is none from 1 to 10 is left out",
  file: "the prompt in promptFile",
} as const;

/** Settings of a language model as judge: first what its verdicts depend on, then how its server is asked. */
export const llmSchema = section(
  {
    model: requiredSetting(z.string().min(1).max(200), {
      description:
        "The model, by the name that its server knows; or one of the editor's, without a key: vscode:copilot/gpt-4o, by its vendor, and its id or family",
    }),
    baseUrl: optionalSetting(z.string().min(1).max(2000), {
      description:
        "Address of an OpenAI-compatible server (OpenAI, vLLM, SGLang, TGI, Ollama, llama.cpp, LM Studio), such as http://127.0.0.1:8000/v1",
      otherwise: "must be given, unless the model is one of the editor's",
    }),
    protocol: setting(choice(protocols), "paper", {
      description: "How the judge is asked, and how its verdict is read; both orders are always played",
      source: "SALSA, figure 7",
    }),
    promptFile: optionalSetting(filePath(), {
      description:
        'A text with {question}, {answer_a}, {answer_b} and maybe {reference}, for the protocol "file"; what stands before a line of --- is the system prompt. Of a second turn, {question_1}, {answer_a_1} and the like show each turn by itself',
      otherwise: "none",
    }),
    verdictPattern: optionalSetting(z.string().min(1).max(200), {
      description: "Regular expression whose first group is the verdict: A, B, C for a tie, or A>B and the like",
      otherwise: "[[A]], [[B]], or [[C]] for a tie",
    }),
    samples: setting(count().max(100), 1, {
      description: "Times that each game is judged; the majority counts, of grades the median",
      source: fastchat,
    }),
    temperature: setting(nonNegative().max(2), 0, { description: "Temperature of the judge", source: fastchat }),
    maxTokens: setting(count(), 2048, {
      description: "Longest reply; one that is cut off is no verdict",
      unit: "tokens",
      source: fastchat,
    }),
    keyVariable: optionalSetting(z.string().regex(/^[A-Z][A-Z0-9_]{0,80}_API_KEY$/), {
      description:
        "Environment variable that holds the server's key, such as OPENAI_API_KEY; its name ends in _API_KEY. In the editor: SALSA: Set API Key",
      otherwise: "no key is sent",
    }),
    plainKey: setting(z.boolean(), false, {
      description: "Send the key over http to another machine, too, where others on the way can read it",
      source: "this project",
    }),
    concurrency: setting(count().max(1024), 8, {
      description: "Requests that are open at a time",
      unit: "requests",
      source: "this project",
    }),
    requestsPerMinute: optionalSetting(count(), {
      description: "Most requests a minute of this model: servers limit each of theirs",
      unit: "requests",
      otherwise: "no limit",
    }),
    tokensPerMinute: optionalSetting(count(), {
      description: "Most tokens a minute, of prompts and replies",
      unit: "tokens",
      otherwise: "no limit",
    }),
    deadline: setting(z.number().positive().max(86_400), 600, {
      description: "Time until a reply must be whole",
      unit: "s",
      source: "this project",
    }),
    stream: setting(z.boolean(), false, {
      description: "Have replies sent piece by piece, which keeps slow ones from looking dead",
      source: "this project",
    }),
  },
  "A language model as judge",
).meta({ id: "judgeModel" }); // stands once in the JSON schema, and not at each of its uses

/** A language model as judge. */
export type LlmSettings = Readonly<z.output<typeof llmSchema>>;
export type Protocol = LlmSettings["protocol"];

/** Complaints about where a model is: behind a server, or in the editor. */
export function checkAddress(
  { model, baseUrl, keyVariable }: Pick<LlmSettings, "model" | "baseUrl" | "keyVariable">,
  path: readonly (string | number)[],
): Complaint[] {
  if (!isEditorAddress(model)) {
    if (baseUrl !== undefined) return [];
    const remedy = "add the address of the model's server, or name a model of the editor's: vscode:copilot/gpt-4o";
    return [{ path: [...path, "baseUrl"], message: "is missing", remedy }];
  }
  const wrong =
    editorModelOf(model) === undefined
      ? [{ path: [...path, "model"], message: "is not an address of an editor's model", remedy: EDITOR_FORM }]
      : [];
  const unused = Object.entries({ baseUrl, keyVariable }).filter(([, value]) => value !== undefined);
  const message = "would change nothing: the editor asks its own models";
  return [...wrong, ...unused.map(([key]) => ({ path: [...path, key], message, remedy: "leave it out", atKey: true }))];
}

const EDITOR_FORM = "write it as vscode:<vendor>/<id or family>, such as vscode:copilot/gpt-4o";

/** Snippets of models behind servers, with the name of one that needs a key, and of the editor's. */
export function serverSnippets(keyed: string): readonly Snippet[] {
  return [
    {
      label: "A model on this machine",
      description: "vLLM, SGLang, Ollama, llama.cpp or LM Studio",
      body: { model: "${1:Qwen/Qwen2.5-7B-Instruct}", baseUrl: "${2:http://127.0.0.1:8000/v1}" },
    },
    {
      label: "A model behind a key",
      description: "The key stays in an environment variable",
      body: { model: `\${1:${keyed}}`, baseUrl: "${2:https://api.openai.com/v1}", keyVariable: "${3:OPENAI_API_KEY}" },
    },
    {
      label: "A model of the editor's",
      description: "Without a key; a window of VS Code asks it",
      body: { model: "vscode:${1:copilot}/${2:gpt-4o}" },
    },
  ];
}
