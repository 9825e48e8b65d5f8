import sys

from salsa_play import Training, decay, flags, steps_of

if __name__ == "__main__":
    training = Training(flags(sys.argv[1:]), model_class="RewardModel")
    lr = float(training.args["adam.lr"])
    total = steps_of(training)

    def scalars(step):
        loss = 0.7 * decay(step)
        found = {
            "train/loss": loss,
            "train/acc": 0.75,
            "train/chosen_reward": 0.5,
            "train/reject_reward": -0.5,
            "train/lr": lr,
            "train/grad_norm": 1.0,
            "train/loss_mean": loss,
            "train/acc_mean": 0.75,
        }
        if step == total and "eval.dataset" in training.args:
            found.update({"eval/eval_loss": loss, "eval/acc_mean": 0.8125, "eval/reward_mean": 0.25, "eval/reward_std": 1.5})
        return found

    training.run(total, scalars)
