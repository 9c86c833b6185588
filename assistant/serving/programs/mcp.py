"""The Model Context Protocol: the corpus as tools and resources for language models, over stdio and over HTTP.

What it does not hold: what the tools do (`mcp_tools.py`), and which key may do what: the caller gives an `Admit`.

Over HTTP every request stands by itself: there are no sessions, so that none is lost with a restart and none holds
the server back from ending, and an answer is one JSON object, which every client reads. A client that asks for a
stream of its own (GET) is told 405, as the protocol has it for servers that never speak first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from assistant import __version__
from assistant.assistant import Assistant
from assistant.errors import AssistantError, DocumentError
from assistant.serving.problems import said
from assistant.serving.programs.mcp_tools import TOOLS, Source, Tool
from assistant.serving.programs.paging import page_of
from assistant.serving.warming import warm_up
from assistant.settings import Settings
from assistant.store.keys import Scope
from assistant.types import DocumentSummary

Admit = Callable[[Request | None, Scope], Source]
"""Gives the source that may be asked with a scope, or raises `AccessError`. Called in a thread; over stdio there
is no request."""

_Context = ServerRequestContext[Any, Request]

_T = TypeVar("_T")

URI = "corpus://documents/"
PAGE = 100
"""How many resources are listed at once."""
_PLAIN = "text/plain"
_HINTS = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_TOOLS = {tool.name: tool for tool in TOOLS}


def build_server(admit: Admit, settings: Settings) -> Server[Any]:
    """The protocol's server, to be run over a transport.

    Args:
        admit: Who may ask what; every call goes through it.
        settings: Where the corpus is, whose name models are told.
    """

    async def list_tools(_: _Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS])

    async def call_tool(context: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = _TOOLS.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name}; there are {', '.join(_TOOLS)}")
        return await anyio.to_thread.run_sync(_called, tool, params.arguments or {}, admit, context.request)

    async def list_resources(
        context: _Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        documents = await _read(lambda: admit(context.request, Scope.READ).documents())
        try:
            page, following = page_of(documents, (params and params.cursor) or None, PAGE)
        except ValueError as error:
            raise MCPError(types.INVALID_PARAMS, "the cursor is not one of this server; list from the start") from error
        return types.ListResourcesResult(resources=[_resource(each) for each in page], next_cursor=following)

    async def list_templates(_: _Context, __: types.PaginatedRequestParams | None) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            name="document",
            title="A document of the corpus",
            uri_template=f"{URI}{{id}}",
            description="The stored text of a document, by its id; citations count their offsets in it.",
            mime_type=_PLAIN,
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(context: _Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(params.uri)
        if not uri.startswith(URI):
            raise MCPError(types.INVALID_PARAMS, f"there is no resource {uri}; they are called {URI}ID", {"uri": uri})
        document = await _read(lambda: admit(context.request, Scope.READ).document(uri.removeprefix(URI)))
        text = types.TextResourceContents(uri=uri, mime_type=_PLAIN, text=document.text)
        return types.ReadResourceResult(contents=[text])

    return Server(
        "corpus-assistant",
        version=__version__,
        title="Corpus Assistant",
        instructions=_instructions(settings.corpus_dir.resolve().name),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


class McpEndpoint:
    """The protocol over HTTP, as an ASGI application for exactly one path.

    Args:
        admit: Who may ask what; it sees the HTTP request with its headers.
        settings: As for `build_server`.
    """

    def __init__(self, admit: Admit, settings: Settings) -> None:
        self._manager = StreamableHTTPSessionManager(
            build_server(admit, settings),
            json_response=True,
            stateless=True,
            # `Guard` knows which host names are served; the SDK knows loopback only, and would refuse the others.
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )

    def run(self) -> AbstractAsyncContextManager[None]:
        """What must be entered while requests are served: the application's lifespan. Once only."""
        return self._manager.run()

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        if scope["method"] == "POST":
            await self._manager.handle_request(scope, receive, send)
        else:
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)


def serve_stdio(assistant: Assistant) -> None:
    """Serves one client over stdin and stdout until stdin closes.

    What libraries print meanwhile goes to stderr. The models are loaded in the background, so that a client that
    only looks at the tools need not wait for them.
    """
    server = build_server(lambda _request, _scope: assistant, assistant.settings)
    warming = threading.Thread(target=warm_up, args=(assistant,))

    async def run() -> None:
        async with stdio_server() as (reading, writing):
            warming.start()
            await server.run(reading, writing, server.create_initialization_options())

    try:
        anyio.run(run)
    except* BrokenPipeError:
        pass  # the client went without waiting for its answer
    finally:
        if warming.ident is not None:
            warming.join()  # a process that ends while models are being loaded is aborted


def _called(tool: Tool, given: dict[str, Any], admit: Admit, request: Request | None) -> types.CallToolResult:
    """Runs a tool; what the caller can mend is an answer too, which models read."""
    try:
        # Models write null for what they leave out.
        arguments = tool.arguments.model_validate({name: value for name, value in given.items() if value is not None})
        reply = tool.run(admit(request, tool.scope), arguments)
    except ValidationError as error:
        return _failed(f"{tool.name} can't be called like this: {said(error.errors())}")
    except AssistantError as error:
        return _failed(str(error))
    return types.CallToolResult(content=[types.TextContent(text=reply.text)], structured_content=reply.structured)


def _failed(message: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=message)], is_error=True)


async def _read(read: Callable[[], _T]) -> _T:
    """Reads in a thread; a resource has no way to tell an error but the protocol's."""
    try:
        return await anyio.to_thread.run_sync(read)
    except DocumentError as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from error
    except AssistantError as error:
        raise MCPError(types.INVALID_REQUEST, str(error)) from error


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema(),
        output_schema=tool.output(),
        annotations=_HINTS,
    )


def _resource(document: DocumentSummary) -> types.Resource:
    return types.Resource(
        uri=f"{URI}{document.id}",
        name=document.path,
        title=document.title,
        description=", ".join(part for part in (document.path, document.date) if part),
        mime_type=_PLAIN,
    )


def _instructions(corpus: str) -> str:
    return (
        f"Answers from the folder of documents “{corpus}”, and proves each sentence by an exact quotation. "
        "Use `ask` for questions, `search` to look around, `get_document` or the resources to read a document. "
        "Quote exactly as the tools quote, name title and path of what you quote, and never add what the tools do not "
        "say: where `ask` refuses, tell the user that the corpus does not answer the question."
    )
