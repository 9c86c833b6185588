-- The catalog: every live document, its sentences and chunks, its keyword rows, the versions published, and the
-- archive: files as older versions that are kept have them.
-- A row of `documents` is never changed in what it says, only replaced: its number names its text for good.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE versions (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT NOT NULL,
    created  TEXT NOT NULL,
    added    INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    deleted  INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    chunks   INTEGER NOT NULL
);

CREATE TABLE documents (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id TEXT NOT NULL UNIQUE,
    path        TEXT NOT NULL UNIQUE,
    title       TEXT NOT NULL,
    date        TEXT,
    url         TEXT,
    language    TEXT NOT NULL,
    sha256      TEXT NOT NULL, -- of the file's bytes
    text_sha256 TEXT NOT NULL,
    since       INTEGER NOT NULL, -- the first version that has this file with this content
    size        INTEGER NOT NULL,
    mtime_ns    INTEGER NOT NULL,
    access      TEXT NOT NULL, -- JSON list: labels, sorted; a reader needs one of them, or none where there is none
    own_access  TEXT NOT NULL, -- JSON list: those that the file itself names
    details     TEXT NOT NULL, -- JSON: tags, sources, pages, blocks
    text        TEXT NOT NULL
);
CREATE INDEX documents_by_text ON documents (text_sha256);

CREATE TABLE copies ( -- files with text and labels of a document before them in the alphabet, which is searched for them
    document_id TEXT NOT NULL UNIQUE,
    path        TEXT PRIMARY KEY,
    title       TEXT NOT NULL,
    date        TEXT,
    url         TEXT,
    language    TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    since       INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    mtime_ns    INTEGER NOT NULL,
    access      TEXT NOT NULL,
    own_access  TEXT NOT NULL,
    details     TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX copies_by_text ON copies (text_sha256);

CREATE TABLE archive ( -- files that the live version has no more, for the versions with since <= number < until
    number      INTEGER PRIMARY KEY,
    path        TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    since       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    record      BLOB NOT NULL -- compressed JSON: the document and the spans of its chunks
);
CREATE INDEX archive_by_path ON archive (path);

CREATE TABLE archived_vectors ( -- vectors that are kept in Chroma for the archive
    archived  INTEGER NOT NULL REFERENCES archive (number) ON DELETE CASCADE,
    vector_id TEXT NOT NULL,
    PRIMARY KEY (archived, vector_id)
) WITHOUT ROWID;
CREATE INDEX archived_vectors_by_id ON archived_vectors (vector_id);

CREATE TABLE likeness ( -- bands of each document's MinHash: documents that share one may nearly be the same
    band     INTEGER NOT NULL,
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    PRIMARY KEY (band, document)
) WITHOUT ROWID;
CREATE INDEX likeness_by_document ON likeness (document);

CREATE TABLE sentences (
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    start    INTEGER NOT NULL,
    end      INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    section  INTEGER NOT NULL,
    PRIMARY KEY (document, start)
) WITHOUT ROWID;

CREATE TABLE chunks (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    ordinal  INTEGER NOT NULL,
    start    INTEGER NOT NULL,
    end      INTEGER NOT NULL,
    section  INTEGER NOT NULL,
    headings TEXT NOT NULL, -- JSON list, outermost first
    UNIQUE (document, ordinal)
);

CREATE TABLE vectors ( -- which vectors in Chroma stand for a chunk: one, or several windows of a long sentence
    chunk     INTEGER NOT NULL REFERENCES chunks (number) ON DELETE CASCADE,
    vector_id TEXT NOT NULL,
    PRIMARY KEY (chunk, vector_id)
) WITHOUT ROWID;
CREATE INDEX vectors_by_id ON vectors (vector_id);

CREATE TABLE skipped ( -- files that did not become documents, so that they are not parsed again until they change
    path     TEXT PRIMARY KEY,
    reason   TEXT NOT NULL,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;

CREATE VIRTUAL TABLE keywords USING fts5 (title, headings, text, tokenize = "unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE terms USING fts5vocab (keywords, row);
