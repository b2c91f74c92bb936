#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""TRL's GRPOTrainer rewarded for answering two phrasings of a question alike, without labels.

    python examples/python/trl_coherence.py                          # a tiny random model: shows that it runs
    python examples/python/trl_coherence.py --model FOLDER_OR_NAME   # your own, on your own questions: replace `questions`
"""
import argparse

from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig

from dag_games import trl as dag_trl


def tiny():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    letters = "0123456789 abcdefghijklmnopqrstuvwxyzWI?="
    words = Tokenizer(models.WordLevel({"<pad>": 0, "<eos>": 1, "<unk>": 2, **{c: i + 3 for i, c in enumerate(letters)}},
                                       unk_token="<unk>"))
    words.pre_tokenizer, words.decoder = pre_tokenizers.Split("", "isolated"), decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                                        num_attention_heads=2, num_key_value_heads=2, pad_token_id=0, eos_token_id=1,
                                        initializer_range=0.2, tie_word_embeddings=False)), tokenizer


parser = argparse.ArgumentParser()
parser.add_argument("--model")
parser.add_argument("--steps", type=int, default=20)
parser.add_argument("--out", default="trl_coherence")
options = parser.parse_args()

questions = Dataset.from_list([                      # one row a phrasing; the phrasings of a question share its name
    {"prompt": form.format(n), "question_id": f"double {n}", "context_id": form}
    for n in range(8) for form in ("What is twice {}? ", "I double {}: ")])
reward = dag_trl.reward("coherence", extract="regex:([0-9a-z])", contexts=2, samples=8, advantage="signal")
if options.model:
    model, tokenizer = AutoModelForCausalLM.from_pretrained(options.model), AutoTokenizer.from_pretrained(options.model)
else:
    model, tokenizer = tiny()
trainer = dag_trl.trainer_class()(
    model=model, processing_class=tokenizer, reward_funcs=[reward], train_dataset=questions,
    args=GRPOConfig(output_dir=options.out, num_generations=8, per_device_train_batch_size=32, generation_batch_size=32,
                    max_completion_length=4, max_steps=options.steps, learning_rate=1e-3, scale_rewards="none",
                    loss_type="dr_grpo", logging_steps=1, save_strategy="no", report_to="none", bf16=False))
trainer.train()
log = [entry for entry in trainer.state.log_history if "reward" in entry]
print(f"{len(log)} steps; questions torn apart: {max(float(e['dag/single_context_questions']) for e in log):g}")
