"""The ways in for people: the chat, the maintainer's page, and the widget for other sites."""
