"""The vectors in a real Chroma: near ones are found, dead ones are dropped, and a server serves as well."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.embedding import Vectors
from assistant.errors import IndexingError
from assistant.store import sharing
from assistant.store.vectors import VectorStore


def vectors(count: int, seed: int = 0) -> Vectors:
    """Random unit vectors."""
    rows = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def names(count: int) -> list[str]:
    return [f"v{n}" for n in range(count)]


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    """An empty store."""
    return VectorStore(tmp_path / "chroma", "", "f1")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running Chroma server."""
    port = free_port()
    program = Path(sys.executable).with_name("chroma")
    process = subprocess.Popen(
        [program, "run", "--path", tmp_path_factory.mktemp("server"), "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert process.poll() is None, "the server did not start"
            assert time.monotonic() < deadline, "the server is slow to start"
            time.sleep(0.1)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def test_nearest_vectors_come_first_with_their_cosines(store: VectorStore) -> None:
    rows = vectors(300)
    store.add(names(300), rows)
    found = store.query(rows[7], 5)
    assert found[0] == ("v7", pytest.approx(1, abs=1e-4))
    expected = np.argsort(-(rows @ rows[7]))[:5]
    assert [name for name, _ in found] == [f"v{n}" for n in expected]
    assert [cosine for _, cosine in found] == pytest.approx(list((rows @ rows[7])[expected]), abs=1e-4)


def test_more_may_be_asked_for_than_is_held(store: VectorStore) -> None:
    assert store.query(vectors(1)[0], 10) == []
    store.add(["a"], vectors(1))
    assert len(store.query(vectors(1)[0], 10)) == 1


def test_adding_twice_changes_nothing(store: VectorStore) -> None:
    store.add(names(3), vectors(3))
    store.add(names(3), vectors(3))
    assert store.count() == 3
    assert np.allclose(store.get(["v2"])["v2"], vectors(3)[2])


def test_what_is_not_live_is_dropped_and_nothing_else(store: VectorStore) -> None:
    store.add(names(50), vectors(50))
    assert store.keep_only({"v1", "v3", "unknown"}) == 48
    assert store.held(names(50)) == {"v1", "v3"}
    assert {name for name, _ in store.query(vectors(50)[0], 50)} == {"v1", "v3"}


def test_many_rows_pass_in_several_calls(store: VectorStore) -> None:
    store.add(names(9_000), vectors(9_000))
    assert store.count() == 9_000
    assert len(store.held(names(9_500))) == 9_000
    assert store.keep_only(names(8_500)) == 500


def test_vectors_of_another_embedder_are_never_met_and_dropped_in_the_end(store: VectorStore, tmp_path: Path) -> None:
    store.add(names(3), vectors(3))
    other = VectorStore(tmp_path / "chroma", "", "f2")
    assert other.count() == 0
    other.add(["mine"], vectors(1))
    assert other.keep_only({"mine"}) == 3
    assert VectorStore(tmp_path / "chroma", "", "f1").count() == 0


def test_folder_that_is_removed_meanwhile_is_begun_anew(store: VectorStore, tmp_path: Path) -> None:
    store.add(names(3), vectors(3))
    shutil.rmtree(tmp_path / "chroma")
    anew = VectorStore(tmp_path / "chroma", "", "f1")
    assert anew.count() == 0
    anew.add(["a"], vectors(1))
    assert (tmp_path / "chroma" / "chroma.sqlite3").is_file()


def test_reader_sees_what_another_process_wrote(store: VectorStore, tmp_path: Path) -> None:
    store.add(names(2), vectors(2))
    assert len(store.query(vectors(3)[2], 10)) == 2
    code = (
        "import numpy as np; from pathlib import Path; from assistant.store.vectors import VectorStore;"
        f"VectorStore(Path({str(tmp_path / 'chroma')!r}), '', 'f1')"
        f".add(['v2'], np.array([{vectors(3)[2].tolist()}], np.float32))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert store.query(vectors(3)[2], 10)[0][0] == "v2"


def test_reader_beside_a_busy_writer_sees_each_batch_at_once_and_neither_harms_the_other(tmp_path: Path) -> None:
    """Chroma saves its graph at every thousandth vector, which is when a reader met half of it."""
    batches, size = 9, 500
    code = f"""
import sys
from pathlib import Path
import numpy as np
from assistant.store.vectors import VectorStore
store = VectorStore(Path(sys.argv[1]), "", "f1")
rows = np.load(sys.argv[2])
for i in range({batches}):
    store.add([f"v{{n}}" for n in range(i * {size}, (i + 1) * {size})], rows[i * {size} : (i + 1) * {size}])
    print(i, flush=True)
    sys.stdin.readline()
"""
    rows = vectors(batches * size)
    np.save(tmp_path / "rows.npy", rows)
    reader = VectorStore(tmp_path / "chroma", "", "f1")
    command = [sys.executable, "-c", code, str(tmp_path / "chroma"), str(tmp_path / "rows.npy")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for line in writer.stdout:
            last = (int(line) + 1) * size - 1
            writer.stdin.write("\n")
            writer.stdin.flush()
            for n in (last, last - size // 2, 0):  # while the next batch is on its way
                assert reader.query(rows[n], 1)[0][0] == f"v{n}"
    assert writer.returncode == 0
    sharing._opened.clear()  # what the folder holds, not what is in this process's memory
    anew = VectorStore(tmp_path / "chroma", "", "f1")
    assert anew.count() == batches * size
    kept = anew.get(names(batches * size))
    assert all(np.allclose(kept[f"v{n}"], rows[n]) for n in range(batches * size))
    assert [anew.query(rows[n], 1)[0][0] for n in range(0, batches * size, 100)] == [
        f"v{n}" for n in range(0, batches * size, 100)
    ]


def test_folder_that_can_not_be_made_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(IndexingError, match=r"file.* can't be used.*writable"):
        VectorStore(tmp_path / "file" / "chroma", "", "f1")


def test_server_holds_vectors_as_the_folder_does(server: str, tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "unused", server, "f1", "one")
    rows = vectors(20)
    store.add(names(20), rows)
    assert store.query(rows[4], 1) == [("v4", pytest.approx(1, abs=1e-4))]
    assert store.keep_only(["v4"]) == 19
    assert VectorStore(tmp_path / "unused", server, "f1", "one").count() == 1
    assert not (tmp_path / "unused").exists()


def test_two_indexes_on_one_server_leave_each_other_alone(server: str, tmp_path: Path) -> None:
    first = VectorStore(tmp_path, server, "f1", "first")
    second = VectorStore(tmp_path, server, "f1", "second")
    first.add(["a"], vectors(1))
    second.add(["b"], vectors(1, seed=1))
    assert second.keep_only(["b"]) == 0
    assert first.held(["a", "b"]) == {"a"}


def test_server_that_does_not_listen_is_named_with_the_setting(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(IndexingError, match=rf"{address} can't be used.*chroma_url"):
        VectorStore(tmp_path, address, "f1")
