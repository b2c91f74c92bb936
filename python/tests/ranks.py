# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""torchrun --nproc_per_node R ranks.py ROWS OUT: the reward function over R ranks of one generation batch. Rank 0 writes what
all ranks got. Each rank holds a slice, as TRL deals them: a question may lie across ranks."""
import json
import sys

import torch.distributed as dist
from accelerate import PartialState
from accelerate.utils import gather_object

from dag_games import trl

PartialState(cpu=True)
rows = json.load(open(sys.argv[1]))
rank, ranks = dist.get_rank() if dist.is_initialized() else 0, dist.get_world_size() if dist.is_initialized() else 1
size = len(rows) // ranks
mine = rows[rank * size:(rank + 1) * size]
reward = trl.reward("coherence + 0.1*entropy", "boxed", contexts=4, samples=8)
found = reward(prompts=[""] * size, completions=["\\boxed{%s}" % r[2] for r in mine],
               question_id=[r[0] for r in mine], context_id=[r[1] for r in mine])
every = gather_object([[found, reward.last_advantages.tolist()]])
if rank == 0:
    json.dump([sum((e[0] for e in every), []), sum((e[1] for e in every), [])], open(sys.argv[2], "w"))
if dist.is_initialized():
    dist.barrier()
    dist.destroy_process_group()
