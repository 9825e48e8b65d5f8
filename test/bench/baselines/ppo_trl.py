"""One PPO iteration with TRL 0.11.4's PPOTrainer on two CPU threads: generation, scoring and two epochs.

Policy (value head on a shared trunk), reference and reward model have the demo's shape: 2 layers,
width 64, 4 heads, gated MLP of 152, vocabulary 64, 99,648 parameters. 128 rollouts of 12 query and
at most 12 response tokens, sampled at temperature 1 with neither top-k nor top-p.
Prints one JSON line. Arguments: warm-up iterations, timed iterations, minibatch.
"""

import json
import os
import statistics
import sys
import time
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

import tokenizers
import torch
import transformers
import trl
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, PreTrainedTokenizerFast
from trl import AutoModelForCausalLMWithValueHead, PPOConfig, PPOTrainer

VOCABULARY, ROLLOUTS, EPOCHS, QUERY, RESPONSE = 64, 128, 2, 12, 12
PARAMETERS = 99_648
THREADS = 2
PAD, EOS = 0, 1


def llama_config() -> LlamaConfig:
    return LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=152,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=QUERY + RESPONSE,
        pad_token_id=PAD,
        eos_token_id=EOS,
        bos_token_id=None,
        tie_word_embeddings=False,
        num_labels=1,
    )


def word_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer of 64 words: the trainer only pads with it."""
    words = {"<pad>": PAD, "<eos>": EOS} | {f"w{i}": i for i in range(2, VOCABULARY)}
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="<pad>"))
    return PreTrainedTokenizerFast(tokenizer_object=model, pad_token="<pad>", eos_token="<eos>", padding_side="left")


def build_trainer(minibatch: int) -> PPOTrainer:
    config = PPOConfig(
        batch_size=ROLLOUTS,
        mini_batch_size=minibatch,
        ppo_epochs=EPOCHS,
        learning_rate=2e-4,
        init_kl_coef=0.2,
        seed=1,
        remove_unused_columns=False,
    )
    policy = LlamaForCausalLM(llama_config())
    count = sum(p.numel() for p in policy.parameters())
    assert count == PARAMETERS, f"{count} parameters, not {PARAMETERS}"
    reference = LlamaForCausalLM(llama_config())
    reference.load_state_dict(policy.state_dict())
    wrap = AutoModelForCausalLMWithValueHead.from_pretrained
    return PPOTrainer(config, wrap(policy), wrap(reference), word_tokenizer())


@torch.no_grad()
def score(reward: LlamaForSequenceClassification, queries: list, responses: list) -> list:
    """Scores of query + response, padded on the right as the head expects."""
    sequences = [torch.cat(pair) for pair in zip(queries, responses)]
    ids = torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True, padding_value=PAD)
    scores = reward(input_ids=ids, attention_mask=(ids != PAD).long()).logits[:, 0]
    return list(scores)


def main(warmup: int, iterations: int, minibatch: int) -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    trainer = build_trainer(minibatch)
    reward = LlamaForSequenceClassification(llama_config()).eval()
    sampling = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "max_new_tokens": RESPONSE}

    samples, parts, tokens = [], {"generate": [], "score": [], "step": []}, 0
    for iteration in range(warmup + iterations):
        queries = list(torch.randint(2, VOCABULARY, (ROLLOUTS, QUERY)))
        start = time.perf_counter()
        responses = trainer.generate(
            queries, batch_size=ROLLOUTS, return_prompt=False, pad_token_id=PAD, eos_token_id=EOS, **sampling
        )
        generated = time.perf_counter()
        scores = score(reward, queries, responses)
        scored = time.perf_counter()
        trainer.step(queries, responses, scores)
        end = time.perf_counter()
        if iteration < warmup:
            continue
        tokens += sum(len(response) for response in responses)
        samples.append((end - start) * 1000)
        for part, seconds in zip(parts, (generated - start, scored - generated, end - scored)):
            parts[part].append(seconds * 1000)
    report = {
        "ms": statistics.median(samples),
        "minMs": min(samples),
        "parts": {part: statistics.median(values) for part, values in parts.items()},
        "meanResponse": tokens / (ROLLOUTS * iterations),
        "threads": torch.get_num_threads(),
        "versions": {
            "torch": torch.__version__,
            "trl": trl.__version__,
            "transformers": transformers.__version__,
            "python": sys.version.split()[0],
        },
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
