import sys

from salsa_play import Training, decay, flags, steps_of

if __name__ == "__main__":
    training = Training(flags(sys.argv[1:]))
    lr = float(training.args["adam.lr"])
    total = steps_of(training)
    print("Train epoch: 0%%| | 0/%s" % training.args["train.max_epochs"], file=sys.stderr, flush=True)
    training.run(
        total,
        lambda step: {
            "train/gpt_loss": 2 * decay(step),
            "train/lr": lr,
            "train/grad_norm": 1 + decay(step),
            "train/loss_mean": 2 * decay(step),
        },
    )
