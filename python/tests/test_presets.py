# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Every preset pinned to a trainer's version against that trainer's own code: value and gradient in float64, advantages
as its own functions give them. The table of docs/presets.md is what `python python/tests/test_presets.py` prints."""
import collections
import importlib
import importlib.util
import pathlib
import sys
import types
import warnings

import numpy as np
import pytest

import dag_games as dag

warnings.simplefilter("ignore")
ROWS = dag.presets()
SEQUENCES, TOKENS, LENGTH = 8, 6, 9
VERSIONS = {"trl": "trl", "verl": "verl", "openrlhf": "openrlhf"}


def package(peer):
    return pytest.importorskip(VERSIONS[peer], exc_type=ImportError)


def batch(seed=3, spread=0.5):
    """Eight sequences of up to six tokens, one of them without any; ratios on both sides of every clip."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    old = -3 * rng.random((SEQUENCES, TOKENS)) - 0.05
    made = dict(old=old, log_prob=np.minimum(old + spread * rng.normal(size=old.shape), -1e-3),
                reference=old + 0.3 * rng.normal(size=old.shape), entropy=2 * rng.random(old.shape),
                advantage=rng.normal(size=SEQUENCES))
    length = rng.integers(1, TOKENS + 1, SEQUENCES)
    length[2] = 0
    mask = (np.arange(TOKENS)[None] < length[:, None])
    made = {name: torch.tensor(value) for name, value in made.items()}
    made["log_prob"].requires_grad_(True)
    made["entropy"].requires_grad_(True)
    return made, torch.tensor(mask)


def ours(row, made, mask, **options):
    if row.name == "clip_cov":  # all of the band: fewer are drawn by torch's generator
        options.setdefault("cov_ratio", 1.0)
        options.setdefault("clip_cov_low", 0.1)
    if row.loss.get("aggregation") == "sequence_mean_fixed":
        options["fixed_length"] = float(LENGTH)
    gradient, numbers = dag.policy_loss(
        row, made["log_prob"].detach().numpy(), made["advantage"].numpy(), mask=mask.numpy().astype(np.uint8),
        old_log_prob=made["old"].numpy(), reference_log_prob=made["reference"].numpy(),
        entropy=made["entropy"].detach().numpy(), **options)
    return numbers["loss"], gradient, numbers.get("entropy_gradient")


# --- TRL: the trainer's own _compute_loss, on given log-probabilities -----------------------------------------------
class Alone:
    """accelerate's Accelerator with one process."""
    num_processes, is_main_process, sync_gradients = 1, True, True

    def gather(self, x):
        return x

    gather_for_metrics = gather

    def reduce(self, x, reduction="sum"):
        return x

    def pad_across_processes(self, x, dim=0, pad_index=0):
        return x


def trl_loss(row, made, mask, settings=None):
    torch = pytest.importorskip("torch")
    from trl import GRPOConfig, GRPOTrainer
    if row.name == "rloo":
        from trl import RLOOTrainer
        trainer = RLOOTrainer.__new__(RLOOTrainer)
    else:
        trainer = GRPOTrainer.__new__(GRPOTrainer)
    words = dict(w.split("=") for w in row.setting.replace(";", " ").split() if "=" in w)
    given = dict(loss_type=words.get("loss_type", "dapo"), epsilon=float(words.get("epsilon", 0.2)),
                 epsilon_high=float(words["epsilon_high"]) if "epsilon_high" in words else None,
                 importance_sampling_level=words.get("importance_sampling_level", "token"),
                 delta=float(words["delta"]) if "delta" in words else None, max_completion_length=LENGTH)
    given.update(settings or {})
    args = GRPOConfig(output_dir="unused", bf16=False, report_to="none", use_cpu=True, **given)
    args.steps_per_generation = 1
    trainer.__dict__.update(
        args=args, accelerator=Alone(), model=types.SimpleNamespace(training=True), beta=args.beta,
        loss_type=args.loss_type, epsilon_low=args.epsilon,
        epsilon_high=args.epsilon if args.epsilon_high is None else args.epsilon_high,
        importance_sampling_level=args.importance_sampling_level, max_completion_length=LENGTH,
        top_entropy_quantile=args.top_entropy_quantile, off_policy_mask_threshold=None, use_vllm=False,
        vllm_importance_sampling_correction=False, aux_loss_enabled=False, current_gradient_accumulation_steps=1,
        entropy_coef=args.entropy_coef, use_adaptive_entropy=args.use_adaptive_entropy,
        _entropy_bonus_enabled=args.entropy_coef != 0, _last_world_entropy=float("inf"), _entropy_window_stats=None,
        _metrics={"train": collections.defaultdict(list)})
    trainer._get_per_token_logps_and_entropies = lambda *a, **k: (made["log_prob"], made["entropy"], None)
    ids = torch.zeros(mask.shape, dtype=torch.long)
    counted = mask.to(torch.float64)
    loss = trainer._compute_loss(None, dict(
        prompt_ids=ids[:, :1], prompt_mask=ids[:, :1], completion_ids=ids, completion_mask=counted,
        advantages=made["advantage"], old_per_token_logps=made["old"], old_logps=(made["old"] * counted).sum(1),
        ref_per_token_logps=made["reference"], num_items_in_batch=counted.sum()))
    loss.backward()
    return float(loss.detach()), made["log_prob"].grad.numpy(), made["entropy"].grad


