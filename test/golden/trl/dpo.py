"""Makes dpo.json: TRL's own DPO losses, implicit rewards and derivatives, in float64.

    /tmp/venv/bin/pip install torch==2.13.0 transformers==4.45.2 trl==0.11.4
    /tmp/venv/bin/python test/golden/trl/dpo.py

Calls DPOTrainer.dpo_loss, which reads nothing of a trainer but the settings below. Of the kind ipo, TRL's trainer hands
it log-probabilities that are averaged over the response; the loss itself is the same for sums.
"""

import json
import pathlib
import types

import torch
import trl

N = 12
CASES = [
    ("sigmoid", "sigmoid", 0.1, 0.0),
    ("sigmoid, steep", "sigmoid", 0.5, 0.0),
    ("smoothed", "sigmoid", 0.1, 0.1),
    ("hinge", "hinge", 0.05, 0.0),
    ("ipo", "ipo", 0.2, 0.0),
]

torch.manual_seed(7)
side = lambda: -40 * torch.rand(N, dtype=torch.float64) - 1
policy_chosen, policy_rejected = side().requires_grad_(), side().requires_grad_()
# References lie within some nats of the policy, as they do while it learns.
near = lambda policy: (policy + 4 * torch.randn(N, dtype=torch.float64)).detach()
reference_chosen, reference_rejected = near(policy_chosen), near(policy_rejected)

cases = []
for name, kind, beta, smoothing in CASES:
    trainer = types.SimpleNamespace(
        accelerator=types.SimpleNamespace(device="cpu"),
        reference_free=False,
        f_divergence_type="reverse_kl",
        f_divergence_params=None,
        beta=beta,
        label_smoothing=smoothing,
        loss_type=kind,
    )
    logps = (policy_chosen, policy_rejected, reference_chosen, reference_rejected)
    losses, chosen, rejected = trl.DPOTrainer.dpo_loss(trainer, *logps)
    gradients = torch.autograd.grad(losses.mean(), [policy_chosen, policy_rejected])
    cases.append(
        {
            **{"name": name, "kind": kind, "beta": beta, "smoothing": smoothing},
            **{"losses": losses.tolist(), "chosenRewards": chosen.tolist(), "rejectedRewards": rejected.tolist()},
            **{"chosenGradient": gradients[0].tolist(), "rejectedGradient": gradients[1].tolist()},
        }
    )

golden = {
    **{"trl": trl.__version__, "torch": torch.__version__},
    "policyChosen": policy_chosen.tolist(),
    "policyRejected": policy_rejected.tolist(),
    "referenceChosen": reference_chosen.tolist(),
    "referenceRejected": reference_rejected.tolist(),
    "cases": cases,
}
target = pathlib.Path(__file__).parent / "dpo.json"
target.write_text(json.dumps(golden, indent=1) + "\n")
