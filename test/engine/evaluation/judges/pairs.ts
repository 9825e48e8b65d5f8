import type { AnswerPair, JudgedAnswer } from "../../../../engine/evaluation/judges/judge.ts";

/** An answer with these scores. */
export function answer(scores: JudgedAnswer["scores"], text = "so"): JudgedAnswer {
  return { text, ended: true, nTokens: text.length, scores };
}

/** Two answers with these scores to a question. */
export function pairOf(a: JudgedAnswer["scores"], b: JudgedAnswer["scores"], id = "q"): AnswerPair {
  const question = { id, prompt: [{ role: "user", content: `question ${id}` }] } as const;
  return { question, a: answer(a, `a of ${id}`), b: answer(b, `b of ${id}`) };
}
