"""Trains the reader: the bundled MiniLM over question and passage, with a logit for each token and for the whole.

    .venv/bin/python models/train_reader.py --train FOLDER --tydi FILE --work FOLDER [--epochs 2] [--seed 1]

FOLDER of --train holds the sets as JSON lines, --tydi is `tydiqa-goldp-v1.1-train.json`. A checkpoint every 300 steps;
started again with the same --work it goes on from the last one. `export_reader.py` makes the shipped file of it.

Outputs for each token: evidence (its mean over a sentence's tokens is the logit that the sentence answers), start and
end of the short answer; start and end of [CLS] stand for "no answer here", after Devlin et al. 2019 (BERT). For the
whole: the logit that the text answers.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModel
from windows import Window, epoch, sources

from assistant.embedding.models import BUNDLED, model_folder

MAX_TOKENS = 320
_BATCH_TOKENS = 3_600  # of a step, with padding
_POOL = 64  # batches whose windows are sorted by length together
_HELD_OUT = ("To Kill a Mockingbird",)  # documents that are never trained on
_EVIDENCE_WEIGHT = 2.0  # most sentences don't answer


class Reader(nn.Module):
    """The encoder with its two heads."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        # Without dropout inside: on a processor it costs four times the rest of the step.
        plain = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "attn_implementation": "eager"}
        self.encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False, **plain)
        size = self.encoder.config.hidden_size
        self.tokens = nn.Linear(size, 3)
        self.whole = nn.Sequential(nn.Linear(size, size), nn.Tanh(), nn.Linear(size, 1))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits `(batch, tokens, 3)`: evidence, start, end; and `(batch,)`: the text answers."""
        states = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        return self.tokens(states), self.whole(states[:, 0]).squeeze(-1)


class Encoded:
    """One window as the model takes it."""

    def __init__(self, window: Window, tokenizer: Tokenizer) -> None:
        head = window.title + "\n" if window.title else ""
        encoding = tokenizer.encode(window.question, head + window.text)
        self.ids, self.types = encoding.ids, encoding.type_ids
        offsets = [
            (a - len(head), b - len(head)) if kind == 1 and b > a else (-1, -1)
            for (a, b), kind in zip(encoding.offsets, encoding.type_ids, strict=True)
        ]
        self.sentence = np.full(len(self.ids), -1)  # which sentence each token is of
        for number, (start, end) in enumerate(window.sentences):
            for at, (a, b) in enumerate(offsets):
                if a >= start and b <= end and a >= 0:
                    self.sentence[at] = number
        self.evidence = np.array(window.evidence, dtype=np.float32)
        self.answerable = float(window.answerable)
        self.start = self.end = -100  # not known
        if not window.answerable:
            self.start = self.end = 0
        elif window.answer:
            inside = [
                at for at, (a, b) in enumerate(offsets) if a >= 0 and b > window.answer[0] and a < window.answer[1]
            ]
            if inside:
                self.start, self.end = inside[0], inside[-1]


def batches(encoded: Sequence[Encoded], rng: random.Random) -> Iterator[list[Encoded]]:
    """All windows once, those of like length together, in random order."""
    order = rng.sample(range(len(encoded)), len(encoded))
    size = _POOL * 16
    for first in range(0, len(order), size):
        pool = sorted(order[first : first + size], key=lambda i: len(encoded[i].ids))
        groups: list[list[Encoded]] = [[]]
        for i in pool:
            if (len(groups[-1]) + 1) * len(encoded[i].ids) > _BATCH_TOKENS:
                groups.append([])
            groups[-1].append(encoded[i])
        rng.shuffle(groups)
        yield from (g for g in groups if g)


def collate(batch: Sequence[Encoded]) -> dict[str, torch.Tensor]:
    """The windows of a batch, padded."""
    longest, most = max(len(e.ids) for e in batch), max(len(e.evidence) for e in batch)
    longest = -(-longest // 16) * 16  # few shapes: the kernels of each are prepared once
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    pool = torch.zeros(len(batch), most, longest)
    gold = torch.full((len(batch), most), -1.0)
    for row, e in enumerate(batch):
        n = len(e.ids)
        ids[row, :n], mask[row, :n], types[row, :n] = torch.tensor(e.ids), 1, torch.tensor(e.types)
        for number in range(len(e.evidence)):
            of = np.flatnonzero(e.sentence == number)
            if len(of):
                pool[row, number, of] = 1.0 / len(of)
                gold[row, number] = float(e.evidence[number])
    return {
        "ids": ids,
        "mask": mask,
        "types": types,
        "pool": pool,
        "gold": gold,
        "answerable": torch.tensor([e.answerable for e in batch]),
        "start": torch.tensor([e.start for e in batch]),
        "end": torch.tensor([e.end for e in batch]),
    }


def loss_of(model: Reader, given: dict[str, torch.Tensor]) -> torch.Tensor:
    """Evidence of each sentence, answerability of the whole, and the span, added up."""
    with torch.autocast("cpu", torch.bfloat16):
        tokens, whole = model(given["ids"], given["mask"], given["types"])
    tokens, whole = tokens.float(), whole.float()
    evidence = (given["pool"] @ tokens[:, :, :1]).squeeze(-1)
    known = given["gold"] >= 0
    weight = torch.tensor(_EVIDENCE_WEIGHT)
    of_sentences = nn.functional.binary_cross_entropy_with_logits(
        evidence[known], given["gold"][known], pos_weight=weight
    )
    of_whole = nn.functional.binary_cross_entropy_with_logits(whole, given["answerable"])
    outside = (given["types"] == 0) | (given["mask"] == 0)
    outside[:, 0] = False  # [CLS]: no answer
    masked = tokens[:, :, 1:].masked_fill(outside[:, :, None], -1e4)
    spans = [
        nn.functional.cross_entropy(masked[:, :, i], given[name], ignore_index=-100)
        for i, name in enumerate(("start", "end"))
        if bool((given[name] >= 0).any())
    ]
    return 2 * of_sentences + of_whole + sum(spans, torch.tensor(0.0)) / 2


@torch.no_grad()
def judge(model: Reader, encoded: Sequence[Encoded]) -> dict[str, float]:
    """What held-out windows show: the right sentence first, and how well answerable ones are told from others."""
    model.eval()
    first, there, whole_logits, null, best = [], [], [], [], []
    for e in encoded:
        given = collate([e])
        with torch.autocast("cpu", torch.bfloat16):
            tokens, whole = model(given["ids"], given["mask"], given["types"])
        tokens = tokens.float()[0]
        evidence = (given["pool"][0] @ tokens[:, :1]).squeeze(-1)
        there.append(e.answerable)
        whole_logits.append(float(whole[0]))
        best.append(float(evidence.max()))
        text = given["types"][0] == 1
        null.append(float(tokens[text, 1].max() + tokens[text, 2].max() - tokens[0, 1] - tokens[0, 2]))
        if e.answerable:
            first.append(bool(e.evidence[int(evidence.argmax())]))
    model.train()
    scores = {"whole": whole_logits, "span": null, "evidence": best}
    return {"first": float(np.mean(first))} | {f"auroc_{k}": float(roc_auc_score(there, v)) for k, v in scores.items()}


def main() -> None:
    """Trains, with a line of figures every 300 steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--tydi", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--steps", type=int, help="stop after so many, for a trial")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    folder = str(model_folder(BUNDLED))
    tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")
    found = sources(options.train, options.tydi)
    steps, held = [], []
    for number in range(options.epochs):
        rng = random.Random(options.seed * 100 + number)
        windows = list(epoch(found, rng))
        if not number:
            held = [Encoded(w, tokenizer) for w in windows if _held_out(w)][:300]
        encoded = [Encoded(w, tokenizer) for w in windows if not _held_out(w)]
        steps += list(batches(encoded, rng))
    print(f"{len(steps)} steps, {sum(map(len, steps))} windows, {len(held)} held out", flush=True)
    train(Reader(folder), steps, held, options)


