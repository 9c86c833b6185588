from __future__ import annotations

import os
import sys

import pytest

from assistant.errors import CorpusError
from assistant.ingest import walk_corpus


def names(folder):
    return [found.relative_path for found in walk_corpus(folder) if not found.problem]


def test_regular_visible_files_in_order(tmp_path):
    for name in ("b.md", "a/x.txt", "a/.hidden.txt", ".git/y.md", "a/b/c.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    os.mkfifo(tmp_path / "pipe.md")
    assert names(tmp_path) == ["a/b/c.md", "a/x.txt", "b.md"]


def test_ignore_file_has_gitignore_syntax(tmp_path):
    for name in ("a.md", "draft/b.md", "keep.tmp", "x.tmp"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    (tmp_path / ".assistantignore").write_text("# comment\ndraft/\n*.tmp\n!keep.tmp\n")
    assert names(tmp_path) == ["a.md", "keep.tmp"]


def test_links_stay_inside_and_never_loop(tmp_path):
    corpus, outside = tmp_path / "corpus", tmp_path / "outside"
    corpus.mkdir()
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    (corpus / "a.md").write_text("text")
    (corpus / ".data").mkdir()
    (corpus / ".data" / "b.md").write_text("text")
    (corpus / "loop").symlink_to(corpus)
    (corpus / "out").symlink_to(outside)
    (corpus / "out.md").symlink_to(outside / "secret.md")
    (corpus / "same.md").symlink_to(corpus / "a.md")
    (corpus / "b.md").symlink_to(corpus / ".data" / "b.md")
    (corpus / "broken.md").symlink_to(corpus / "nowhere")
    assert names(corpus) == ["a.md", "b.md"]
    problems = {found.relative_path: found.problem for found in walk_corpus(corpus) if found.problem}
    assert set(problems) == {"out", "out.md", "broken.md"}
    assert "out of the corpus" in problems["out.md"]


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_name_that_is_not_utf8_is_reported(tmp_path):
    try:
        with open(os.fsencode(tmp_path) + b"/bad\xff.md", "w") as file:
            file.write("text")
    except OSError:
        pytest.skip("this file system refuses such names")
    (found,) = walk_corpus(tmp_path)
    assert "not valid UTF-8" in found.problem
    found.relative_path.encode("utf-8")


def test_missing_folder_names_the_remedy(tmp_path):
    with pytest.raises(CorpusError, match="does not exist; create it"):
        list(walk_corpus(tmp_path / "nowhere"))


def test_what_is_no_file_is_told_and_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "self.md").symlink_to("self.md")
    problems = {found.relative_path: found.problem for found in walk_corpus(tmp_path)}
    assert "is not a regular file; remove it" in problems["pipe.md"]
    assert "can't be followed" in problems["self.md"]


def test_folders_nested_deeper_than_the_limit_are_told(tmp_path):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    for folder in ("a", "a/b", "a/b/c"):
        (tmp_path / folder / "x.md").write_text("text")
    found = list(walk_corpus(tmp_path, max_depth=2))
    assert [one.relative_path for one in found] == ["a/b/c", "a/b/x.md", "a/x.md"]
    assert "ASSISTANT_MAX_DEPTH" in found[0].problem


def test_ignore_file_that_is_a_folder_ignores_nothing_and_one_without_end_is_refused(tmp_path):
    (tmp_path / "a.md").write_text("text")
    ignore = tmp_path / ".assistantignore"
    ignore.mkdir()
    assert names(tmp_path) == ["a.md"]
    ignore.rmdir()
    with ignore.open("wb") as file:
        file.truncate(10_000_000_000)
    with pytest.raises(CorpusError, match="larger than 1 MB; shorten it"):
        list(walk_corpus(tmp_path))