# --- verl -----------------------------------------------------------------------------------------------------------
def verl_config(row):
    from verl.workers.config import ActorConfig
    words = dict(w.split("=") for w in row.setting.replace(";", " ").split() if "=" in w)
    config = ActorConfig(strategy="fsdp", rollout_n=1, ppo_micro_batch_size_per_gpu=1,
                         clip_ratio=float(words.get("clip_ratio", 0.2)),
                         clip_ratio_low=float(words.get("clip_ratio_low", words.get("clip_ratio", 0.2))),
                         clip_ratio_high=float(words.get("clip_ratio_high", words.get("clip_ratio", 0.2))))
    if row.name == "clip_cov":
        object.__setattr__(config.policy_loss, "clip_cov_ratio", 1.0)
        object.__setattr__(config.policy_loss, "clip_cov_lb", 0.1)
    if "dro_beta" in words:
        object.__setattr__(config.policy_loss, "dro_beta", float(words["dro_beta"]))
    if words.get("loss_agg_mode") == "seq-mean-token-sum-norm":
        object.__setattr__(config, "global_batch_info", {"loss_scale_factor": LENGTH})
    return config, words


def verl_loss(row, made, mask):
    from verl.trainer.ppo import core_algos
    config, words = verl_config(row)
    run = core_algos.get_policy_loss_fn(words.get("loss_mode", "vanilla"))
    loss, _ = run(old_log_prob=made["old"], log_prob=made["log_prob"],
                  advantages=made["advantage"][:, None].expand(SEQUENCES, TOKENS), response_mask=mask.double(),
                  loss_agg_mode=words.get("loss_agg_mode", "token-mean"), config=config)
    loss.backward()
    return float(loss.detach()), made["log_prob"].grad.numpy(), None


# --- OpenRLHF: its loss alone; its package imports flash_attn --------------------------------------------------------
def openrlhf_module(name):
    root = package("openrlhf")
    if "openrlhf.models" not in sys.modules:
        stub = types.ModuleType("openrlhf.models")
        stub.__path__ = [str(pathlib.Path(root.__file__).parent / "models")]
        sys.modules["openrlhf.models"] = stub
    absent = "deepspeed" not in sys.modules and importlib.util.find_spec("deepspeed") is None
    if absent:  # imported at its top, not used by the losses
        sys.modules["deepspeed"] = types.ModuleType("deepspeed")
    try:
        return importlib.import_module(f"openrlhf.models.{name}")
    except ImportError as error:
        pytest.skip(f"openrlhf.models.{name}: {error}")
    finally:
        if absent:
            del sys.modules["deepspeed"]


def openrlhf_loss(row, made, mask):
    low, high = (3e-4, 4e-4) if row.name == "gspo" else (0.2, 0.2)
    run = openrlhf_module("loss").PolicyLoss(low, high, dual_clip=3 if row.name == "dual_clip" else None,
                                             policy_loss_type="gspo" if row.name == "gspo" else "ppo")
    loss = run(made["log_prob"], made["old"], made["advantage"][:, None].expand(SEQUENCES, TOKENS), mask.double())[0]
    loss.backward()
    return float(loss.detach()), made["log_prob"].grad.numpy(), None


