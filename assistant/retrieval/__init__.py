"""From a question to the passages that may answer it.

`query` reads the question, `rewriting` makes a follow-up stand alone, `dates` understands time, `hybrid`
finds and ranks, `retriever` shows it to LangChain. What is not here: judging sentences (answering).
"""
