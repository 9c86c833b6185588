from __future__ import annotations

from itertools import pairwise

import pytest

from assistant.ingest import split_chunks, split_sentences
from assistant.types import BlockKind

SENTENCE = "The working group met again in Geneva and agreed on the next steps of its work for the year. "


def check(document, tokenizer, limit=250):
    """What holds of every document's chunks; gives them back."""
    sentences = split_sentences(document)
    chunks = split_chunks(document, sentences, tokenizer, limit=limit)
    assert all(one.end <= two.start for one, two in pairwise(chunks))
    starts, ends = {s.start for s in sentences}, {s.end for s in sentences}
    for chunk in chunks:
        assert chunk.start in starts
        assert chunk.end in ends
        assert max(tokenizer.count(chunk.embedding_texts)) <= limit
    for sentence in sentences:
        homes = sum(c.start <= sentence.start and sentence.end <= c.end for c in chunks)
        if sentence.kind is BlockKind.BOILERPLATE:
            assert homes == 0
        elif sentence.kind is not BlockKind.HEADING:
            assert homes == 1
    return chunks


@pytest.mark.parametrize("name", ["cyber-treaty-appeal-2022.txt", "russia-cyber-diplomacy-2024.txt"])
def test_shared_texts_within_the_real_embedders_limit(shared_text, name):
    from assistant.embedding import load_tokenizer

    document = shared_text(name)
    chunks = check(document, load_tokenizer("bundled"))
    for chunk in chunks:
        kinds = {s.kind for s in split_sentences(document) if chunk.start <= s.start < chunk.end}
        assert len({BlockKind.CAPTION, BlockKind.FOOTNOTE, BlockKind.PARAGRAPH} & kinds) == 1


def test_chunks_keep_to_sections_and_carry_title_and_headings(load, tokenizer):
    document = load("a.md", f"# Title\n\n{SENTENCE * 8}\n\n## Part\n\n{SENTENCE * 30}\n\n### Deep\n\n{SENTENCE * 3}")
    chunks = check(document, tokenizer)
    assert {c.headings for c in chunks} == {(), ("Part",), ("Part", "Deep")}
    assert chunks[-1].embedding_texts[0].startswith("Title > Part > Deep\nThe working")
    sizes = [tokenizer.count(c.embedding_texts)[0] for c in chunks if c.headings == ("Part",)]
    assert min(sizes) >= 120


def test_neighbouring_tiny_sections_share_a_chunk(load, tokenizer):
    document = load(
        "a.md", "# Title\n\n## Parent\n\n### One\n\nShort text.\n\n### Two\n\nShort too.\n\n## Other\n\nEnd."
    )
    chunks = check(document, tokenizer)
    assert document.text[chunks[0].start : chunks[0].end] == "One\n\nShort text.\n\nTwo\n\nShort too."
    assert chunks[0].headings == ("Parent",)


def test_a_sentence_beyond_the_limit_is_one_chunk_in_windows(load, tokenizer):
    long = "word " * 380 + "end."
    document = load("a.md", f"# Title\n\n{SENTENCE}\n\n{long}\n\n{SENTENCE}")
    chunks = check(document, tokenizer)
    windowed = [c for c in chunks if len(c.embedding_texts) > 1]
    assert windowed
    assert all(text.startswith("Title\n") for text in windowed[0].embedding_texts)
    assert windowed[0].embedding_texts[-1].endswith("end.")


def test_heading_without_text_and_title_alone(load, tokenizer):
    assert len(check(load("a.md", "# Only a title"), tokenizer)) == 1
    chunks = check(load("b.md", f"# Title\n\n## Empty\n\n## Full\n\n{SENTENCE}"), tokenizer)
    assert len(chunks) == 2


def test_a_file_name_of_digits_is_no_context(load, tokenizer):
    chunks = check(load("114417-0-726.txt", SENTENCE * 3), tokenizer)
    assert chunks[0].embedding_texts[0].startswith("The working")
