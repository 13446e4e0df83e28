"""Faults of rule files: where they are, what they are, and what to do about them, in words for policy authors."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice

from screening.reading.look_alikes import misleading_letter

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what ends a line in YAML
_LONGEST_EXCERPT = 160
_LONGEST_QUOTE = 60
_MOST_LISTED = 12
_PATH_WIDTH = 60
_WORDS_COMPARED = 1_000  # comparing takes a few microseconds each
_LONGEST_WORD = 100


class Code(StrEnum):
    """What is wrong, as a code that stays the same whatever the sentence says."""

    SYNTAX = "PO100"
    UNREADABLE = "PO101"  # not there, not UTF-8, too large, too deep
    NOT_PLAIN = "PO102"  # anchors, aliases, tags, merge keys, several documents
    DUPLICATE_KEY = "PO103"
    UNKNOWN_FACT = "PO104"
    UNKNOWN_KEY = "PO105"
    MISSING_KEY = "PO106"
    WRONG_VALUE = "PO107"
    FORMAT_TOO_NEW = "PO108"
    UNKNOWN_CHECK = "PO110"
    ONE_CHECK = "PO111"
    UNKNOWN_RESULT = "PO112"
    UNKNOWN_LIST = "PO113"
    UNKNOWN_REJECTION = "PO114"
    UNKNOWN_PLACEHOLDER = "PO115"
    UNKNOWN_FIXTURE = "PO116"
    UNKNOWN_RULE = "PO117"
    UNKNOWN_POLICY = "PO118"
    DUPLICATE_NAME = "PO120"
    RESULT_NOT_HANDLED = "PO121"
    INCOMPLETE_EFFECT = "PO122"
    GROUND_NOT_PERMITTED = "PO123"
    FACT_NOT_ALLOWED = "PO124"
    OUT_OF_ORDER = "PO125"
    CYCLE = "PO126"
    MISSING_EVIDENCE_PASSES = "PO127"
    NEVER_REACHED = "PO128"
    CHAINED = "PO129"  # rules taken from a policy that takes them itself
    DEFAULT_POLICY = "PO130"
    COVERED_TWICE = "PO131"
    NO_RULE_FILES = "PO132"
    UNKNOWN_OPERATOR = "PO134"
    OPERATOR_MISFIT = "PO135"
    ONE_CONDITION = "PO136"
    FILE_NOT_USED = "PO150"
    TEXT_CUT_OFF = "PO151"
    SCORE_OUT_OF_REACH = "PO152"
    RULE_WITHOUT_EFFECT = "PO153"
    RESULT_NOT_TESTED = "PO154"
    NOT_EXPLAINED = "PO155"  # no owner, or no why
    LOOK_ALIKE = "PO156"
    UNKNOWN_WORD = "PO157"
    CONTRADICTION = "PO160"
    REPEATED_CONDITION = "PO161"
    ENTRY_EXPIRED = "PO162"
    ALLOWED_AND_BLOCKED = "PO163"


class Severity(StrEnum):
    """Whether a finding keeps the files from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault.

    Attributes:
        file: the file as the caller named it.
        line, column: where it begins, from 1; a column counts characters.
        severity: an error keeps the files from being used, a warning does not.
        code: `PO1xx`.
        message: one sentence without full stop: what is wrong.
        path: where that is in the file's own terms, for example `in rule pin, then.mismatch`; may be empty.
        suggestion: what to do, for example a name that was perhaps meant; may be empty.
        length: how many characters the fault covers in its line, at least 1.
        excerpt: the line concerned and the one before it, each with its number; empty for a file as a whole.
    """

    file: str
    line: int
    column: int
    severity: Severity
    code: Code
    message: str
    path: str = ""
    suggestion: str = ""
    length: int = 1
    excerpt: tuple[tuple[int, str], ...] = ()

    @property
    def place(self) -> tuple[str, int, int, str, str]:
        """The key by which diagnostics are sorted."""
        return (self.file, self.line, self.column, self.code, self.message)

    def render(self) -> str:
        """Return the fault as text: place and sentence, the line with a caret, the path, and where to read more."""
        lines = [f"{self.file}:{self.line}:{self.column}  {self.severity} {self.code}  {self.message}"]
        width = len(str(self.line))
        for number, text in self.excerpt:
            lines.append(f"  {number:>{width}} | {_shown(text)}".rstrip())
        if self.excerpt:
            text = _shown(self.excerpt[-1][1])
            before = sum(_cells(character) for character in text[: self.column - 1])
            covered = sum(_cells(character) for character in text[self.column - 1 :][: self.length])
            lines.append(
                f"  {'':>{width}} | {' ' * before}{'^' * max(covered, 1)} {self.suggestion}".rstrip()
            )
        elif self.suggestion:
            lines.append(f"  {self.suggestion}")
        more = f"more: portout rules help {self.code}"
        lines.append(f"  {self.path:<{_PATH_WIDTH}}  {more}" if self.path else f"  {more}")
        return "\n".join(lines)


class PolicyErrors(Exception):
    """The rule files cannot be used. `diagnostics` holds every fault, sorted by place, warnings included."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = sorted(diagnostics, key=lambda diagnostic: diagnostic.place)
        errors = [entry for entry in self.diagnostics if entry.severity is Severity.ERROR]
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{first.file}:{first.line}:{first.column} {first.code} {first.message}{more}")


