import sys

from salsa_play import Training, decay, flags, info, save_model
from openrlhf.trainer.ray.launcher import RayActorGroup, ReferenceModelActor, RewardModelActor
from openrlhf.trainer.ray.ppo_actor import PolicyModelActor
from openrlhf.trainer.ray.ppo_critic import CriticModelActor


def scalars(step, beta):
    reward, penalty = 1 - decay(step), 4 * (1 - decay(step))
    return {
        "train/policy_loss": -0.01 * step,
        "train/actor_lr": 1e-6,
        "train/actor_grad_norm": 0.5,
        "train/entropy_loss": 1 + decay(step),
        "train/ppo_clip_ratio": 0.1,
        "train/ppo_kl": 0.01,
        "train/reward": reward,
        "train/return": reward - beta * penalty,
        "train/kl": penalty / 10,
        "train/logprobs_diff": penalty / 10,
        "train/response_length": 10.0,
        "train/total_length": 20.0,
        "train/critic_loss": decay(step),
        "train/values": 0.25,
        "train/critic_lr": 1e-6,
        "train/critic_grad_norm": 0.25,
        "train/rollout/reward_mean": reward,
        "train/rollout/reward_std": 0.5,
        "train/rollout/response_length_mean": 10.0,
        "train/rollout/truncated_rate": 0.25,
        "train/rollout/num_samples": 8.0,
        "train/timing/generation": 0.1,
        "train/timing/step_total": 0.2,
    }


def log(step, beta):
    info("ppo_trainer.py", "✨ Global step %d: %s" % (step, scalars(step, beta)))
    return scalars(step, beta)


if __name__ == "__main__":
    args = flags(sys.argv[1:])
    actor, reward, critic = (args[name + ".model_name_or_path"] for name in ("actor", "reward", "critic"))
    groups = [RayActorGroup(1, 1, kind) for kind in (PolicyModelActor, ReferenceModelActor, RewardModelActor, CriticModelActor)]
    groups[0].async_init_model_from_pretrained("strategy", actor, 10, [])
    groups[1].async_init_model_from_pretrained("strategy", actor)
    groups[2].async_init_model_from_pretrained("strategy", reward)
    groups[3].async_init_model_from_pretrained("strategy", critic, 10)
    training = Training(args, is_ppo=True)
    beta = float(args["algo.kl.init_coef"])
    prompt = str(training.rows[0]["prompt"])
    training.run(
        len(training.rows) // int(args["rollout.batch_size"]),
        lambda step: log(step, beta),
        lambda step: (prompt + " an answer of step %d" % step, 1 - decay(step)),
    )
    if args.get("critic.save_value_network"):
        save_model(reward, args["ckpt.output_dir"] + "_critic", "CriticModel")
