import sys

from molt.play import Training
from salsa_play import decay, flags

if __name__ == "__main__":
    training = Training(flags(sys.argv[1:]))
    assert all("messages" in row for row in training.rows)
    lr = float(training.args["adam.lr"])
    # What is left of a pass is dropped.
    steps = len(training.rows) // int(training.args["train.batch_size"])
    training.run(
        int(training.args["train.max_epochs"]) * steps,
        lambda step: {"train/sft_loss": 2 * decay(step), "train/lr": lr, "train/grad_norm": 1 + decay(step)},
    )
