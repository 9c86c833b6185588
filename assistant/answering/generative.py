"""Answers in a language model's words, each sentence held against the evidence that it cites.

The model gets the evidence numbered and must cite it sentence by sentence. What it says is shown only
where `support.supported` finds it in what it cites; elsewhere the quotation itself stands in its place.
What is not here: selecting the evidence, the extractive answer to fall back to, making citations.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assistant.answering.evidence import Evidence
from assistant.answering.prompting import fence_for, load_prompt
from assistant.answering.replies import Claim, parse_reply, says_no_answer, without_reasoning
from assistant.answering.support import related, supported
from assistant.errors import LanguageModelError, SettingsError
from assistant.settings import Settings
from assistant.types import Turn

if TYPE_CHECKING:  # langchain takes a second to import; extractive answers never need it
    from langchain_core.language_models import BaseChatModel

TIMEOUT_SECONDS = 60.0
RETRIES = 1
# Room for five sentences and for the hidden reasoning of models that reason.
MAX_TOKENS = 4096
MAX_SENTENCES = 5
# A follow-up refers to what was said lately; older turns would crowd a small model's context.
HISTORY_TURNS = 6
HISTORY_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence to be shown, and the positions (from 0) of the evidence that it rests on (never none)."""

    text: str
    evidence_indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What can be shown of a model's reply. No sentences: the model finds no answer in the evidence."""

    sentences: tuple[DraftSentence, ...] = ()
    notes: tuple[str, ...] = ()


# --- the model -----------------------------------------------------------------------------------------------


def chat_model(settings: Settings, *, timeout: float = TIMEOUT_SECONDS) -> BaseChatModel:
    """The chat model that `settings.llm` names. Nothing is sent yet.

    Args:
        settings: `llm` as `provider:model`, and `llm_base_url`.
        timeout: Seconds to wait for a reply.

    Raises:
        SettingsError: No model is set, or `openai-compatible` has no address.
        LanguageModelError: The provider's package or key is missing.
    """
    provider, _, model = settings.llm.partition(":")
    if not provider:
        raise SettingsError("no language model is set; set ASSISTANT_LLM to provider:model")
    if provider == "openai-compatible" and not settings.llm_base_url:
        raise SettingsError("ASSISTANT_LLM is openai-compatible: set ASSISTANT_LLM_BASE_URL to http://host:port/v1")
    from langchain.chat_models import init_chat_model

    family = provider.removesuffix("-compatible")
    try:
        made: BaseChatModel = init_chat_model(
            model or "default", model_provider=family, **_arguments(provider, settings.llm_base_url, timeout)
        )
    except ImportError as error:
        raise LanguageModelError(
            f"language model {settings.llm} needs a package that is missing: pip install 'corpus-assistant[{family}]'"
        ) from error
    # Each provider's package has errors of its own; whichever it is, the model can't be used.
    except Exception as error:
        key = f"{family.upper()}_API_KEY"
        hint = f"; set {key}" if family != "ollama" and not os.environ.get(key) else f": {_first_line(error)}"
        raise LanguageModelError(f"language model {settings.llm} can't be set up{hint}") from error
    return made


def _arguments(provider: str, base_url: str, timeout: float) -> dict[str, Any]:
    """What each provider's class calls the same things.

    Temperature 0 only for servers of one's own: hosted models increasingly refuse the parameter.
    """
    address = {"base_url": base_url} if base_url else {}
    if provider == "ollama":  # has no retries
        return {"client_kwargs": {"timeout": timeout}, "num_predict": MAX_TOKENS, "temperature": 0, **address}
    arguments: dict[str, Any] = {"timeout": timeout, "max_retries": RETRIES, "max_tokens": MAX_TOKENS, **address}
    if provider == "openai-compatible":
        arguments["base_url"] = base_url if urlsplit(base_url).path.strip("/") else f"{base_url}/v1"
        # Local servers ask for no key, the client insists on one.
        arguments["api_key"] = os.environ.get("OPENAI_API_KEY") or "not-needed"
        arguments["temperature"] = 0
        arguments["use_responses_api"] = False  # chat completions is what they all speak
    return arguments


def _ask(model: BaseChatModel, messages: list[tuple[str, str]]) -> str:
    """The model's reply without hidden reasoning, never empty.

    Raises:
        LanguageModelError: There is none; the message names model and address.
    """
    try:
        reply = str(model.invoke(messages).text)
    # Refused connections, time-outs, HTTP errors and malformed replies come as dozens of types from the
    # providers' packages; for all of them the answer is the same: fall back to the extractive one.
    except Exception as error:
        raise LanguageModelError(f"language model {_label(model)} {_trouble(error)}") from error
    reply = without_reasoning(reply)
    if not reply:
        raise LanguageModelError(f"language model {_label(model)} replied with nothing")
    return reply


def _label(model: BaseChatModel) -> str:
    """Name and address, without credentials that may stand in the address."""
    names = (getattr(model, name, None) for name in ("model_name", "model"))
    name = next((str(name) for name in names if name), type(model).__name__)
    addresses = (getattr(model, field, None) for field in ("openai_api_base", "anthropic_api_url", "base_url"))
    address = next((urlsplit(str(address)) for address in addresses if address), None)
    return f"{name} at {address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}" if address else name


def _trouble(error: Exception) -> str:
    """What went wrong, in words that go behind the model's name; no body of a reply, which may hold a key."""
    status = getattr(error, "status_code", None)
    kinds = " ".join(kind.__name__ for kind in type(error).__mro__)
    if "Timeout" in kinds:
        return "did not reply in time"
    if isinstance(status, int) and status > 0:
        hint = {401: "; check its API key", 403: "; check its API key", 404: "; check the model's name and address"}
        return f"replied with HTTP {status}{hint.get(status, '')}"
    if "Connect" in kinds:
        return "can't be reached; is it running?"
    return f"gave no usable reply ({type(error).__name__})"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


