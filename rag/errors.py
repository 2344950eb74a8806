"""Everything that can go wrong, as one tree.

CitebotError            base; its text is one sentence that a person can act on
├── UsageError          what was asked cannot be done as asked (exit status 2)
│   ├── QuestionError   empty, too long, or not text
│   └── SettingsError   a setting has an impossible value
├── CorpusError         the folder of articles is missing, empty or unreadable
│   └── ArticleError    one file of it cannot be read as an article
├── IndexStateError     the index cannot be used as it is
│   ├── LockedError     another process is writing it
│   └── StorageError    its directory is read-only, full or damaged
└── ModelError          the language model did not answer
    └── ModelSettingsError  it cannot as things are set: the text says what to set

A refusal ("the articles do not say") is not an error: see `rag.domain.Refusal`.
"""


class CitebotError(Exception):
    """Base of all errors raised on purpose; `str(error)` is fit to be shown."""


class UsageError(CitebotError):
    """The caller asked for something that cannot be done as asked."""


class QuestionError(UsageError):
    """The question is empty, too long, or not text."""


class SettingsError(UsageError):
    """A setting has a value that cannot be used."""


class CorpusError(CitebotError):
    """The folder of articles is missing, empty or unreadable."""


class ArticleError(CorpusError):
    """One file cannot be read as an article."""


class IndexStateError(CitebotError):
    """The index cannot be used as it is."""


class LockedError(IndexStateError):
    """Another process is writing the index."""


class StorageError(IndexStateError):
    """The data directory is read-only, full or damaged."""


class ModelError(CitebotError):
    """The language model did not answer."""


class ModelSettingsError(ModelError):
    """The language model cannot answer as things are set; the text says what to set."""
