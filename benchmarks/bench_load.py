"""The server under load: clients that ask without a pause, its memory, its answers, and a kill in the middle.

    python benchmarks/bench_load.py [--clients 50] [--seconds 60] [--json]

The server is the real command in a process of its own, the clients are in this one. It fails where a reply is an error
other than a clean 429, memory grows by more than 5 % after the warm-up, an answer differs from the one given alone, or
feedback that was acknowledged is gone after the server was killed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from assistant.evaluation.cases import load_cases
from assistant.store.feedback import FEEDBACK
from assistant.store.keys import KeyStore

ROOT = Path(__file__).resolve().parents[1]
WARM_UP = 0.25  # of the time: memory is counted from there on
MOST_GROWTH = 0.05
LONGEST_WAIT = 2.0  # seconds that a client waits at most when it is told to come again


@dataclass
class Load:
    """What the clients met.

    Attributes:
        seconds: Of each answer.
        busy: How often a client was told to come again.
        wrong: What should not have come, in words.
        memory: Resident bytes of the server, after the warm-up and at the end.
    """

    seconds: list[float] = field(default_factory=list)
    busy: int = 0
    wrong: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Of the memory, from the warm-up to the end."""
        return self.memory[-1] / self.memory[0] - 1 if self.memory else 0.0

    def to_dict(self, took: float, alone: float) -> dict[str, Any]:
        """The figures."""
        cuts = statistics.quantiles(self.seconds, n=100) if len(self.seconds) > 1 else [0.0] * 99
        return {
            "answers": len(self.seconds),
            "answers_per_second": round(len(self.seconds) / took, 2),
            "p50": round(cuts[49], 3),
            "p95": round(cuts[94], 3),
            "p99": round(cuts[98], 3),
            "alone": round(alone, 3),
            "busy_429": self.busy,
            "wrong": self.wrong[:5],
            "memory_mb": [round(size / 1e6, 1) for size in self.memory],
            "memory_growth": round(self.growth, 4),
        }


