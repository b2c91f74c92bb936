# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Rollout files (JSON lines, one group a line) from what serving stacks return, and parquet tables.

    write_rollouts("rollouts.jsonl", from_openai(responses))
"""
from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Iterable, Iterator, Mapping

from . import Error

__all__ = ["group", "from_openai", "from_vllm", "from_llama_cpp", "read_parquet", "write_rollouts"]


def group(question_id: str, context_id: str, samples: Iterable[Mapping[str, Any]], *, prompt: str | None = None,
          gold: str | None = None) -> dict:
    """One line: samples are mappings with text and, where known, answer and logprob (nats, of the trace)."""
    return {"question_id": str(question_id), "context_id": str(context_id), "prompt": prompt, "gold": gold,
            "samples": [{"text": s.get("text"), **({"answer": s["answer"]} if "answer" in s else {}),
                         **({"logprob": float(s["logprob"])} if s.get("logprob") is not None else {})}
                        for s in samples]}


def _total(values: Iterable[Any], where: str) -> float | None:
    total, seen = 0.0, False
    for v in values:
        if v is None:
            return None
        seen = True
        total += float(v)
        if not total <= 1e-6:
            raise Error(f"{where}: a log-probability above 0 ({v}); give natural logarithms of probabilities")
    return total if seen else None


def _field(mapping: Any, name: str, where: str) -> Any:
    """An entry of a reply: a mapping, or one of a client's objects (`model_dump`)."""
    mapping = mapping.model_dump() if hasattr(mapping, "model_dump") else mapping
    if not isinstance(mapping, Mapping) or name not in mapping:
        have = ", ".join(map(str, mapping)) if isinstance(mapping, Mapping) else type(mapping).__name__
        raise Error(f"{where}: a reply needs '{name}'; this one has {have or 'nothing'}")
    return mapping[name]


def from_openai(responses: Iterable[tuple[str, str, Mapping[str, Any]]]) -> Iterator[dict]:
    """(question_id, context_id, response) -> groups. response: a chat completion or completion as a mapping,
    with `choices`; `logprobs.content[].logprob` or `logprobs.token_logprobs` are summed where present."""
    for question, context, response in responses:
        samples = []
        for choice in _field(response, "choices", "from_openai"):
            text = choice.get("text")
            if text is None:
                text = (choice.get("message") or {}).get("content")
            log = choice.get("logprobs") or {}
            tokens = ([t.get("logprob") for t in log["content"]] if log.get("content")
                      else log.get("token_logprobs") or [])
            samples.append({"text": text, "logprob": _total(tokens, "from_openai")})
        yield group(question, context, samples)


def from_vllm(outputs: Iterable[tuple[str, str, Any]]) -> Iterator[dict]:
    """(question_id, context_id, RequestOutput) -> groups: `outputs[].text` and `cumulative_logprob`."""
    for question, context, request in outputs:
        yield group(question, context,
                    [{"text": o.text, "logprob": getattr(o, "cumulative_logprob", None)} for o in request.outputs],
                    prompt=getattr(request, "prompt", None))


def vllm_prompt_logprob(prompt_logprobs: Iterable[Mapping[int, Any] | None], token_ids: Iterable[int],
                        begin: int) -> float:
    """The log-probability (nats) of tokens begin.. of a scored prompt: `prompt_logprobs` of a RequestOutput
    (None for the first token, else {token id: Logprob})."""
    total = 0.0
    entries, tokens = list(prompt_logprobs), list(token_ids)
    if len(entries) != len(tokens) or not 0 < begin < len(tokens):
        raise Error(f"vllm_prompt_logprob: {len(entries)} entries for {len(tokens)} tokens, begin {begin}; it must be from 1 "
                    "to the last token")
    for place, (entry, token) in enumerate(zip(entries, tokens)):
        if place < begin:
            continue
        if entry is None or token not in entry:
            raise Error(f"vllm_prompt_logprob: token {place} (id {token}) has no log-probability; ask for "
                        "prompt_logprobs=1 or more")
        value = entry[token]
        total += float(getattr(value, "logprob", value))
    return total


def from_llama_cpp(responses: Iterable[tuple[str, str, Iterable[Mapping[str, Any]]]]) -> Iterator[dict]:
    """(question_id, context_id, replies) -> groups: replies of /completion (`content`,
    `completion_probabilities[].logprob`) or of the OpenAI-like route (`choices`)."""
    for question, context, replies in responses:
        samples = []
        for reply in replies:
            if "choices" in reply:
                samples += next(iter(from_openai([(question, context, reply)])))["samples"]
                continue
            tokens = [t.get("logprob") for t in reply.get("completion_probabilities") or []]
            samples.append({"text": _field(reply, "content", "from_llama_cpp"), "logprob": _total(tokens, "from_llama_cpp")})
        yield group(question, context, samples)


def read_parquet(path: str, *, question: str = "question_id", context: str = "context_id", text: str | None = "text",
                 answer: str | None = None, gold: str | None = None) -> Iterator[dict]:
    """Flat rows of a parquet table, one sample a row, as groups in the order of first appearance (pyarrow)."""
    import pyarrow.parquet as parquet
    names = parquet.read_schema(path).names
    wanted = [c for c in (question, context, text, answer, gold) if c is not None]
    missing = [c for c in wanted if c not in names]
    if missing:
        raise Error(f"read_parquet: '{path}' has no column {', '.join(missing)}; there are {', '.join(names)}")
    groups: dict[tuple[str, str], dict] = {}
    for batch in parquet.ParquetFile(path).iter_batches(columns=wanted):
        for row in batch.to_pylist():
            key = (str(row[question]), str(row[context]))
            line = groups.setdefault(key, group(*key, [], gold=None if gold is None or row[gold] is None
                                                else str(row[gold])))
            line["samples"].append({"text": row[text] if text else None,
                                    **({"answer": row[answer]} if answer else {})})
    yield from groups.values()


def write_rollouts(path: str, groups: Iterable[Mapping[str, Any]]) -> int:
    """Writes groups as JSON lines, the file whole or not at all. Returns how many."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        handle, temporary = tempfile.mkstemp(prefix=os.path.basename(path) + ".", dir=folder)
    except OSError as error:
        raise Error(f"write_rollouts: '{path}' cannot be written: {error.strerror}") from None
    count = 0
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            for line in groups:
                try:
                    out.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
                except ValueError as error:
                    raise Error(f"write_rollouts: group {count}: {error}") from None
                count += 1
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return count
