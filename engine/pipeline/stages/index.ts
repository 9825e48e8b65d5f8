/** Every stage of the recipe. Add yours here and in the recipe: jobs on other machines find it by its name here. */
export { answers } from "./answers.ts";
export { baseModel } from "./baseModel.ts";
export { choose } from "./choose.ts";
export { dpo } from "./dpo.ts";
export { fileAnswers } from "./fileAnswers.ts";
export { halve } from "./halve.ts";
export { judge } from "./judge.ts";
export { preferences } from "./preferences.ts";
export { rewardModel } from "./rewardModel.ts";
export { rlhf } from "./rlhf.ts";
export { rung } from "./rung.ts";
export { serverAnswers } from "./serverAnswers.ts";
export { sft } from "./sft.ts";
export { soup } from "./soup.ts";
export { warm } from "./warm.ts";
