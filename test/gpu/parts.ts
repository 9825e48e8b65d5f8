/** A piece of `npm run gpu`, in a process of its own. */
export interface Part {
  readonly name: string;
  /** Longest that it may take, in seconds. */
  readonly seconds: number;
  /** True for the same work in PyTorch. */
  readonly isCompared: boolean;
}

const ours = (name: string, seconds: number): Part => ({ name, seconds, isCompared: false });
const theirs = (name: string, seconds: number): Part => ({ name: `torch.${name}`, seconds, isCompared: true });

/** All parts, the most telling first: when the time is up, the rest is left out. */
export const PARTS: readonly Part[] = [
  ours("contract", 100),
  ours("contract.own", 30),
  ours("selfCheck", 20),
  ours("rates", 25),
  theirs("rates", 25),
  ours("train.135m", 25),
  theirs("train.135m", 60),
  ours("decode.135m", 30),
  theirs("decode.135m", 60),
  ours("ppo.135m", 30),
  theirs("ppo.135m", 40),
  ours("startup.135m", 15),
  ours("train.0.5b", 30),
  theirs("train.0.5b", 60),
  ours("train.1.5b", 40),
  theirs("train.1.5b", 60),
  ours("train.7b", 60),
  theirs("train.7b", 60),
  ours("decode.0.5b", 30),
  theirs("decode.0.5b", 60),
  ours("decode.1.5b", 40),
  theirs("decode.1.5b", 60),
  ours("decode.7b", 60),
  theirs("decode.7b", 60),
];
