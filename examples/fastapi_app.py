"""The assistant inside a FastAPI application of your own, which has other endpoints, too.

From the repository's root, after `.venv/bin/assistant index`: .venv/bin/uvicorn examples.fastapi_app:app --port 8000
Then: curl -X POST localhost:8000/help -H 'content-type: application/json' -d '{"question": "What is the P5?"}'
Whoever reaches this port may ask; put your own login before it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from assistant import Assistant, AssistantError, QuestionError


class Question(BaseModel):
    question: str


class Quotation(BaseModel):
    path: str
    page: int | None
    quote: str


class Help(BaseModel):
    answered: bool
    text: str
    quotations: list[Quotation]


assistant = Assistant()  # costs nothing yet; folders come from ASSISTANT_… variables or assistant.toml


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    await asyncio.to_thread(
        assistant.search, "warm up"
    )  # loads index and models, so that the first reader needn't wait
    yield
    assistant.close()


app = FastAPI(title="An app with a help desk", lifespan=lifespan)


@app.get("/")
def home() -> dict[str, str]:
    return {"hello": "this app's own endpoint"}


@app.post("/help")
async def help_desk(asked: Question) -> Help:
    try:
        answer = await assistant.aask(asked.question)
    except QuestionError as error:
        raise HTTPException(422, str(error)) from error
    except AssistantError as error:
        raise HTTPException(503, str(error)) from error
    quotations = [Quotation(path=c.path, page=c.page, quote=c.quote) for c in answer.citations]
    return Help(answered=answer.answered, text=answer.text or answer.explanation or "", quotations=quotations)
