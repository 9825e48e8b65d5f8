"""What is Molt's own in a training that is played."""

import salsa_play


class Training(salsa_play.Training):
    sample = "Sample:\n%s\n\nReward: %.4f"
    policy = "_hf/%s"
