"""A LangChain agent that searches the corpus by itself, as often as it wants to, and says where it found what.

From the repository's root, after `.venv/bin/assistant index`, with any server that speaks OpenAI's protocol:
ASSISTANT_LLM=openai-compatible:MODEL ASSISTANT_LLM_BASE_URL=http://127.0.0.1:8080/v1 \
    .venv/bin/python examples/langchain_agent.py "Why did the 2017 working group collapse?"
OPENAI_API_KEY is sent where the server wants one. The agent writes freely: unlike `Assistant.ask`, nobody checks what
it says against the documents.
"""

import os
import sys

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain_core.prompts import PromptTemplate
from langchain_core.tools import create_retriever_tool

from assistant import Assistant, Settings

settings = Settings()
provider, _, name = settings.llm.partition(":")
if provider != "openai-compatible":
    sys.exit("set ASSISTANT_LLM=openai-compatible:MODEL and ASSISTANT_LLM_BASE_URL")
model = init_chat_model(
    name,
    model_provider="openai",
    base_url=settings.llm_base_url,
    api_key=os.environ.get("OPENAI_API_KEY", "none"),
)
with Assistant(settings) as assistant:
    search = create_retriever_tool(
        assistant.as_retriever(top_k=4),
        "search_documents",
        "Finds passages of the documents for a question. Each begins with the document's path in brackets.",
        document_prompt=PromptTemplate.from_template("[{path}] {page_content}"),
    )
    agent = create_agent(model, [search], system_prompt="Answer from the documents only, and name the path of each.")
    state = agent.invoke({"messages": [{"role": "user", "content": sys.argv[1]}]})
print(state["messages"][-1].text)
