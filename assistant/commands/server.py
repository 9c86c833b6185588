"""The commands that serve: serve, mcp, and keys for who may come."""

from __future__ import annotations

import argparse
import signal

from assistant.commands.arguments import opened, settings_of
from assistant.commands.terminal import DONE, key_text, print_json, print_text, tell


def serve(arguments: argparse.Namespace) -> int:
    """Serves the chat and the APIs."""
    from assistant.serving.server import serve

    with opened(arguments) as assistant:
        serve(assistant.settings, assistant)
    return DONE


def mcp(arguments: argparse.Namespace) -> int:
    """Serves one client over stdin and stdout."""
    from assistant.serving.programs.mcp import serve_stdio

    # A thread waits for stdin, which only the system can interrupt; there is nothing to be saved.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with opened(arguments) as assistant:
        serve_stdio(assistant)
    return DONE


def keys(arguments: argparse.Namespace) -> int:
    """Makes, lists and revokes keys."""
    from assistant.store.keys import KeyStore

    if (arguments.name is None) != (arguments.action == "list"):
        arguments.usage_error(f"keys {arguments.action} takes {'no NAME' if arguments.name else 'a NAME'}")
    if arguments.action != "add" and (arguments.scope or arguments.access or arguments.origin or arguments.per_minute):
        arguments.usage_error("--scope, --access, --origin and --per-minute go with keys add")
    store = KeyStore(settings_of(arguments).index_dir)
    if arguments.action == "add":
        labels = arguments.access or []
        key, secret = store.make(
            arguments.name,
            scopes=arguments.scope or ["ask"],
            access=None if "all" in labels else labels,
            origins=arguments.origin or [],
            per_minute=arguments.per_minute,
        )
        if arguments.json:
            print_json({**key.to_dict(), "key": secret})
        else:
            print_text(secret)
            tell("this is the key; it is kept nowhere and not shown again")
        return DONE
    found = store.all() if arguments.action == "list" else [store.revoke(arguments.name)]
    if arguments.json:
        print_json([key.to_dict() for key in found] if arguments.action == "list" else found[0].to_dict())
    else:
        print_text("\n".join(key_text(key) for key in found) or "no keys; `assistant keys add NAME` makes one")
    return DONE
