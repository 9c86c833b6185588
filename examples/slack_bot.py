"""A Slack-style bot: whoever mentions it in a channel gets the answer with its quotations there.

From the repository's root, after `.venv/bin/assistant index`:
SLACK_SIGNING_SECRET=… SLACK_WEBHOOK_URL=https://hooks.slack.com/services/… \
    .venv/bin/uvicorn examples.slack_bot:app --port 3000
In Slack's settings of the app: event subscriptions to https://YOUR-HOST/slack/events with `app_mention`, and an
incoming webhook for the channel. One process only: what was answered already is kept in its memory.
"""

import asyncio
import hashlib
import hmac
import html
import json
import os
import re
import time
from collections import OrderedDict
from typing import Any

import httpx
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request

from assistant import Answer, Assistant, AssistantError

SECRET = os.environ["SLACK_SIGNING_SECRET"].encode()
WEBHOOK = os.environ["SLACK_WEBHOOK_URL"]
OLDEST = 5 * 60  # seconds: an older request may be a replayed one
REMEMBERED = 10_000  # events; Slack sends one again for an hour at most

app = FastAPI()
assistant = Assistant()
seen: OrderedDict[str, None] = OrderedDict()


@app.post("/slack/events")
async def events(request: Request, background: BackgroundTasks) -> dict[str, str]:
    body = await request.body()
    if not is_signed(body, request.headers):
        raise HTTPException(401, "the signature does not fit")
    sent = json.loads(body)
    if sent["type"] == "url_verification":
        return {"challenge": sent["challenge"]}
    event = sent.get("event", {})
    if event.get("type") == "app_mention" and "bot_id" not in event and is_new(sent["event_id"]):
        background.add_task(reply, event)  # after the response: Slack waits three seconds, then sends the event again
    return {"status": "ok"}


def is_signed(body: bytes, headers: Any) -> bool:
    """Whether Slack sent it, and now: https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    timestamp = headers.get("x-slack-request-timestamp", "")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > OLDEST:
        return False
    expected = "v0=" + hmac.new(SECRET, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), headers.get("x-slack-signature", "").encode())


def is_new(event_id: str) -> bool:
    if event_id in seen:
        return False
    seen[event_id] = None
    if len(seen) > REMEMBERED:
        seen.popitem(last=False)
    return True


async def reply(event: dict[str, Any]) -> None:
    question = html.unescape(re.sub(r"<@[^>]*>", " ", event["text"]))  # without who was mentioned
    try:
        text = as_message(await assistant.aask(question))
    except AssistantError as error:
        text = escaped(str(error))
    async with httpx.AsyncClient(timeout=10) as client:
        for wait in (1, 5, 0):
            try:
                (await client.post(WEBHOOK, json={"text": text})).raise_for_status()
                return
            except httpx.HTTPError as error:
                print(f"the answer was not posted: {type(error).__name__}")  # its text would show the secret address
            await asyncio.sleep(wait)


def as_message(answer: Answer) -> str:
    if not answer.answered:
        return escaped(answer.explanation or "")
    said = " ".join(s.text + "".join(f" [{number}]" for number in s.citations) for s in answer.sentences)
    quotations = [f"> [{c.number}] {escaped(' '.join(c.quote.split()))} ({escaped(c.path)})" for c in answer.citations]
    return "\n".join([escaped(said), *quotations])


def escaped(text: str) -> str:
    """As Slack wants it: what a document says can't mention a person or the channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
