"""The vectors, in Chroma: embedded in the index folder, or on a server by setting.

Chroma holds ids and unit vectors, nothing else: texts stand once, in the catalog. It may hold more than
is live (an interrupted run), never less; who reads asks the catalog which ids are live. One collection per
embedder, and on a server one per index, since several may share it. What is not here: what an id means
(indexing.py makes them from the embedded text).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from assistant.embedding import Vectors
from assistant.errors import IndexingError
from assistant.store.parts import in_parts
from assistant.store.sharing import DATABASE, turn

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

# Chroma takes at most 5,461 rows a call.
_ROWS = 4_000
_PREFIX = "chunks-"


class VectorStore:
    """Ids and vectors of one embedder.

    Args:
        folder: Where the embedded Chroma keeps its files.
        url: Address of a Chroma server instead; empty for the embedded one.
        fingerprint: Of the embedder; vectors of different ones never meet.
        index: Name of the index, which keeps it apart from others on the same server.

    Raises:
        IndexingError: The folder or the server can't be used. Every method raises it where Chroma fails.
    """

    def __init__(self, folder: Path, url: str, fingerprint: str, index: str = "") -> None:
        self._folder = folder
        self._url = url
        self._own = f"{_PREFIX}{index}-" if url and index else _PREFIX  # how the names of this index's begin
        self._name = self._own + fingerprint
        self._opened: tuple[ClientAPI, Collection] | None = None
        with self._told():
            self._server = _connect(url) if url else None
        with self._collection():  # tells at once what is in the way
            pass

    def query(self, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        """The nearest vectors, best first.

        Args:
            vector: Shape `(dimension,)`, unit length.
            limit: How many at most.

        Returns:
            Pairs of id and cosine.
        """
        with self._collection() as collection:
            found = collection.query(query_embeddings=[vector.tolist()], n_results=limit, include=["distances"])
        distances = (found["distances"] or [[]])[0]
        return [(i, 1.0 - float(d)) for i, d in zip(found["ids"][0], distances, strict=True)]

    def get(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The vectors of those ids that are held."""
        found: dict[str, Vectors] = {}
        for part in in_parts(ids, _ROWS):
            with self._collection() as collection:
                rows = collection.get(ids=list(part), include=["embeddings"])
            embeddings: Any = rows["embeddings"]
            found.update((i, np.asarray(e, np.float32)) for i, e in zip(rows["ids"], embeddings, strict=True))
        return found

    def held(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that are held already."""
        with self._collection() as collection:
            return {i for part in in_parts(ids, _ROWS) for i in collection.get(ids=list(part), include=[])["ids"]}

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Keeps vectors; an id that is held keeps the vector it has (equal ids, equal texts).

        Args:
            ids: Without duplicates.
            vectors: Shape `(len(ids), dimension)`.
        """
        for i in range(0, len(ids), _ROWS):
            with self._collection(changes=True) as collection:
                collection.upsert(ids=list(ids[i : i + _ROWS]), embeddings=vectors[i : i + _ROWS].tolist())

    def remove(self, ids: Sequence[str]) -> None:
        """Drops those of the vectors that are held."""
        for part in in_parts(ids, _ROWS):
            with self._collection(changes=True) as collection:
                held = collection.get(ids=list(part), include=[])["ids"]
                if held:
                    collection.delete(ids=held)

    def keep_only(self, live: Iterable[str]) -> int:
        """Drops every vector that is not live, and all of other embedders; returns how many were dropped."""
        wanted = set(live)
        dead = [i for i in self._all_ids() if i not in wanted]
        for part in in_parts(dead, _ROWS):
            with self._collection(changes=True) as collection:
                collection.delete(ids=list(part))
        return len(dead) + self._drop_other_embedders()

    def count(self) -> int:
        """How many vectors are held, live or not."""
        with self._collection() as collection:
            return int(collection.count())

    def _all_ids(self) -> list[str]:
        ids: list[str] = []
        with self._collection() as collection:
            while page := collection.get(limit=_ROWS, offset=len(ids), include=[])["ids"]:
                ids += page
        return ids

    def _drop_other_embedders(self) -> int:
        """What an earlier embedder of this index has left; of a shared server, nothing that is another index's."""
        dropped = 0
        with self._chroma() as client:
            names = [other.name for other in client.list_collections()]
        for name in names:
            if name.startswith(self._own) and "-" not in name.removeprefix(self._own) and name != self._name:
                with self._chroma(changes=True) as client:
                    dropped += client.get_collection(name, embedding_function=None).count()
                    client.delete_collection(name)
        return dropped

    @contextmanager
    def _collection(self, *, changes: bool = False) -> Iterator[Collection]:
        """The collection as it is now, for one call or a few."""
        with self._chroma(changes=changes) as client:
            if self._opened is None or self._opened[0] is not client:
                collection = client.get_or_create_collection(
                    self._name,
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}},
                )
                self._opened = (client, collection)
            yield self._opened[1]

    @contextmanager
    def _chroma(self, *, changes: bool = False) -> Iterator[ClientAPI]:
        """Chroma; in a folder, for as long as nobody else is at work there. Failures say where and what can be done."""
        with self._told():
            if self._server is not None:
                yield self._server
            else:
                with turn(self._folder, changes=changes) as client:
                    yield client

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Says where Chroma failed and what can be done."""
        try:
            yield
        except Exception as error:  # Chroma raises plain Exception, ValueError and its own kinds for the same causes
            if self._url:
                where, remedy = self._url, "start it or empty the setting chroma_url"
            elif "full" in str(error):
                where, remedy = str(self._folder), "free some disk space and run again"
            else:
                where, remedy = str(self._folder), "make it writable, or remove it and run `assistant index`"
            raise IndexingError(f"Chroma at {where} can't be used ({error}); {remedy}") from error


def ids_on_disk(folder: Path, fingerprint: str) -> set[str]:
    """Ids of an embedder's vectors, read from the embedded Chroma's own database: opening Chroma takes a second.

    What can't be read so (no file, or the layout of another release of Chroma) counts as not there: who needs to
    be sure asks a `VectorStore`.
    """
    query = """
        SELECT e.embedding_id FROM embeddings e JOIN segments s ON s.id = e.segment_id
          JOIN collections c ON c.id = s.collection WHERE c.name = ? AND s.scope = 'METADATA'"""
    try:
        with closing(sqlite3.connect(f"{(folder / DATABASE).absolute().as_uri()}?mode=ro", uri=True)) as db:
            return {str(row[0]) for row in db.execute(query, (_PREFIX + fingerprint,))}
    except sqlite3.Error:
        return set()


def _connect(url: str) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    address = urlsplit(url)
    secure = address.scheme == "https"
    return chromadb.HttpClient(
        host=address.hostname or "",
        port=address.port or (443 if secure else 8000),
        ssl=secure,
        settings=ChromaSettings(anonymized_telemetry=False),
    )
