"""Plays a training of a trainer without training: its logs, its event files, its checkpoints, from its command line.

In the environment, SALSA_PLAY_SECONDS is the time of a step, SALSA_PLAY_FAIL_AT the step at which it dies, and
SALSA_PLAY_NAN makes the saved model hold one number that is none. Where SALSA_PLAY names a file, that is a JSON object of
such variables by a part of the saved model's path, read before each step, and each start is noted in a file beside it; a
training waits at the step SALSA_PLAY_HOLD_AT until that is another one.
"""

import array
import json
import math
import os
import shutil
import struct
import sys
import time

CARRIED = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json")


def note_start(output):
    if "SALSA_PLAY" in os.environ:
        with open(os.environ["SALSA_PLAY"] + ".started", "a") as file:
            file.write(output + "\n")


def read_orders(output):
    path = os.environ.get("SALSA_PLAY")
    if path is None or not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        for part, variables in json.load(file).items():
            if part in output:
                os.environ.update(variables)


def flags(argv):
    found, name = {}, None
    for word in argv:
        if word.startswith("--"):
            name = word[2:]
            found[name] = []
        else:
            found[name].append(word)
    return {key: True if not words else words[0] if len(words) == 1 else words for key, words in found.items()}


def info(file, text):
    """As logging_utils of OpenRLHF and Molt write."""
    print("INFO %s %s:1] %s" % (time.strftime("%m-%d %H:%M:%S"), file, text), flush=True)


# Event files of TensorBoard, as torch.utils.tensorboard writes them.

TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    TABLE.append(byte)


def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


