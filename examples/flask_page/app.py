"""A page of a Flask site with the assistant's widget in it. The site itself needs nothing of the assistant.

The assistant is a server of its own, which must know the site's origin. From the repository's root:
ASSISTANT_CORS_ORIGINS=http://127.0.0.1:5000 .venv/bin/assistant serve
.venv/bin/flask --app examples/flask_page/app.py run --port 5000

WIDGET_ENDPOINT is the assistant's address (http://127.0.0.1:7860), WIDGET_KEY a key of it that may only ask, where it
has keys: everybody who visits the page can read it there.
"""

import os

from flask import Flask, render_template

app = Flask(__name__)


@app.get("/")
def page() -> str:
    endpoint = os.environ.get("WIDGET_ENDPOINT", "http://127.0.0.1:7860").rstrip("/")
    return render_template("page.html", endpoint=endpoint, key=os.environ.get("WIDGET_KEY", ""))