# --- answers -------------------------------------------------------------------------------------------------


def compose(question: str, evidence: Sequence[Evidence], model: BaseChatModel) -> Draft:
    """Lets the model answer from the evidence, and keeps what the evidence carries.

    Returns:
        The sentences that passed, with the quotation where one did not, and notes on what was changed.
        No sentences where the model says that the evidence does not answer, or where there is none.

    Raises:
        LanguageModelError: The model can't be reached, or nothing of its reply can be shown.
    """
    if not evidence:
        return Draft()
    numbered = "\n".join(f"[{number}] {_shown(item)}" for number, item in enumerate(evidence, start=1))
    asked = _one_line(question)
    prompt = load_prompt("answer", ("fence", "evidence", "question"))
    reply = _ask(model, prompt.messages(fence=fence_for(numbered, asked), evidence=numbered, question=asked))
    if says_no_answer(reply):
        return Draft()
    draft = _checked(parse_reply(reply), evidence)
    if not draft.sentences:
        raise LanguageModelError(f"language model {_label(model)} cited nothing that it was given")
    return draft


def _checked(claims: Sequence[Claim], evidence: Sequence[Evidence]) -> Draft:
    """Each claim as it is, or the first quotation that it cites, or nothing."""
    kept: list[DraftSentence] = []
    seen: set[str] = set()
    replaced = dropped = surplus = 0
    for claim in claims:
        indices = tuple(number - 1 for number in claim.ids if 1 <= number <= len(evidence))
        if not indices:
            dropped += 1
            continue
        if len(indices) < len(claim.ids) or not _carried(claim.text, [evidence[index] for index in indices]):
            sentence = DraftSentence(evidence[indices[0]].text, indices[:1])
            replaced += 1
        else:
            sentence = DraftSentence(claim.text, _needed(claim.text, indices, evidence))
        key = " ".join(sentence.text.casefold().split())
        if key in seen:
            continue
        if len(kept) == MAX_SENTENCES:
            surplus += 1
            continue
        seen.add(key)
        kept.append(sentence)
    return Draft(tuple(kept), _notes(replaced, dropped, surplus))


def _carried(sentence: str, cited: Sequence[Evidence]) -> bool:
    context = "\n".join(f"{item.title}\n{item.heading}\n{item.date or ''}" for item in cited)
    return supported(sentence, [item.text for item in cited], context)


def _needed(sentence: str, indices: tuple[int, ...], evidence: Sequence[Evidence]) -> tuple[int, ...]:
    """The citations without those that share nothing with the sentence, if the others carry it alone."""
    narrowed = tuple(index for index in indices if related(sentence, evidence[index].text))
    return narrowed if narrowed and _carried(sentence, [evidence[index] for index in narrowed]) else indices


def _notes(replaced: int, dropped: int, surplus: int) -> tuple[str, ...]:
    notes = []
    if replaced == 1:
        notes.append("1 sentence of the model was not supported by its citation; the quotation stands in its place")
    elif replaced:
        notes.append(
            f"{replaced} sentences of the model were not supported by their citations; "
            "the quotations stand in their place"
        )
    if dropped:
        notes.append(
            f"{dropped} sentence{'s' if dropped > 1 else ''} of the model cited no evidence "
            f"and {'were' if dropped > 1 else 'was'} left out"
        )
    if surplus:
        notes.append(f"the model's answer was cut to {MAX_SENTENCES} sentences")
    return tuple(notes)


_MARK_LIKE = re.compile(r"[\[【]([\d,;\s–-]+|/?[A-Z_]+)[\]】]")
_TAG_LIKE = re.compile(r"<([^<>\n]{1,60})>")


def _shown(item: Evidence) -> str:
    source = " > ".join(part for part in (item.title, item.heading) if part)
    return f"({_one_line(', '.join(part for part in (source, item.date) if part))}) {_one_line(item.text)}"


def _one_line(text: str) -> str:
    """A document's words as the model sees them: on one line, without what it could take for structure.

    `[9]` would read as an id of ours, `<|im_start|>` and `[INST]` as a turn of the chat: servers put the
    text into a template and then look for such marks in all of it. Only the model sees the change; what is
    quoted and checked is the stored text.
    """
    return _TAG_LIKE.sub(r"‹\1›", _MARK_LIKE.sub(r"(\1)", " ".join(text.split())))


# --- follow-ups ----------------------------------------------------------------------------------------------


def rewrite(question: str, history: Sequence[Turn], model: BaseChatModel) -> str:
    """The question so that it can be understood without the conversation.

    Raises:
        LanguageModelError: The model can't be reached, or what it replied is no single question.
    """
    told = "\n".join(
        f"{'User' if turn.role == 'user' else 'Assistant'}: {_one_line(turn.content)[:HISTORY_CHARACTERS]}"
        for turn in history[-HISTORY_TURNS:]
    )
    asked = _one_line(question)
    prompt = load_prompt("rewrite", ("fence", "history", "question"))
    reply = _ask(model, prompt.messages(fence=fence_for(told, asked), history=told, question=asked))
    if "\n" in reply or len(reply) > 3 * len(question) + 200 or (asked.endswith("?") and not reply.endswith("?")):
        raise LanguageModelError(f"language model {_label(model)} did not rewrite the question as one short line")
    return reply
