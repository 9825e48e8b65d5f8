"""Makes the losses of PyTorch trainings that the engine's are compared with, step by step.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch==2.13.0 transformers==4.57.6 safetensors
    /tmp/venv/bin/python test/golden/training/record.py

A tiny Llama 3, Qwen 2.5 and Gemma 2 each are trained for 20 steps: SFT, as a reward model, by PPO, and by DPO against a
soup with each of its losses. Their
config.json files are those of ../architectures/shapes.json, and both sides draw weights, token ids and scores by the same
integer arithmetic, so that nothing but losses and gradient norms is stored. Sequences are run one by one and without
padding, losses are written out from their definitions, and the optimizer is PyTorch's AdamW with clip_grad_norm_:
nothing of it is the engine's. Everything is float64, eager attention: 20 steps in float32 end up to 2e-4 away from these.
"""

import json
import pathlib
import sys
import zlib

import torch
import transformers

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "architectures"))
from generate import FAMILIES, SIZES, VOCABULARY, draw, redraw  # noqa: E402

SHAPES = ["llama/llama3", "qwen2/tied", "gemma2/caps"]
STEPS = 20
OPTIMIZER = dict(learningRate=2e-3, weightDecay=0.01, maxGradNorm=1.0)
ROWS = 4
PPO = dict(
    epochs=2, queryLength=6, responseLength=7, beta=0.1, gamma=1.0, lam=0.95, clip=0.2, valueClip=0.2, valueCoefficient=0.1
)
DPO = dict(beta=0.1, smoothing=0.1)


def named(name, size):
    return draw(size, zlib.crc32(name.encode()))


def tokens(name, length):
    return 3 + ((named(name, length) + 0.5) * (VOCABULARY - 3)).long()


class Model:
    """A tiny decoder with the heads that a training asks for, and its optimizer."""

    def __init__(self, shape, heads, drawn=None):
        family, _, name = shape.partition("/")
        model_class, config_class, shapes = FAMILIES[family]
        config = config_class(**{**SIZES, **shapes[name]})
        config._attn_implementation = "eager"
        self.lm = model_class(config).eval()
        redraw(self.lm, drawn or shape)
        self.lm.double()
        trunk = self.lm if "language" in heads else self.lm.model
        self.parameters = list(trunk.parameters())
        for head, size in (("score.weight", config.hidden_size), ("v_head.weight", config.hidden_size), ("v_head.bias", 1)):
            if head.split(".")[0] not in heads:
                continue
            values = named(f"{shape}/{head}", size).double()
            weight = torch.nn.Parameter(values.reshape(1, size) if head.endswith("weight") else values)
            setattr(self, head.replace(".", "_"), weight)
            self.parameters.append(weight)
        decayed = [one for one in self.parameters if one.ndim > 1]
        others = [one for one in self.parameters if one.ndim == 1]
        groups = [dict(params=decayed, weight_decay=OPTIMIZER["weightDecay"]), dict(params=others, weight_decay=0.0)]
        self.optimizer = torch.optim.AdamW(groups, lr=OPTIMIZER["learningRate"])

    def states(self, ids):
        return self.lm.model(input_ids=ids[None], use_cache=False).last_hidden_state[0]

    def logprobs(self, ids):
        """Of each token but the first, given those before it."""
        logits = self.lm(input_ids=ids[None], use_cache=False).logits[0, :-1]
        return torch.log_softmax(logits, -1).gather(-1, ids[1:, None])[:, 0]

    def step(self, loss):
        self.optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, OPTIMIZER["maxGradNorm"])
        self.optimizer.step()
        return [loss.item(), norm.item()]


def sft(shape):
    """Mean cross-entropy of the batch's response tokens."""
    model = Model(shape, ["language"])
    steps = []
    for step in range(STEPS):
        learned = []
        for row in range(ROWS):
            ids = tokens(f"{shape}/sft/{step}/{row}", 8 + (5 * step + 3 * row) % 9)
            prompt = 2 + (step + row) % 4
            learned.append(model.logprobs(ids)[prompt - 1 :])
        steps.append(model.step(-torch.cat(learned).mean()))
    return steps


def reward(shape):
    """Bradley-Terry, on the last token's state."""
    model = Model(shape, ["score"])
    score = lambda name, length: (model.states(tokens(name, length))[-1] * model.score_weight[0]).sum()
    steps = []
    for step in range(STEPS):
        differences = []
        for row in range(ROWS):
            name = f"{shape}/reward/{step}/{row}"
            chosen = score(f"{name}/chosen", 5 + (3 * step + 5 * row) % 11)
            rejected = score(f"{name}/rejected", 5 + (7 * step + 2 * row) % 11)
            differences.append(chosen - rejected)
        steps.append(model.step(-torch.nn.functional.logsigmoid(torch.stack(differences)).mean()))
    return steps


def soup(shape):
    """The mean of the start and another model: what holds DPO."""
    start, other = Model(shape, ["language"]), Model(shape, ["language"], f"{shape}/other")
    with torch.no_grad():
        for mine, theirs in zip(start.parameters, other.parameters):
            mine.add_(theirs).div_(2)
    return start


