"""What the YAML parser says, in words for policy authors, with the usual cause."""

import re

import yaml

from screening.reading.diagnostics import Code, Diagnostic, Source

_QUOTE_IT = "put the text in quotes"
_TAB = ("a tab cannot indent a line", "use spaces")
_COMMENT_BEHIND_TEXT = re.compile(r"(?<=[^\s,{\[])\s+#")


def syntax_fault(source: Source, error: yaml.YAMLError) -> Diagnostic:
    """Turn the parser's error into a diagnostic at the place that the author must look at."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return source.fault_of_file("the file cannot be read as YAML", code=Code.SYNTAX)
    problem, context = error.problem or "", error.context or ""
    here = (error.problem_mark.line + 1, error.problem_mark.column + 1)
    opened = (error.context_mark.line + 1, error.context_mark.column + 1) if error.context_mark else here
    at_end = here[0] > len(source.lines) or (here[0] == len(source.lines) and here[1] > len(source.lines[-1]))
    place, message, suggestion = _in_plain_words(source, problem, context, here, opened, at_end)
    return source.diagnostic(*place, Code.SYNTAX, message, suggestion=suggestion)


def _in_plain_words(
    source: Source,
    problem: str,
    context: str,
    here: tuple[int, int],
    opened: tuple[int, int],
    at_end: bool,
) -> tuple[tuple[int, int], str, str]:
    if "values are not allowed" in problem:
        return (
            here,
            "a ':' where no key can stand",
            f"{_QUOTE_IT} if the ':' belongs to it, or check indentation and line above",
        )
    if "entries are not allowed" in problem:
        return here, "a list cannot begin on the line of its key", "begin each '- ' on a line of its own"
    if "keys are not allowed" in problem:
        return here, "a '?' where no text can begin with one", _QUOTE_IT
    if "tab character" in problem:
        return here, *_TAB
    if "cannot start any token" in problem:
        return _bad_first_character(source, here)
    if "could not find expected ':'" in problem:
        return (
            opened,
            "this is neither 'key: value' nor part of a text",
            "check the indentation, or add the ':'",
        )
    if "quoted scalar" in context or "-quoted" in context:
        if "escape" in problem or "hexadecimal" in problem:
            return (
                here,
                "an escape that YAML does not know",
                "put the text in single quotes if the '\\' belongs to it",
            )
        return (
            opened,
            "this quote is never closed",
            "close it; write '' for an apostrophe inside single quotes",
        )
    if "flow" in context:
        if comment := _comment_between(source, opened, here):
            return comment, "this '#' begins a comment, and the bracket before it stays open", _QUOTE_IT
        if at_end or (here[0] > opened[0] and _indent(source, here) <= _indent(source, opened)):
            return opened, "this bracket is never closed", "add the closing bracket"
        if _character(source, here) == "':'":
            return here, "a second ':' in one entry", f"{_QUOTE_IT} if the ':' belongs to it, or add a comma"
        return (
            here,
            "something out of place between brackets",
            f"the bracket of line {opened[0]} is still open",
        )
    if "anchor" in context or "alias" in context:
        return opened, f"a text cannot begin with {_character(source, opened)}", _QUOTE_IT
    if "block" in context and source.lines[here[0] - 1][: here[1] - 1].rstrip().endswith(("'", '"')):
        suggestion = "write '' for an apostrophe inside single quotes, or put the whole text in double quotes"
        return here, "something stands behind a closing quote", suggestion
    if "block" in context:
        suggestion = "check the indentation, and put a text that holds quotes or brackets in quotes"
        return here, f"this does not fit into the block that begins in line {opened[0]}", suggestion
    return here, f"not YAML: {problem or 'the parser cannot read on'}", ""


def _comment_between(
    source: Source, opened: tuple[int, int], here: tuple[int, int]
) -> tuple[int, int] | None:
    """Return the first comment inside an open bracket that follows text on its line."""
    for number in range(opened[0], min(here[0], len(source.lines)) + 1):
        begin = opened[1] if number == opened[0] else 0
        end = here[1] - 1 if number == here[0] else len(source.lines[number - 1])
        if found := _COMMENT_BEHIND_TEXT.search(source.lines[number - 1], begin, end):
            return number, found.end()
    return None


def _indent(source: Source, place: tuple[int, int]) -> int:
    line = source.lines[place[0] - 1]
    return len(line) - len(line.lstrip())


def _bad_first_character(source: Source, place: tuple[int, int]) -> tuple[tuple[int, int], str, str]:
    character = _character(source, place)
    if source.lines[place[0] - 1][place[1] - 1 :].startswith("\t"):
        return place, *_TAB
    return place, f"a text cannot begin with {character}", _QUOTE_IT


def _character(source: Source, place: tuple[int, int]) -> str:
    """Return the character at a place in quotes, as it stands in a sentence."""
    line, column = place
    text = source.lines[line - 1] if line <= len(source.lines) else ""
    return repr(text[column - 1]) if column <= len(text) else "the end of the line"