@dataclass(frozen=True)
class Server:
    """A running server, and the key that opens it."""

    url: str
    process: subprocess.Popen[str]
    headers: dict[str, str]

    def memory(self) -> int:
        """Resident bytes of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024


@contextmanager
def serving(corpus: Path, index: Path, secret: str) -> Iterator[Server]:
    """The command `assistant serve`, until the block ends."""
    places = ["--corpus", str(corpus), "--index", str(index), "--port", "0"]
    command = [sys.executable, "-m", "assistant", "serve", *places]
    with (
        (index / "server.log").open("a+") as log,
        subprocess.Popen(command, cwd=ROOT, stderr=log, text=True) as process,
    ):
        begun = log.seek(0, 2)
        try:
            while True:
                log.seek(begun)
                if found := re.findall(r"http://127\.0\.0\.1:\d+", log.read()):
                    break
                if process.poll() is not None:
                    raise SystemExit(f"the server did not start; see {index / 'server.log'}")
                time.sleep(0.1)
            yield Server(found[-1], process, {"authorization": f"Bearer {secret}"})
        finally:
            process.kill()


async def under_load(server: Server, bodies: list[dict[str, Any]], clients: int, seconds: float) -> Load:
    """Lets clients ask for a while, one question after the other; every third as a stream."""
    load, turn = Load(), itertools.count()
    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers, timeout=60, limits=limits) as client:
        expected = [told(await client.post("/api/ask", json=body)) for body in bodies]
        ends = time.monotonic() + seconds

        async def ask() -> None:
            while time.monotonic() < ends:
                number = next(turn)
                place = number % len(bodies)
                begun = time.monotonic()
                try:
                    kind = "/stream" if number % 3 == 0 else ""
                    reply = await client.post(f"/api/ask{kind}", json=bodies[place])
                except httpx.HTTPError as error:
                    load.wrong.append(repr(error))
                    return
                if reply.status_code == 429 and "retry-after" in reply.headers:
                    load.busy += 1
                    await asyncio.sleep(min(LONGEST_WAIT, float(reply.headers["retry-after"])))
                elif reply.status_code != 200:
                    load.wrong.append(f"status {reply.status_code}: {reply.text[:200]}")
                else:
                    load.seconds.append(time.monotonic() - begun)
                    if told(reply) != expected[place]:
                        load.wrong.append(f"another answer than alone to {bodies[place]['question']!r}")

        async def weigh() -> None:
            await asyncio.sleep(seconds * WARM_UP)
            load.memory.append(server.memory())
            await asyncio.sleep(seconds * (1 - WARM_UP) - 0.5)
            load.memory.append(server.memory())

        await asyncio.gather(weigh(), *(ask() for _ in range(clients)))
    return load


def told(reply: httpx.Response) -> Any:
    """What was answered, without the time it took."""
    if reply.headers["content-type"].startswith("text/event-stream"):
        events = [block.splitlines() for block in reply.text.split("\n\n") if block.startswith("event: ")]
        [answer] = [json.loads(lines[1].removeprefix("data: ")) for lines in events if lines[0] == "event: done"]
    else:
        answer = reply.json()
    return {**answer, "seconds": None}


async def acknowledged(server: Server, clients: int, seconds: float, name: str) -> set[str]:
    """Sends feedback without a pause until the time or the server ends; the ids of what it said it keeps."""
    kept: set[str] = set()
    ends = time.monotonic() + seconds
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers, timeout=10) as client:

        async def send(sender: int) -> None:
            for number in itertools.count():
                if time.monotonic() > ends:
                    return
                own = f"{name}-{sender}-{number}"
                body = {"id": own, "question": "Who chaired the working group?", "verdict": "up"}
                try:
                    reply = await client.post("/api/feedback", json=body)
                except httpx.HTTPError:  # killed meanwhile
                    return
                if reply.status_code == 201:
                    kept.add(reply.json()["id"])

        async def kill() -> None:
            await asyncio.sleep(seconds / 2)
            server.process.send_signal(signal.SIGKILL)

        await asyncio.gather(kill(), *(send(sender) for sender in range(clients)), _asking(server, seconds))
    return kept


async def _asking(server: Server, seconds: float) -> None:
    ends = time.monotonic() + seconds
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers, timeout=10) as client:
        while time.monotonic() < ends:
            try:
                await client.post("/api/ask", json={"question": "Why did the 2017 working group collapse?"})
            except httpx.HTTPError:
                return


def lost(index: Path, kept: set[str]) -> list[str]:
    """The ids that were acknowledged and are not there exactly once."""
    with closing(sqlite3.connect(index / FEEDBACK)) as db:
        there = [row[0] for row in db.execute("SELECT id FROM feedback")]
    return sorted(each for each in kept if there.count(each) != 1)


def prepared(folder: Path) -> tuple[Path, str]:
    """An index of the starter corpus, and a key for it."""
    index = folder / "index"
    subprocess.run([sys.executable, "-m", "assistant", "index", "--index", str(index)], cwd=ROOT, check=True,
                   capture_output=True)  # fmt: skip
    _, secret = KeyStore(index).make("load", scopes=["ask"], access=None)
    return index, secret


def questions(most: int) -> list[dict[str, Any]]:
    """Questions of the evaluation set, as they are sent."""
    cases = [case for case in load_cases(ROOT / "evals/known_answers.jsonl").cases if not case.corpus]
    return [
        {"question": case.question, "history": [{"role": t.role, "content": t.content} for t in case.history]}
        for case in cases[:: max(1, len(cases) // most)]
    ]


def measure(clients: int, seconds: float, index: Path, secret: str, most: int = 60) -> tuple[dict[str, Any], bool]:
    """Load, then a kill; the figures, and whether all of it held."""
    bodies = questions(most)
    with serving(ROOT / "corpus", index, secret) as server:
        with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as one:
            one.post("/api/ask", json=bodies[0])
            begun = time.monotonic()
            for body in bodies:
                one.post("/api/ask", json=body)
            alone = (time.monotonic() - begun) / len(bodies)
        load = asyncio.run(under_load(server, bodies, clients, seconds))
        kept = asyncio.run(acknowledged(server, 5, max(4.0, seconds / 6), "before"))
    with serving(ROOT / "corpus", index, secret) as server:
        again = asyncio.run(under_load(server, bodies[:3], 2, 2.0))
    gone = lost(index, kept)
    figures = load.to_dict(seconds, alone) | {"acknowledged": len(kept), "lost": gone[:5]}
    holds = (
        bool(load.seconds) and not load.wrong and not gone and bool(kept) and not again.wrong and bool(again.seconds)
    )
    return figures, holds and load.growth <= MOST_GROWTH


def main() -> int:
    parser = argparse.ArgumentParser(description="The server under load.")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index, secret = prepared(Path(folder))
        figures, holds = measure(arguments.clients, arguments.seconds, index, secret)
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:>20}  {value}")
        print("holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