def dpo(shape, loss_of):
    """Rafailov et al. 2023, eq. 7, and its variants over h = (log pi - log ref of the chosen) - (of the rejected)."""
    model, reference = Model(shape, ["language"]), soup(shape)
    beta = torch.tensor(DPO["beta"], dtype=torch.float64)

    def said(of, name, length, prompt):
        return of.logprobs(tokens(name, length))[prompt - 1 :].sum()

    steps = []
    for step in range(STEPS):
        losses = []
        for row in range(ROWS):
            name = f"{shape}/dpo/{step}/{row}"
            prompt = 2 + (step + row) % 3
            sides = []
            for side, length in (("chosen", 6 + (3 * step + 5 * row) % 11), ("rejected", 6 + (7 * step + 2 * row) % 11)):
                with torch.no_grad():
                    held = said(reference, f"{name}/{side}", length, prompt)
                sides.append(said(model, f"{name}/{side}", length, prompt) - held)
            losses.append(loss_of(sides[0] - sides[1], beta))
        steps.append(model.step(torch.stack(losses).mean()))
    return steps


def logistic(margin):
    return -torch.nn.functional.logsigmoid(margin)


def dpoSigmoid(shape):
    return dpo(shape, lambda h, beta: logistic(beta * h))


def dpoSmoothed(shape):
    """Labels of which a share is taken to be wrong."""
    wrong = DPO["smoothing"]
    return dpo(shape, lambda h, beta: (1 - wrong) * logistic(beta * h) + wrong * logistic(-beta * h))


def dpoHinge(shape):
    return dpo(shape, lambda h, beta: torch.relu(1 - beta * h))


def dpoIpo(shape):
    """Azar et al. 2023, eq. 17."""
    return dpo(shape, lambda h, beta: (h - 1 / (2 * beta)) ** 2)


def rollouts(shape, iteration):
    """Queries, responses and scores: drawn and not sampled, so that both sides learn from the same."""
    for row in range(ROWS):
        name = f"{shape}/ppo/{iteration}/{row}"
        query = tokens(f"{name}/query", 3 + (iteration + row) % (PPO["queryLength"] - 2))
        response = tokens(f"{name}/response", 3 + (2 * iteration + 3 * row) % (PPO["responseLength"] - 2))
        yield query, response, 4 * named(f"{name}/score", 1)[0]


def scored(model, query, response):
    """Log-probabilities and values at the response's tokens; a value is that of the state before its token."""
    ids = torch.cat([query, response])
    values = model.states(ids) @ model.v_head_weight[0] + model.v_head_bias
    return model.logprobs(ids)[len(query) - 1 :], values[len(query) - 1 : -1]


def gae(rewards, values):
    advantages, last, following = [], 0.0, 0.0
    for reward_, value in zip(reversed(rewards.tolist()), reversed(values.tolist())):
        last = reward_ + PPO["gamma"] * following - value + PPO["gamma"] * PPO["lam"] * last
        following = value
        advantages.insert(0, last)
    return torch.tensor(advantages, dtype=torch.float64)


def ppo(shape):
    """TRL 0.11's loss against the model as it was at the start."""
    model, reference = Model(shape, ["language", "v_head"]), Model(shape, ["language", "v_head"])
    steps = []
    for iteration in range(STEPS // PPO["epochs"]):
        batch = list(rollouts(shape, iteration))
        old, targets = [], []
        with torch.no_grad():
            for query, response, score in batch:
                logprobs, values = scored(model, query, response)
                rewards = -PPO["beta"] * (logprobs - scored(reference, query, response)[0]).double()
                rewards[-1] += score.double()
                old.append((logprobs, values))
                targets.append(gae(rewards, values.double()))
        everything = torch.cat(targets)
        scale = torch.rsqrt(everything.var() + 1e-8)
        for _ in range(PPO["epochs"]):
            policy, value = [], []
            for (query, response, _score), (old_logprobs, old_values), advantages in zip(batch, old, targets):
                logprobs, values = scored(model, query, response)
                ratio = (logprobs - old_logprobs).exp()
                wanted = (advantages - everything.mean()) * scale
                clipped = ratio.clamp(1 - PPO["clip"], 1 + PPO["clip"])
                policy.append(torch.maximum(-wanted * ratio, -wanted * clipped))
                returns = advantages + old_values
                near = torch.minimum(torch.maximum(values, old_values - PPO["valueClip"]), old_values + PPO["valueClip"])
                value.append(torch.maximum((values - returns) ** 2, (near - returns) ** 2))
            loss = torch.cat(policy).mean() + PPO["valueCoefficient"] * 0.5 * torch.cat(value).mean()
            steps.append(model.step(loss))
    return steps


def main():
    torch.set_num_threads(1)
    golden = dict(
        torch=torch.__version__, transformers=transformers.__version__, steps=STEPS, rows=ROWS, optimizer=OPTIMIZER, ppo=PPO, dpo=DPO
    )
    golden["trainings"] = {}
    for shape in SHAPES:
        golden["trainings"][shape] = {
            training.__name__: [[float(f"{x:.9g}") for x in pair] for pair in training(shape)]
            for training in (sft, reward, ppo, dpoSigmoid, dpoSmoothed, dpoHinge, dpoIpo)
        }
    (HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