class Events:
    def __init__(self, folder, name):
        folder = os.path.join(folder, name)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "events.out.tfevents.%d.host.%d.0" % (time.time_ns() // 1000, os.getpid()))
        self.file = open(path, "wb")
        self.record(0, field(3, b"brain.Event:2"))

    def record(self, step, content):
        data = b"\x09" + struct.pack("<d", time.time()) + b"\x10" + varint(step) + content
        head = struct.pack("<Q", len(data))
        self.file.write(head + masked(head) + data + masked(data))
        self.file.flush()

    def add_scalar(self, tag, value, step):
        self.record(step, field(5, field(1, field(1, tag.encode()) + b"\x15" + struct.pack("<f", value))))

    def add_text(self, tag, text, step):
        shape = field(2, field(2, b"\x08\x01"))
        tensor = b"\x08\x07" + shape + field(8, text.encode())
        metadata = field(9, field(1, field(1, b"text")))
        value = field(1, (tag + "/text_summary").encode()) + metadata + field(8, tensor)
        self.record(step, field(5, field(1, value)))


# Checkpoints, as trainers write them: bf16, the class's own name in config.json where it has one.


def read_safetensors(folder):
    tensors = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".safetensors"):
            continue
        with open(os.path.join(folder, name), "rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
            start = file.tell()
            for key, entry in header.items():
                if key == "__metadata__":
                    continue
                begin, end = entry["data_offsets"]
                file.seek(start + begin)
                tensors[key] = (entry["shape"], to_bf16(entry["dtype"], file.read(end - begin)))
    return tensors


def to_bf16(dtype, data):
    if dtype == "BF16":
        return data
    assert dtype == "F32", dtype
    bits = array.array("I", data)
    return array.array("H", [(b + 0x7FFF + (b >> 16 & 1)) >> 16 for b in bits]).tobytes()


def write_safetensors(path, tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for key, (shape, data) in tensors.items():
        header[key] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, data in tensors.values():
            file.write(data)


def save_model(source, folder, model_class=None):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(source, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    tensors = read_safetensors(source)
    config.pop("torch_dtype", None)
    config.update(dtype="bfloat16", transformers_version="5.15.0")
    if model_class is not None:
        tensors.pop("lm_head.weight", None)
        width = config["hidden_size"]
        tensors["score.weight"] = ([1, width], array.array("H", [0x3C00] * width).tobytes())
        eos = config.get("eos_token_id")
        config.update(architectures=[model_class], normalize_reward=False, value_head_prefix="score", mean=0.25, std=1.5)
        # As get_tokenizer does for a tokenizer without padding.
        config["pad_token_id"] = eos[0] if isinstance(eos, list) else eos
    if os.environ.get("SALSA_PLAY_NAN"):
        shape, data = tensors["model.norm.weight"]
        tensors["model.norm.weight"] = (shape, struct.pack("<H", 0x7FC0) + data[2:])
    # In two shards, as transformers does for large models.
    names = list(tensors)
    halves = [names[: len(names) // 2], names[len(names) // 2 :]]
    files = ["model-0000%d-of-00002.safetensors" % number for number in (1, 2)]
    for file, half in zip(files, halves):
        write_safetensors(os.path.join(folder, file), {name: tensors[name] for name in half})
    index = {"metadata": {}, "weight_map": {name: file for file, half in zip(files, halves) for name in half}}
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
        json.dump(index, file)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=2)
    for name in CARRIED:
        if os.path.exists(os.path.join(source, name)):
            shutil.copy(os.path.join(source, name), folder)


class Training:
    """Steps with their logs and checkpoints, up to the saved model."""

    # Of a rollout, and of a checkpoint's model below the others.
    sample = "Sample:\\n%s\\n\\nReward: %.4f"
    policy = "%s_hf"

    def __init__(self, args, is_ppo=False, model_class=None):
        self.args, self.model_class = args, model_class
        self.source = args.get("actor.model_name_or_path") or args["model.model_name_or_path"]
        note_start(args["ckpt.output_dir"])
        # PPO saves policy and critic side by side.
        names = ["_actor", "_critic"] if is_ppo else [""]
        self.checkpoints = [os.path.join(args["ckpt.path"], name) for name in names]
        self.events = Events(args["logger.tensorboard_dir"], args["logger.wandb.run_name"])
        dataset = args.get("data.dataset") or args["data.prompt_dataset"]
        with open(dataset, encoding="utf-8") as file:
            self.rows = [json.loads(line) for line in file]

    def first(self):
        latest = os.path.join(self.checkpoints[0], "latest")
        if self.args.get("ckpt.load_enable") and os.path.exists(latest):
            with open(latest) as file:
                step = int(file.read().strip()[len("global_step") :])
            print("Loaded the checkpoint: %s, step %d" % (self.checkpoints[0], step), flush=True)
            return step + 1
        return 1

    def run(self, total, scalars_of, sample_of=None):
        for step in range(self.first(), total + 1):
            read_orders(self.args["ckpt.output_dir"])
            while step == int(os.environ.get("SALSA_PLAY_HOLD_AT", "0")):
                time.sleep(0.1)
                read_orders(self.args["ckpt.output_dir"])
            time.sleep(float(os.environ.get("SALSA_PLAY_SECONDS", "0")))
            if step == int(os.environ.get("SALSA_PLAY_FAIL_AT", "0")):
                raise RuntimeError("CUDA out of memory")
            if step % int(self.args["logger.logging_steps"]) == 0:
                for tag, value in scalars_of(step).items():
                    self.events.add_scalar(tag, value, step)
                if sample_of is not None:
                    text, reward = sample_of(step)
                    self.events.add_text("train/generated_samples", self.sample % (text, reward), step)
            if step % int(self.args["ckpt.save_steps"]) == 0:
                self.save_checkpoint(step)
        save_model(self.source, self.args["ckpt.output_dir"], self.model_class)

    def save_checkpoint(self, step):
        tag = "global_step%d" % step
        for folder in self.checkpoints:
            os.makedirs(os.path.join(folder, tag), exist_ok=True)
            with open(os.path.join(folder, "latest"), "w") as file:
                file.write(tag)
        if self.args.get("ckpt.save_hf"):
            save_model(self.source, os.path.join(self.args["ckpt.path"], self.policy % tag), self.model_class)


def steps_of(training):
    args = training.args
    return int(args["train.max_epochs"]) * len(training.rows) // int(args["train.batch_size"])


def decay(step):
    return math.exp(-step / 8)