def _held_out(window: Window) -> bool:
    return window.title in _HELD_OUT or hash_of(window.text) % 33 == 0


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return sum(text[:200].encode())


def train(model: Reader, steps: Sequence[list[Encoded]], held: Sequence[Encoded], options: argparse.Namespace) -> None:
    """The loop; the encoder's word vectors stay as they are."""
    model.encoder.embeddings.word_embeddings.weight.requires_grad = False
    heads = [p for part in (model.tokens, model.whole) for p in part.parameters()]
    body = [p for p in model.encoder.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": options.rate}, {"params": heads, "lr": options.rate * 5}], weight_decay=0.01
    )
    total = len(steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min((s + 1) / (0.06 * total), (total - s) / total)
    )
    kept = options.work / "checkpoint.pt"
    done = 0
    if kept.exists():
        state = torch.load(kept, weights_only=False)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        done = state["done"]
    model.train()
    begun, losses = time.time(), []
    for number in range(done, total):
        loss = loss_of(model, collate(steps[number]))
        loss.backward()
        nn.utils.clip_grad_norm_([*body, *heads], 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
        if (number + 1) % 50 == 0:
            rate = (number + 1 - done) / (time.time() - begun)
            print(f"{number + 1}/{total} loss {np.mean(losses[-50:]):.4f} {rate:.2f} steps/s", flush=True)
        if (number + 1) % 300 == 0 or number + 1 == total:
            state = {
                "model": model.state_dict(),
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
            }
            torch.save(state | {"done": number + 1}, kept.with_suffix(".new"))
            kept.with_suffix(".new").replace(kept)
            print(json.dumps({k: round(v, 4) for k, v in judge(model, held).items()}), flush=True)
        if options.steps and number + 1 >= options.steps:
            break


if __name__ == "__main__":
    main()
