# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of rollouts split by engines: the bits of one process. Ray: a cluster of two nodes on this machine, a worker that is
killed in the middle, a node that goes."""
import os
import pathlib
import pickle
import signal
import time

import numpy as np
import pytest

import dag_games as dag
from dag_games.tables import QuestionRewards

SEED = 11


def rollouts(questions=40, contexts=3, samples=6):
    rng = np.random.default_rng(SEED)
    rows = [(f"q{q}", f"c{c}", None if rng.random() < 0.1 else str(rng.integers(0, 2 + q % 5)))
            for q in range(questions) for c in range(contexts) for _ in range(samples)]
    rng.shuffle(rows)
    question, context, answer = zip(*rows)
    return {"question_id": np.array(question), "context_id": np.array(context), "answer": np.array(answer, object),
            "row": np.arange(len(rows))}



def bits(table):
    order = np.argsort(np.asarray(table["row"]))
    return [np.asarray(table[name], np.float64)[order].tobytes() for name in ("reward", "advantage")]


SCORE = QuestionRewards("coherence + 0.1*entropy", contexts=3, samples=6)


def test_a_dict_of_columns():
    table = rollouts()
    found = SCORE(table)
    g = dag.Groups(list(table["question_id"]), list(table["context_id"]), list(table["answer"]))
    r = g.rewards("coherence + 0.1*entropy")
    assert np.asarray(found["reward"]).tobytes() == np.asarray(r.reward, np.float64).tobytes()
    assert np.asarray(found["advantage"]).tobytes() == np.asarray(r.advantage("trl-none"), np.float64).tobytes()
    assert np.isnan(found["reward"]).sum() == sum(a is None for a in table["answer"]) > 0
    assert "reward" not in table  # the caller's is as it was


def test_any_split_by_questions_has_the_same_bits():
    table = rollouts()
    whole = bits(SCORE(table))
    owner = np.array([sum(map(ord, q)) % 3 for q in table["question_id"]])
    parts = [SCORE({k: v[owner == p] for k, v in table.items()}) for p in range(3)]
    again = pickle.loads(pickle.dumps(SCORE))
    parts[1] = again({k: v[owner == 1][::-1] for k, v in table.items()})  # in another order
    assert bits({k: np.concatenate([p[k] for p in parts]) for k in parts[0]}) == whole


def test_texts_are_read():
    table = rollouts()
    texts = np.array([None if a is None else "so \\boxed{%s}" % a for a in table["answer"]], object)
    found = QuestionRewards("coherence + 0.1*entropy", text="completion", extract="boxed")({**table, "completion": texts})
    assert bits(found) == bits(SCORE(table))


def test_faults_are_named():
    table = rollouts()
    with pytest.raises(dag.Error, match="needs a column 'answer'; its columns: question_id, context_id, row"):
        SCORE({k: v for k, v in table.items() if k != "answer"})
    with pytest.raises(dag.Error, match="not complete"):
        SCORE({k: v[:-1] for k, v in table.items()})
    with pytest.raises(dag.Error, match="row 2 has no 'context_id'"):
        SCORE({**table, "context_id": np.array(["c", "c", None] + ["c"] * (len(table["row"]) - 3), object)})
    assert len(SCORE({k: v[:0] for k, v in table.items()})["reward"]) == 0


def test_pandas_and_arrow():
    pandas = pytest.importorskip("pandas")
    table = rollouts()
    frame = pandas.DataFrame(table)
    whole = bits(SCORE(table))
    assert bits(SCORE(frame)) == whole
    split = pandas.concat([SCORE(part) for _, part in frame.groupby("question_id")])
    assert bits(split) == whole
    pyarrow = pytest.importorskip("pyarrow")
    arrow = SCORE(SCORE(pyarrow.Table.from_pandas(frame)))  # columns that are there are replaced
    assert arrow.column_names[-2:] == ["reward", "advantage"]
    assert bits(arrow) == whole


def test_dask():
    pytest.importorskip("dask.dataframe")
    import dask
    import dask.dataframe as dd
    import pandas
    table = rollouts()
    frame = pandas.DataFrame({**table, "answer": table["answer"].astype(object)})
    with dask.config.set({"dataframe.convert-string": False, "scheduler": "threads"}):
        split = dd.from_pandas(frame, npartitions=4).shuffle("question_id").map_partitions(SCORE, meta=SCORE(frame.iloc[:0]))
        found = split.compute()
    assert bits(found) == bits(SCORE(table))


class KilledOnce:
    """Kills its own process at a question, once; what else it does is SCORE's."""

    def __init__(self, mark):
        self.mark, self.__name__ = mark, "killed_once"

    def __call__(self, table):
        if "q7" in list(table["question_id"]):
            try:
                os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                pass
            else:
                time.sleep(0.2)
                os.kill(os.getpid(), signal.SIGKILL)
        return SCORE(table)


def test_ray_on_two_nodes_with_a_worker_killed(tmp_path):
    ray = pytest.importorskip("ray")
    pytest.importorskip("pandas")
    from ray.cluster_utils import Cluster
    here = os.pathsep.join([str(pathlib.Path(dag.__file__).parent.parent), str(pathlib.Path(__file__).parent)])
    memory = 150 << 20
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": memory})
    try:
        cluster.add_node(num_cpus=1, object_store_memory=memory)
        ray.init(address=cluster.address, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": here}})
        assert len([n for n in ray.nodes() if n["Alive"]]) == 2
        ray.data.DataContext.get_current().enable_progress_bars = False
        table = rollouts()
        mark = tmp_path / "killed"
        rows = [dict(zip(table, row)) for row in zip(*(column.tolist() for column in table.values()))]
        found = ray.data.from_items(rows, override_num_blocks=4).groupby("question_id", num_partitions=4).map_groups(
            KilledOnce(str(mark)), batch_format="pandas").take_all()
        assert mark.exists()  # a worker was killed on the way
        assert len(found) == len(rows)
        got = {k: np.array([r[k] for r in found]) for k in ("row", "reward", "advantage")}
        assert bits(got) == bits(SCORE(table))
    finally:
        ray.shutdown()
        cluster.shutdown()