def differences(row, seed=3, spread=0.5):
    """|difference| of value and gradient, relative to the size of the peer's."""
    made, mask = batch(seed, spread)
    package(row.peer)
    value, gradient, _ = {"trl": trl_loss, "verl": verl_loss, "openrlhf": openrlhf_loss}[row.peer](row, made, mask)
    own_value, own_gradient, _ = ours(row, made, mask)
    if row.name == "rloo" and row.peer == "trl":
        # A sequence without a token has ratio 1 there and adds -A / B, which has no slope; here it adds nothing.
        own_value += float(-made["advantage"][mask.sum(1) == 0].sum()) / SEQUENCES
    scale = max(float(np.abs(gradient).max()), 1e-12)
    assert scale > 1e-6, "the peer's gradient is zero: nothing is compared"
    return abs(value - own_value) / max(1.0, abs(value)), float(np.abs(gradient - own_gradient).max()) / scale


@pytest.mark.parametrize("spread", [0.02, 0.5, 3.0])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_loss_and_gradient(row, spread):
    value, gradient = differences(row, spread=spread)
    assert value < 1e-6 and gradient < 1e-6, (value, gradient)  # verl adds 1e-8 to denominators


@pytest.mark.parametrize("share", [2e-4, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_verl_kl_cov(share, seed):
    """The tokens of largest covariance, each share of them; no two are equal here."""
    package("verl")
    from verl.trainer.ppo import core_algos
    made, mask = batch(seed)
    row = dag.presets("verl", "0.9", "kl_cov")
    config, _ = verl_config(row)
    object.__setattr__(config.policy_loss, "kl_cov_ratio", share)
    object.__setattr__(config.policy_loss, "ppo_kl_coef", 0.7)
    loss, _ = core_algos.get_policy_loss_fn("kl_cov")(
        old_log_prob=made["old"], log_prob=made["log_prob"], advantages=made["advantage"][:, None].expand(SEQUENCES, TOKENS),
        response_mask=mask.double(), loss_agg_mode="token-mean", config=config)
    loss.backward()
    value, gradient, _ = ours(row, made, mask, cov_ratio=share, kl_cov_coef=0.7)
    assert abs(value - float(loss.detach())) < 1e-8
    np.testing.assert_allclose(gradient, made["log_prob"].grad.numpy(), rtol=0, atol=1e-8)


@pytest.mark.parametrize("share", [2e-4, 0.1])
def test_verl_clip_cov_draws_as_many(share):
    """Another draw, but as many tokens, out of the same."""
    package("verl")
    import torch
    from verl.trainer.ppo import core_algos
    made, mask = batch(2)
    row = dag.presets("verl", "0.9", "clip_cov")
    config, _ = verl_config(row)
    run = core_algos.get_policy_loss_fn("clip_cov")

    def theirs(ratio):
        object.__setattr__(config.policy_loss, "clip_cov_ratio", ratio)
        loss, _ = run(old_log_prob=made["old"], log_prob=made["log_prob"],
                      advantages=made["advantage"][:, None].expand(SEQUENCES, TOKENS), response_mask=mask.double(),
                      loss_agg_mode="token-mean", config=config)
        return torch.autograd.grad(loss, made["log_prob"])[0].numpy()

    plain = ours(dag.presets("verl", "0.9", "grpo"), made, mask, surrogate="clip")[1]
    dropped = plain != ours(row, made, mask, cov_ratio=share)[1]
    all_of_them = plain != ours(row, made, mask)[1]
    assert dropped.sum() == (np.abs(plain - theirs(share)) > 1e-6).sum() >= 1
    np.testing.assert_array_equal(all_of_them, np.abs(plain - theirs(1.0)) > 1e-6)
    assert not (dropped & ~all_of_them).any()


@pytest.mark.parametrize("options,settings", [
    (dict(beta=0.3), dict(beta=0.3)),
    (dict(beta=0.3, kl_times_ratio=False), dict(beta=0.3, use_bias_correction_kl=False)),
    (dict(top_entropy_quantile=0.4), dict(top_entropy_quantile=0.4)),
    (dict(entropy_coef=0.2), dict(entropy_coef=0.2)),
    (dict(entropy_coef=0.2, top_entropy_quantile=0.3, beta=0.1),
     dict(entropy_coef=0.2, top_entropy_quantile=0.3, beta=0.1))], ids=str)
@pytest.mark.parametrize("name", ["grpo", "dapo", "dr_grpo", "sapo"])
def test_trl_extras(name, options, settings):
    package("trl")
    made, mask = batch(5)
    row = dag.presets("trl", "1.16", name)
    value, gradient, by_entropy = trl_loss(row, made, mask, settings)
    own_value, own_gradient, own_by_entropy = ours(row, made, mask, **options)
    exact = 1e-7 if name == "sapo" else 1e-12  # its temperatures are float32 there
    assert abs(value - own_value) < exact
    np.testing.assert_allclose(own_gradient, gradient, rtol=0, atol=exact)
    if "entropy_coef" in options:
        np.testing.assert_allclose(own_by_entropy, by_entropy.numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["dapo", "bnpo", "dr_grpo", "cispo"])
def test_trl_with_one_ratio_a_sequence(name):
    """Refused unless asked for, since sequences then count by their length; asked for, it is TRL's number."""
    package("trl")
    row = dag.presets("trl", "1.16", name)
    made, mask = batch(7)
    with pytest.raises(dag.Error, match="length_weighted"):
        ours(row, made, mask, ratio="sequence")
    value, gradient, _ = trl_loss(row, made, mask, dict(importance_sampling_level="sequence"))
    own_value, own_gradient, _ = ours(row, made, mask, ratio="sequence", length_weighted=True)
    assert abs(value - own_value) < 1e-12
    np.testing.assert_allclose(own_gradient, gradient, rtol=0, atol=1e-12)


def test_bias_corrected_kl_with_a_sequence_ratio_differs():
    """TRL weighs each token's penalty by the sequence's ratio, which is biased (TRL#6586); here by the token's own."""
    package("trl")
    row = dag.presets("trl", "1.16", "gspo")
    made, mask = batch(9)
    value, _, _ = trl_loss(row, made, mask, dict(beta=0.3))
    own_value, _, _ = ours(row, made, mask, beta=0.3)
    assert abs(value - own_value) > 1e-4


@pytest.mark.parametrize("ours_name,theirs", [("k1+", "k1+"), ("k2", "k2"), ("k3", "k3"), ("abs", "abs"), ("k3+", "k3+")])
def test_verl_kl(ours_name, theirs):
    package("verl")
    import torch
    from verl.trainer.ppo import core_algos
    made, mask = batch(11)
    row = dag.presets("verl", "0.9", "grpo")
    plain = ours(row, made, mask)
    with_kl = ours(row, made, mask, beta=1.0, kl=ours_name)
    penalty = core_algos.kl_penalty(made["log_prob"], made["reference"], theirs)
    want = core_algos.agg_loss(penalty, mask.double(), "token-mean")
    want.backward()
    assert abs(with_kl[0] - plain[0] - float(want.detach())) < 1e-12
    np.testing.assert_allclose(with_kl[1] - plain[1], made["log_prob"].grad.numpy(), rtol=0, atol=1e-12)
    assert torch.isfinite(want)


# --- advantages -----------------------------------------------------------------------------------------------------
SCORES = np.array([1, 0, 0, 0.5, 1, 1, 0, 1, 2, 2, 2, 2, 0.25, -1, 3, 0])
GROUPS = np.repeat(np.arange(4), 4)


def verl_advantage(row, scores):
    import torch
    from verl.trainer.ppo import core_algos
    length = 1 + np.arange(len(scores)) % 5
    mask = torch.tensor(np.arange(6)[None] < length[:, None]).double()
    rewards = torch.zeros_like(mask)
    rewards[np.arange(len(scores)), length - 1] = torch.tensor(scores)
    words = dict(w.split("=") for w in row.setting.replace(";", " ").split() if "=" in w)
    run = core_algos.get_adv_estimator_fn(words.get("adv_estimator", "grpo"))
    more = {"config": types.SimpleNamespace(gamma=1.0, get=lambda key, default=None: default)}
    if words.get("norm_adv_by_std_in_grpo") == "False":
        more["norm_adv_by_std_in_grpo"] = False
    if row.name != "reinforce_plus_plus":
        more["index"] = GROUPS
    a, _ = run(token_level_rewards=rewards, response_mask=mask, **more)
    return a[:, 0].numpy(), length.astype(np.float64)


@pytest.mark.parametrize("row", [r for r in ROWS if r.peer == "verl" and r.name != "gdpo"], ids=str)
def test_verl_advantages(row):
    package("verl")
    want, length = verl_advantage(row, SCORES)
    offsets = np.arange(0, len(SCORES) + 1, 4)
    got = dag.advantages(SCORES, offsets, row.advantage, lengths=length if row.advantage in (
        "opo", "reinforce-plus-plus", "reinforce-plus-plus-baseline") else None)
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)


def test_verl_gdpo():
    """Each reward by verl-grpo, their sum whitened over tokens."""
    package("verl")
    import torch
    from verl.trainer.ppo import core_algos
    both = np.stack([SCORES, 100 * np.sin(np.arange(16.0))])
    length = 1 + np.arange(16) % 5
    offsets = np.arange(0, 17, 4)
    mask = torch.tensor(np.arange(6)[None] < length[:, None]).double()
    prompts = torch.zeros(16, 2)
    batch = {"prompts": prompts, "attention_mask": torch.cat([torch.ones(16, 2), mask], 1).long()}
    config = {"gdpo_reward_keys": ["a", "b"], "gdpo_reward_weights": [1.0, 0.5]}
    want, _ = core_algos.compute_gdpo_outcome_advantage(
        torch.zeros_like(mask), mask, GROUPS, config=config, batch=batch, non_tensor_batch={"a": both[0], "b": both[1]})
    summed = sum(w * dag.advantages(r, offsets, "verl-grpo") for w, r in zip((1.0, 0.5), both))
    got = dag.advantages(summed, offsets, dag.presets("verl", "0.9", "gdpo").advantage, lengths=length.astype(np.float64))
    np.testing.assert_allclose(got, want[:, 0].numpy(), rtol=1e-5, atol=1e-5)


def trl_advantages(folder, columns, **settings):
    """TRL's own advantages of given rewards: what its _generate_and_score_completions returns."""
    import datasets
    import trl
    from test_trl import tiny_model, tokenizer
    seen = []

    class Watched(settings.pop("base", trl.GRPOTrainer)):
        def _generate_and_score_completions(self, inputs):
            output = super()._generate_and_score_completions(inputs)
            seen.append(output["advantages"].double().numpy())
            raise KeyboardInterrupt

    def make(k):
        def reward(completions, **_):
            return [None if np.isnan(v) else float(v) for v in columns[k][:len(completions)]]
        reward.__name__ = f"r{k}"
        return reward

    config = settings.pop("config", trl.GRPOConfig)
    words = tokenizer()
    rows = datasets.Dataset.from_list([dict(prompt=f"{i}=") for i in range(4)])
    args = config(output_dir=str(folder), use_cpu=True, per_device_train_batch_size=16, num_generations=4,
                  generation_batch_size=16, max_completion_length=2, max_steps=1, report_to="none", save_strategy="no",
                  bf16=False, disable_tqdm=True, beta=0.0, **settings)
    trainer = Watched(model=tiny_model(len(words)), processing_class=words, reward_funcs=[make(k) for k in range(len(columns))],
                      args=args, train_dataset=rows)
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    return seen[0]


@pytest.mark.parametrize("scale,kind", [("group", "trl-group"), ("batch", "trl-batch"), ("none", "trl-none")])
def test_trl_advantages(tmp_path, scale, kind):
    package("trl")
    scores = SCORES.copy()
    scores[[5, 12, 13, 14]] = np.nan  # one sample, and a group with one scored sample
    got = dag.advantages(scores, np.arange(0, 17, 4), kind)
    np.testing.assert_allclose(got, trl_advantages(tmp_path, [scores], scale_rewards=scale), rtol=2e-6, atol=2e-6)


def test_trl_rloo_and_gdpo(tmp_path):
    trl = package("trl")
    scores = SCORES.copy()
    scores[[5, 12, 13, 14]] = np.nan
    want = trl_advantages(tmp_path, [scores], base=trl.RLOOTrainer, config=trl.RLOOConfig)
    np.testing.assert_allclose(dag.advantages(scores, np.arange(0, 17, 4), "rloo-vectorized"), want, rtol=2e-6, atol=2e-6)
    both = np.stack([SCORES, 100 * np.sin(np.arange(16.0))])
    want = trl_advantages(tmp_path, both, multi_objective_aggregation="normalize_then_sum", reward_weights=[1.0, 0.5])
    np.testing.assert_allclose(dag.gdpo(both, np.arange(0, 17, 4), np.array([1.0, 0.5])), want, rtol=1e-5, atol=1e-5)


def test_openrlhf_group_norm():
    """Its formula, (r - mean) / (std + 1e-9), is in the middle of a method that needs Ray: read, and computed here."""
    rewards = SCORES.reshape(4, 4)
    want = (rewards - rewards.mean(1, keepdims=True)) / (rewards.std(1, ddof=1, keepdims=True) + 1e-9)
    np.testing.assert_allclose(dag.advantages(SCORES, np.arange(0, 17, 4), "group-norm"), want.ravel(), atol=1e-9)


def test_by_words():
    row = dag.presets("trl", "1.16.0", "dr_grpo")
    assert row.advantage == "trl-none" and str(row) == "trl-1.16/dr_grpo"
    assert dag.presets("verl", "0.9", "gdpo").normalize_then_sum
    assert len(dag.presets("verl")) > 10 and dag.presets("verl", "0.9.1", "dro").loss["dro_beta"] == 0.1
    for words, said in [(("trl", "1.17", "grpo"), "trl 1.16"), (("trl", "1.16", "gro"), "dr_grpo"), (("x",), "verl 0.9")]:
        with pytest.raises(dag.Error, match=said):
            dag.presets(*words)
    x = np.full((1, 2), -1.0)
    with pytest.raises(dag.Error, match="trl 1.16"):
        dag.policy_loss("trl-2.0/grpo", x, np.ones(1))
    with pytest.raises(dag.Error, match="no field is called 'epsilon'"):
        dag.policy_loss("grpo", x, np.ones(1), epsilon=0.1)
    with pytest.raises(dag.Error, match="aggregation must be one of"):
        dag.policy_loss("grpo", x, np.ones(1), aggregation="mean")
    with pytest.raises(dag.Error, match="offsets must run from 0"):
        dag.gdpo(x, np.array([0, 3]))
    with pytest.raises(dag.Error, match="gdpo: rewards must have two dimensions"):
        dag.gdpo(x[0], np.array([0, 2]))


def table(out):
    out("| preset | as the trainer is asked for it | advantage | loss | value | gradient |\n|---|---|---|---|---|---|")
    for row in ROWS:
        try:
            worst = np.max([differences(row, seed, spread) for seed in range(5) for spread in (0.02, 0.5, 3.0)], axis=0)
            numbers = [f"{v:.0e}" if v > 2e-15 else "0" for v in worst]
        except BaseException as error:  # pytest's own skip is one
            numbers = ["not compared", str(error)[:60]]
        advantage = ("each reward normalised, s their sum; " if row.normalize_then_sum else "") + row.advantage_formula
        out(f"| `{row}` | {row.setting} | {advantage} | {row.loss_formula} | {' | '.join(numbers)} |")


def main():
    """Prints the table, or writes it to where a page has it."""
    if len(sys.argv) == 1:
        table(print)
        return
    lines = []
    table(lines.append)
    page = pathlib.Path(sys.argv[1])
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    part = page.with_suffix(".part")
    part.write_text(before + BEGIN + "\n\n" + "\n".join(lines) + "\n\n" + END + rest.split(END)[1], encoding="utf-8")
    part.replace(page)


BEGIN, END = "<!-- made by scripts/trainers -->", "<!-- end of presets -->"
if __name__ == "__main__":
    main()
