"""The vectors, in Chroma: embedded in the index folder, or on a server by setting.

Chroma holds ids and unit vectors, nothing else: texts stand once, in the catalog. It may hold more than
is live (an interrupted run), never less; who reads asks the catalog which ids are live. One collection per
embedder. What is not here: what an id means (indexing.py makes them from the embedded text).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.embedding import Vectors
from assistant.errors import IndexingError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

# Chroma takes at most 5,461 rows a call.
_ROWS = 4_000


class VectorStore:
    """Ids and vectors of one embedder.

    Args:
        folder: Where the embedded Chroma keeps its files.
        url: Address of a Chroma server instead; empty for the embedded one.
        fingerprint: Of the embedder; vectors of different ones never meet.

    Raises:
        IndexingError: The folder or the server can't be used.
    """

    def __init__(self, folder: Path, url: str, fingerprint: str) -> None:
        self._folder = folder
        self._url = url
        self._name = f"chunks-{fingerprint}"
        self._guard = threading.Lock()
        self._collection = self._connect()

    def query(self, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        """The nearest vectors, best first.

        Args:
            vector: Shape `(dimension,)`, unit length.
            limit: How many at most.

        Returns:
            Pairs of id and cosine.
        """
        held = self._collection.count()
        if not held:
            return []
        found = self._collection.query(
            query_embeddings=[vector.tolist()], n_results=min(limit, held), include=["distances"]
        )
        distances = (found["distances"] or [[]])[0]
        return [(i, 1.0 - float(d)) for i, d in zip(found["ids"][0], distances, strict=True)]

    def get(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The vectors of those ids that are held."""
        found: dict[str, Vectors] = {}
        for part in _parts(ids):
            rows = self._collection.get(ids=list(part), include=["embeddings"])
            embeddings: Any = rows["embeddings"]
            found.update((i, np.asarray(e, np.float32)) for i, e in zip(rows["ids"], embeddings, strict=True))
        return found

    def held(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that are held already."""
        return {i for part in _parts(ids) for i in self._collection.get(ids=list(part), include=[])["ids"]}

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Keeps vectors; an id that is held keeps the vector it has (equal ids, equal texts).

        Args:
            ids: Without duplicates.
            vectors: Shape `(len(ids), dimension)`.
        """
        for i in range(0, len(ids), _ROWS):
            self._collection.upsert(ids=list(ids[i : i + _ROWS]), embeddings=vectors[i : i + _ROWS].tolist())

    def keep_only(self, live: Iterable[str]) -> int:
        """Drops every vector that is not live; returns how many were dropped."""
        wanted = set(live)
        dead = [i for i in self._all_ids() if i not in wanted]
        for part in _parts(dead):
            self._collection.delete(ids=list(part))
        return len(dead)

    def count(self) -> int:
        """How many vectors are held, live or not."""
        return int(self._collection.count())

    def reopen(self) -> None:
        """Lets a reader see what another process has written; Chroma's own view stays stale otherwise."""
        with self._guard:
            self._collection = self._connect(fresh=True)

    def _all_ids(self) -> list[str]:
        ids: list[str] = []
        while page := self._collection.get(limit=_ROWS, offset=len(ids), include=[])["ids"]:
            ids += page
        return ids

    def _connect(self, *, fresh: bool = False) -> Collection:
        try:
            return _client(self._folder, self._url, fresh=fresh).get_or_create_collection(
                self._name,
                embedding_function=None,
                configuration={"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}},
            )
        except Exception as error:  # Chroma raises plain Exception, ValueError and its own kinds for the same causes
            where, remedy = (
                (self._url, "start it or empty the setting chroma_url")
                if self._url
                else (self._folder, "make it writable, or remove it and index again")
            )
            raise IndexingError(f"Chroma at {where} can't be used ({error}); {remedy}") from error


def _client(folder: Path, url: str, *, fresh: bool) -> ClientAPI:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings as ChromaSettings

    if url:
        ssl, _, address = url.partition("://")
        host, _, port = address.partition(":")
        return chromadb.HttpClient(
            host=host,
            port=int(port or (443 if ssl == "https" else 8000)),
            ssl=ssl == "https",
            settings=ChromaSettings(anonymized_telemetry=False),
        )
    if fresh:
        SharedSystemClient.clear_system_cache()
    folder.mkdir(parents=True, exist_ok=True)
    return chromadb.PersistentClient(path=str(folder), settings=ChromaSettings(anonymized_telemetry=False))


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    for i in range(0, len(values), _ROWS):
        yield values[i : i + _ROWS]
