"""The prompt texts, one Markdown file a task; installed as `assistant.prompts`. No code lives here."""
