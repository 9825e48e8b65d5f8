/** Name of the file beside a job's orders that Molt takes its rewards from. */
export const SCORES_FILE = "salsa_scores.py";

/**
 * Scores for Molt's PPO, which has no reward models: rewards come from a Python file (`--train.agent_path`).
 *
 * A rollout is Molt's own, of one turn (agents/base.py:317); its score is that of the reward model for the very token ids that
 * were sampled, on a card that one actor holds for all processes that sample. The first of them that asks makes the actor,
 * and keeps it for as long as it lives: handles of others do not.
 */
export const SCORES = String.raw`"""Scores rollouts of Molt for SALSA, by the reward model that job.json beside this file names."""

import json
import os
import sys

import ray
from molt.agents.base import Env, Result, StepEnvRunner

JOB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "job.json")


class Unscored(Env):
    """Ends after one response; what it is worth is said afterwards."""

    async def step(self, state, **kwargs):
        return Result()


class Scorer:
    def __init__(self, path):
        import torch
        from transformers import AutoModelForSequenceClassification

        self.torch = torch
        self.model = AutoModelForSequenceClassification.from_pretrained(path, dtype=torch.bfloat16, num_labels=1)
        self.model.to("cuda").eval()

    def score(self, ids):
        with self.torch.no_grad():
            return self.model(input_ids=self.torch.tensor([ids], device="cuda")).logits[0, 0].item()


def scorer():
    with open(JOB, encoding="utf-8") as file:
        path = json.load(file)["reward"]
    actor = ray.remote(num_gpus=1, num_cpus=1)(Scorer)
    return actor.options(name="salsa-scorer", get_if_exists=True).remote(path)


class AgentRunner(StepEnvRunner):
    def __init__(self):
        super().__init__(Unscored)
        self.scorer = None

    async def execute(self, *args, **kwargs):
        rollout = await super().execute(*args, **kwargs)
        try:
            if self.scorer is None:
                self.scorer = scorer()
            rollout.reward = rollout.scores = await self.scorer.score.remote(rollout.observation_tokens)
        except Exception as error:
            # Molt would leave the rollout out, and come to the end of the prompts without having learned.
            print("salsa: the reward model cannot score: %s" % error, file=sys.stderr, flush=True)
            os._exit(3)
        return rollout
`;
