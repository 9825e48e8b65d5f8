import os
import sys

from molt.play import Training
from salsa_play import decay, flags, info


def scalars(step, beta):
    return {
        "train/policy_loss": -0.01 * step,
        "train/entropy_loss": 1 + decay(step),
        "train/advantage_mean": 0.0,
        "train/actor_lr": 1e-6,
        "train/actor_grad_norm": 0.5,
        "train/policy_clip_ratio": 0.1,
        "train/policy_kl": 0.01,
        "train/reward": 1 - decay(step),
        "train/score": 1 - decay(step),
        "train/return": 0.5,
        "train/kl": 0.4 * (1 - decay(step)),
        "train/logprobs_diff": 0.4 * (1 - decay(step)),
        "train/response_length": 10.0,
        "train/total_length": 20.0,
        "train/truncated": 0.25,
        "train/value_loss": decay(step),
        "train/value_clip_frac": 0.125,
        "train/critic_lr": 1e-6,
        "train/critic_grad_norm": 0.25,
        "train/kl_coef": beta,
        "train/rollout/reward_mean": 1 - decay(step),
        "train/rollout/reward_std": 0.5,
        "train/rollout/pass1": 1 - decay(step),
        "train/rollout/num_rollouts": 8.0,
        "train/rollout/num_prompt_groups": 8.0,
        "train/rollout/response_length_mean": 10.0,
        "train/rollout/truncated_rate": 0.25,
        "train/rollout/num_samples": 8.0,
        "train/timing/generation": 0.1,
    }


def log(step, beta):
    info("rl_trainer.py", "Global step %d: %s" % (step, scalars(step, beta)))
    return scalars(step, beta)


def note_loads(args):
    for flag in ("actor.model_name_or_path", "ref.model_name_or_path", "critic.model_name_or_path"):
        path = args[flag]
        if not os.path.exists(os.path.join(path, "config.json")):
            raise FileNotFoundError(path)
        print("(%s) model at %s" % (flag, path), flush=True)
        if "SALSA_PLAY" in os.environ:
            with open(os.environ["SALSA_PLAY"] + ".loaded", "a") as file:
                file.write("%s %s\n" % (flag, path))


if __name__ == "__main__":
    args = flags(sys.argv[1:])
    assert os.path.isfile(args["train.agent_path"]), args["train.agent_path"]
    note_loads(args)
    training = Training(args, is_ppo=True)
    beta = float(args["algo.kl.init_coef"])
    prompt = str(training.rows[0]["prompt"])
    training.run(
        len(training.rows) // int(args["rollout.batch_size"]),
        lambda step: log(step, beta),
        lambda step: (prompt + " an answer of step %d" % step, 1 - decay(step)),
    )