class Source:
    """The text of one rule file, for excerpts."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, as YAML parts them."""
        return _LINE_BREAK.split(self.text)

    def fault_of_file(
        self, message: str, *, code: Code = Code.UNREADABLE, suggestion: str = ""
    ) -> Diagnostic:
        """Make a diagnostic about the file as a whole."""
        return Diagnostic(self.file, 1, 1, Severity.ERROR, code, message, suggestion=suggestion)

    def diagnostic(
        self,
        line: int,
        column: int,
        code: Code,
        message: str,
        *,
        severity: Severity = Severity.ERROR,
        length: int = 1,
        path: str = "",
        suggestion: str = "",
    ) -> Diagnostic:
        """Make a diagnostic with its excerpt. A place behind the end of the text becomes its last character."""
        if line > len(self.lines):
            line, column = len(self.lines), len(self.lines[-1]) + 1
        if line > 1 and not self.lines[line - 1].strip():
            # Parsers name the end of the text where something is missing; the last thing written says more.
            while line > 1 and not self.lines[line - 1].strip():
                line -= 1
            column = len(self.lines[line - 1].rstrip()) + 1
        column = min(column, len(self.lines[line - 1]) + 1)
        excerpt = tuple((number, self.lines[number - 1]) for number in (line - 1, line) if number >= 1)
        if column > _LONGEST_EXCERPT:
            excerpt = ()
        return Diagnostic(
            self.file,
            line,
            column,
            severity,
            code,
            one_line(message),
            one_line(path),
            one_line(suggestion),
            max(length, 1),
            excerpt,
        )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like this one and not faulty itself, or None if none is."""
    by_lower_case = {candidate.lower(): candidate for candidate in islice(sound(known), _WORDS_COMPARED)}
    near = difflib.get_close_matches(word[:_LONGEST_WORD].lower(), by_lower_case, n=1, cutoff=0.6)
    return by_lower_case[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `did you mean 'x'?` for the nearest known word, or an empty text."""
    near = nearest(word, known)
    return f"did you mean {quoted(near)}?" if near else ""


def sound(names: Iterable[str]) -> list[str]:
    """Return the names that can be offered: not those that are no names, as `сarrier` with a Cyrillic letter."""
    return [name for name in names if _is_sound(name)]


def known_here(word: str, known: Collection[str], otherwise: str = "") -> str:
    """Return the nearest known word as `did_you_mean`, else what is known, else what to do where nothing is."""
    offered = sorted(set(sound(known)))
    return did_you_mean(word, offered) or (f"known here: {one_of(offered)}" if offered else otherwise)


def one_line(text: str) -> str:
    """Return an author's text without line breaks and invisible characters, which could forge other lines."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def quoted(word: str) -> str:
    """Return an author's word in quotes and shortened, as it stands in a sentence."""
    shown = one_line(word)
    return f"'{shown[:_LONGEST_QUOTE]}…'" if len(shown) > _LONGEST_QUOTE else f"'{shown}'"


def one_of(words: Iterable[str]) -> str:
    """Return the words as they stand in a sentence: `a, b or c`; of many, the first ones."""
    *most, last = words
    if len(most) >= _MOST_LISTED:
        return f"{', '.join(most[:_MOST_LISTED])} …"
    return f"{', '.join(most)} or {last}" if most else last


def _shown(line: str) -> str:
    text = "".join(
        " " if character == "\t" or not character.isprintable() else character for character in line
    )
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[:_LONGEST_EXCERPT]}…"


def _is_sound(name: str) -> bool:
    # Only files may be called as they like, as long as it can be read.
    return not misleading_letter(name) if "/" in name else name.isascii() and name.split() == [name]


def _cells(character: str) -> int:
    """Return how many columns of a terminal a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
