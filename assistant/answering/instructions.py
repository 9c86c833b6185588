"""Sentences of documents that speak to the machine that reads them: never evidence, whoever wrote them.

A document may say "ignore all previous instructions". An extractive answer would not obey, but show it as what the
source says; a language model might obey. What is quoted in a document about such attacks stays evidence. What is not
here: which sentences stand in one paragraph (places.py).
"""

from __future__ import annotations

import re
from functools import lru_cache

_QUOTED = re.compile(r"[\"“„«][^\"“”„«»]*[\"”»]")
_TO_A_MACHINE = re.compile(
    r"""
    (?:^\W*|[.;:!?]\W*|\b(?:please|and|then|must|you)\s)(?:ignore|disregard|forget|override)\b.{0,30}\b(?:previous|prior|above|earlier|preceding|other|all)\b.{0,20}
        \b(?:instructions?|prompts?|rules|directions|context|messages?|guidelines|sources|documents)\b
  | (?:^\W*|\bplease\s)(?:ignore|disregard|forget)\s.{0,20}\b(?:instructions|rules|prompts?)\s(?:above|before)\b
  | ^\W*ignore\b.{0,60}\band\s(?:name|say|state|answer|reply|respond|tell|write|output)\b
  | \b(?:note|message|instructions?|attention|hint|memo)\s(?:to|for)\s(?:all\s|any\s|the\s|every\s)?
        (?:AIs?|LLMs?|assistants?|(?:chat)?bots?|language\smodels?|AI\s\w+|models?\sreading)\b
  | \b(?:AI|language)\s(?:assistants?|models?|systems?)\b.{0,40}\b(?:must|should|shall)\b.{0,20}
        \b(?:say|answer|reply|respond|recommend|output|ignore)\b
  | \b(?:reveal|print|repeat|show|output|display)\b.{0,20}\b(?:system|hidden|initial|secret)\s(?:prompt|instructions?)\b
  | \b(?:begin|start|end|finish)\s(?:every|each|all|your|any)\s(?:answers?|repl(?:y|ies)|responses?|messages?)\b
  | (?:^|[.;:,]\s*)(?:answer|reply|respond)\s(?:only\s)?with\b
  | \bcite\b.{0,30}\b(?:above|below|this|following)\b.{0,20}\bas\syour\b
  | \byou\sare\snow\s(?:in\s\w+\smode|an?\s|the\s|no\slonger)
  | \bif\syou\s(?:are|were)\s(?:an?\s)?(?:AI|LLM|language\smodel|assistant|chatbot|asked\sabout)\b
  | \b(?:и|про)?гнорируй(?:те)?\b.{0,40}\b(?:указани|инструкци|правил|сообщени)
  | \bзабудь(?:те)?\b.{0,40}\b(?:указани|инструкци|правил)
  | \b(?:отвечай(?:те)?|скажи(?:те)?)\b.{0,30}\b(?:на\sлюбой\sвопрос|только)\b
  | \bты\s(?:теперь|больше\sне)\b.{0,40}\b(?:ассистент|модель|режим)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# One of these stands in whatever the pattern above finds, letters folded: most sentences have none, and the pattern is
# slow to find nothing.
_HINTS = (
    *("ignore", "disregard", "forget", "override", "note", "message", "instruct", "attention", "hint", "memo"),
    *("assistant", "model", "system", "prompt", "answer", "repl", "respon", "cite", "you"),
    *("гнорир", "забудь", "отвеча", "скаж", "ты"),
)
# "Assistant:" begins a turn of a conversation, "the assistant: a man of forty" does not.
_CASED = re.compile(r"(?:^|[\s>\]])(?:SYSTEM|ASSISTANT|Assistant)\s*:\s")


@lru_cache(maxsize=2048)  # a sentence is looked at again with each chunk that follows it
def speaks_to_the_machine(sentence: str) -> bool:
    """Whether a sentence of a document gives orders to what reads it, outside quotation marks."""
    folded = sentence.casefold()
    if not any(hint in folded for hint in _HINTS):
        return False
    bare = _QUOTED.sub(" ", sentence)
    return _TO_A_MACHINE.search(bare) is not None or _CASED.search(bare) is not None
