"""Asks a folder of documents from Python. The first run makes the index beside the folder, later ones renew it.

From the repository's root: .venv/bin/python examples/script.py corpus "Why did the 2017 working group collapse?"
"""

import sys

from assistant import Assistant, Settings

folder, question = sys.argv[1:]
with Assistant(Settings(corpus_dir=folder, index_dir=f"{folder}-index")) as assistant:
    assistant.sync()
    answer = assistant.ask(question)
print(answer.text if answer.answered else answer.explanation)
for citation in answer.citations:
    print(f"[{citation.number}] {citation.path}, {citation.start} to {citation.end}: “{citation.quote}”")
