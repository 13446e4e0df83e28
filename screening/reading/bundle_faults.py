"""Faults between the files of a bundle, and of its fixtures."""

from collections.abc import Sequence
from dataclasses import dataclass

from screening.policy_values import is_name
from screening.reading.diagnostics import Code, quoted
from screening.reading.fact_faults import check_given_facts
from screening.reading.shape import Faults
from screening.reading.yaml_tree import Node, Scalar, child, word, words


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy file while it is being judged together with the others."""

    root: Node
    faults: Faults

    @property
    def file(self) -> str:
        return self.faults.source.file

    @property
    def has_name(self) -> bool:
        """Whether the file says what its policy is called, so that others can refer to it."""
        return is_name(word(child(self.root, "policy")))


def check_together(files: Sequence[PolicyFile]) -> None:
    """Report policies of one name, a default too many or none, and orders that two policies claim."""
    _check_names(files)
    _check_default(files)
    _check_claims(files)


def check_fixture(root: Node, faults: Faults) -> None:
    """Report facts that do not exist or have the wrong type."""
    check_given_facts(child(root, "facts"), faults)


def _check_names(files: Sequence[PolicyFile]) -> None:
    first: dict[str, tuple[PolicyFile, Node]] = {}
    for file in files:
        node = child(file.root, "policy")
        name = word(node)
        if node is None or name is None:
            continue
        other, earlier = first.setdefault(name, (file, node))
        if other is not file:
            place = f"first one at {other.file}:{earlier.line}:{earlier.column}"
            file.faults.error(node, Code.DUPLICATE_NAME, f"a second policy called {quoted(name)}", place)


def _check_default(files: Sequence[PolicyFile]) -> None:
    stated = [(file, node) for file in files if (node := child(file.root, "default"))]
    defaults = [(file, node) for file, node in stated if word(node) == "true"]
    for file, node in defaults[1:]:
        other, earlier = defaults[0]
        place = f"first one at {other.file}:{earlier.line}:{earlier.column}"
        file.faults.error(node, Code.DEFAULT_POLICY, "a second default policy", place)
    may_be_hidden = any(file.root.broken for file in files)
    if files and not may_be_hidden and all(word(node) == "false" for _, node in stated):
        # Where somebody says that it is not the default, they may have meant that it is.
        blamed, there = stated[0] if stated else (files[0], files[0].root)
        sentence, hint = "no policy is the default", "write default: true in one of them"
        blamed.faults.error(there, Code.DEFAULT_POLICY, sentence, hint)


def _check_claims(files: Sequence[PolicyFile]) -> None:
    """Two policies of one level must not claim the same orders: nothing could decide between them."""
    claims: dict[tuple[str, str], tuple[PolicyFile, Scalar]] = {}
    for file in files:
        tags = words(child(file.root, "applies_to", "tags"))
        countries = words(child(file.root, "applies_to", "countries"))
        claimed = [(tag.text.casefold(), country, tag) for tag in tags for country in _texts(countries)]
        claimed += [("", country.text, country) for country in countries if not tags]
        for tag, country, node in claimed:
            contender = next(
                (claims[key] for key in _rivals(tag, country, claims) if claims[key][0] is not file), None
            )
            if contender:
                other, earlier = contender
                what = f"tag {quoted(node.text)}" if tag else f"country {country}"
                place = f"also at {other.file}:{earlier.line}:{earlier.column}"
                file.faults.error(node, Code.COVERED_TWICE, f"two policies claim {what}", place)
                node.broken = True
            claims.setdefault((tag, country), (file, node))


def _texts(countries: Sequence[Scalar]) -> list[str]:
    return [country.text for country in countries] or ["*"]


def _rivals(
    tag: str, country: str, claims: dict[tuple[str, str], tuple[PolicyFile, Scalar]]
) -> list[tuple[str, str]]:
    """Return the earlier claims on the same orders; `*` stands for every country."""
    if country == "*":
        return [key for key in claims if key[0] == tag]
    return [key for key in ((tag, country), (tag, "*")) if key in claims]
