# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""TRL's own GRPOTrainer on a tiny random model: 20 steps over two contexts."""
import collections
import os

import numpy as np
import pytest

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="", TQDM_DISABLE="1")
torch = pytest.importorskip("torch")
trl_package = pytest.importorskip("trl")
transformers = pytest.importorskip("transformers")
datasets = pytest.importorskip("datasets")

from dag_games import trl  # noqa: E402
import dag_games as dag  # noqa: E402

LETTERS = "0123456789abcdefgq=:?"
FORMS = ["{}=", "q{}?"]


def tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    vocabulary = {"<pad>": 0, "<eos>": 1, "<unk>": 2, **{c: i + 3 for i, c in enumerate(LETTERS)}}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    words.decoder = decoders.Fuse()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>",
                                                unk_token="<unk>", padding_side="left")


def tiny_model(size, seed=1):
    torch.manual_seed(seed)
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=64, pad_token_id=0, eos_token_id=1, bos_token_id=None,
        tie_word_embeddings=False, initializer_range=0.2))


def questions(count):
    return datasets.Dataset.from_list([dict(prompt=form.format(q), question_id=f"q{q}", context_id=f"c{c}")
                                       for q in range(count) for c, form in enumerate(FORMS)])


def agreement(model, words, rows):
    """Mean chance that the first tokens of the two contexts are the same, exactly."""
    found = collections.defaultdict(list)
    for row in rows:
        with torch.no_grad():
            logits = model(torch.tensor([words(row["prompt"])["input_ids"]])).logits[0, -1]
        found[row["question_id"]].append(torch.softmax(logits.double(), -1))
    return float(np.mean([float((a * b).sum()) for a, b in found.values()]))


def run(folder, base=None, reward=None, steps=20, count=4, **settings):
    words = tokenizer()
    model, rows = tiny_model(len(words)), questions(count)
    before = agreement(model, words, rows)
    reward = reward or trl.reward("coherence", "regex:^(.)", estimator="plug-in", contexts=2, samples=8)
    arguments = dict(output_dir=str(folder), use_cpu=True, per_device_train_batch_size=64, num_generations=8,
                     generation_batch_size=64, max_completion_length=2, max_steps=steps, learning_rate=5e-3,
                     lr_scheduler_type="constant", scale_rewards="none", loss_type="dr_grpo", beta=0.0,
                     logging_steps=1, report_to="none", save_strategy="no", disable_tqdm=True, seed=1, bf16=False)
    arguments.update(settings)
    trainer = (base or trl.trainer_class())(model=model, processing_class=words, reward_funcs=[reward],
                                            args=trl_package.GRPOConfig(**arguments), train_dataset=rows)
    trainer.train()
    return before, agreement(model, words, rows), trainer


def test_twenty_steps_raise_the_agreement(tmp_path):
    before, after, trainer = run(tmp_path)
    log = [entry for entry in trainer.state.log_history if "dag/dead_groups" in entry]
    assert len(log) == 20
    assert all(entry["dag/single_context_questions"] == 0 for entry in log)
    assert after > 2 * before


def test_signals_replace_the_group_mean(tmp_path):
    """The trainer's advantages are the signals, row by row."""
    seen = []
    reward = trl.reward("coherence", "regex:^(.)", estimator="aqp", contexts=2, samples=8, advantage="signal")

    class Watched(trl.trainer_class()):
        def _generate_and_score_completions(self, inputs):
            output = super()._generate_and_score_completions(inputs)
            texts = self.processing_class.batch_decode(output["completion_ids"], skip_special_tokens=True)
            rows = [(i["question_id"], i["context_id"]) for i in inputs]
            want = dag.Groups([r[0] for r in rows], [r[1] for r in rows], dag.extract(texts, "regex:^(.)"))
            np.testing.assert_array_equal(output["advantages"].numpy(),
                                          want.signals("coherence", "aqp").astype(np.float32))
            seen.append(len(rows))
            return output

    run(tmp_path, Watched, reward, steps=2)
    assert seen == [64, 64]


def test_evaluation_keeps_questions_whole(tmp_path):
    words = tokenizer()
    rows = questions(4)
    reward = trl.reward("coherence", "regex:^(.)", contexts=2, samples=8)
    args = trl_package.GRPOConfig(output_dir=str(tmp_path), use_cpu=True, per_device_train_batch_size=64,
                                  per_device_eval_batch_size=32, num_generations=8, generation_batch_size=64,
                                  max_completion_length=2, max_steps=1, report_to="none", save_strategy="no",
                                  scale_rewards="none", bf16=False, disable_tqdm=True)
    trainer = trl.trainer_class()(model=tiny_model(len(words)), processing_class=words, reward_funcs=[reward], args=args,
                                  train_dataset=rows, eval_dataset=rows)
    assert "eval_reward" in trainer.evaluate()
    sampler = trl.QuestionSampler(rows, 4, 8, seed=3)
    first, second = list(sampler), list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) == second != first


def test_its_own_shuffling_is_refused(tmp_path):
    """Without the sampler TRL cuts questions apart; the reward says so by name instead of training on noise."""
    with pytest.raises(dag.Error, match="is not complete"):
        run(tmp_path, trl_package.GRPOTrainer, steps=3, count=16)


def test_several_rewards(tmp_path):
    def length(completions, **_):
        return [float(len(c)) for c in completions]

    words = tokenizer()
    reward = trl.reward("coherence", "regex:^(.)", contexts=2, samples=8)
    args = trl_package.GRPOConfig(output_dir=str(tmp_path), use_cpu=True, per_device_train_batch_size=64,
                                  num_generations=8, generation_batch_size=64, max_completion_length=2, max_steps=1,
                                  report_to="none", save_strategy="no", scale_rewards="none", bf16=False,
                                  disable_tqdm=True)
    trainer = trl.trainer_class()(model=tiny_model(len(words)), processing_class=words,
                                  reward_funcs=[reward, length], args=args, train_dataset=questions(4))
    trainer.train()
    assert "rewards/length/mean" in trainer.state.log_history[0]


def test_ranks_give_the_same_bits(tmp_path):
    import json
    import pathlib
    import subprocess
    import sys
    rng = np.random.default_rng(5)
    rows = [(f"q{q}", f"c{c}", str(rng.integers(0, 5))) for q in range(4) for c in range(4) for _ in range(8)]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    found = []
    for ranks in (1, 2, 4, 8):
        out = tmp_path / f"{ranks}.json"
        subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={ranks}",
                        str(pathlib.Path(__file__).parent / "ranks.py"), str(tmp_path / "rows.json"), str(out)],
                       check=True, capture_output=True, timeout=300,
                       env={**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"})
        found.append(json.loads(out.read_text()))
    want = dag.Groups(*map(list, zip(*rows))).rewards("coherence + 0.1*entropy")
    assert found[0][0] == want.reward.tolist()
    assert all(f == found[0] for f in found[1:])
