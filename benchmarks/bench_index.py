"""Indexing, beside the bare embedding of the same chunks in the same run.

.venv/bin/python benchmarks/bench_index.py [--documents N]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from development import ROOT

from assistant import Assistant, Settings
from assistant.embedding import load_embedder
from assistant.ingest import load_document, split_chunks, split_sentences

WORDS = 120  # of a document


def main() -> None:
    """Prints seconds of a first run, a run without changes, and a run after one change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus, index = Path(folder, "corpus"), Path(folder, "index")
        _write(corpus, options.documents)
        embedder = load_embedder("bundled", index / "embedder")
        texts = []
        for file in sorted(corpus.iterdir()):
            document = load_document(file, file.name)
            for chunk in split_chunks(document, split_sentences(document), embedder.tokenizer):
                texts += chunk.embedding_texts
        begun = time.perf_counter()
        for i in range(0, len(texts), 256):
            embedder.embed(texts[i : i + 256])
        bare = time.perf_counter() - begun
        with Assistant(Settings(corpus_dir=corpus, index_dir=index)) as assistant:
            first = assistant.sync().seconds
            again = assistant.sync().seconds
            changed = next(corpus.iterdir())
            changed.write_text(changed.read_text("utf-8") + "\n\nOne sentence was added at the end.\n", "utf-8")
            one = assistant.sync().seconds
    print(f"documents, chunks            {options.documents}, {len(texts)}")
    print(f"bare embedding of the chunks {bare:.2f} s")
    print(f"first index                  {first:.2f} s ({first / bare:.2f} of the bare embedding)")
    print(f"no change                    {again:.3f} s")
    print(f"one document changed         {one:.2f} s")


def _write(corpus: Path, documents: int) -> None:
    """Documents of shuffled sentences of the starter corpus: real words, few duplicates."""
    sentences = []
    for file in sorted((ROOT / "corpus").glob("*.md")):
        document = load_document(file, file.name)
        sentences += [document.text[s.start : s.end] for s in split_sentences(document) if s.kind == "paragraph"]
    dice = random.Random(13)
    corpus.mkdir()
    for number in range(documents):
        body: list[str] = []
        while sum(len(s.split()) for s in body) < WORDS:
            body.append(dice.choice(sentences))
        (corpus / f"document-{number:05}.txt").write_text(f"Document {number}\n\n{' '.join(body)}\n", "utf-8")


if __name__ == "__main__":
    main()
