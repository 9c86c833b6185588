"""The chat: `python app.py` brings the index up to date and serves the page."""

import sys

from assistant import Assistant, Settings
from assistant.errors import AssistantError
from assistant.serving.server import check_address, serve


def main() -> None:
    settings = Settings()
    check_address(settings)  # before the models: a taken port is told at once
    with Assistant(settings) as assistant:
        assistant.sync()
        serve(settings, assistant)


if __name__ == "__main__":
    try:
        main()
    except AssistantError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
