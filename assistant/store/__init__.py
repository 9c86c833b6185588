"""Where documents live once they are read: the catalog (SQLite), the vectors (Chroma), the keyword rows.

The catalog is the truth. What is not here: reading files (ingest), deciding what changed (indexing).
"""
