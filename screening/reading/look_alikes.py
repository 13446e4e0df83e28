"""Letters that look like others: what reads `pin` on the screen and is another word to the program."""

import unicodedata

_LATIN = str.maketrans(
    "АВЕКМНОРСТУХЅІЈԚԜаеорсухѕіјԛԝһӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυϲ",
    "ABEKMHOPCTYXSIJQWaeopcyxsijqwhlABEZHIKMNOPTYXavopuc",
)
_SAME_SHAPE = str.maketrans({"0": "o", "1": "l", "i": "l", "_": "-"})


def misleading_letter(text: str) -> str | None:
    """Say which letter of a text is not what it looks like, as `the 'о' is CYRILLIC SMALL LETTER O`; None if none is.

    A text in another script throughout is no reason to wonder, unless all its letters could be Latin ones.
    """
    if text.isascii():
        return None
    unseen = next((char for char in text if unicodedata.category(char) == "Cf"), None)
    if unseen is not None:
        return f"there is an invisible {_name(unseen)} in it"
    letters = [char for char in text if char.isalpha()]
    if not all(char.translate(_LATIN).isascii() for char in letters):
        return None
    first = next((char for char in letters if not char.isascii()), None)
    return None if first is None else f"the '{first}' in it is {_name(first)}"


def shape_of(name: str) -> str:
    """Return what names that are easily mistaken for each other have in common: `pin_O` and `pin-0`."""
    return name.lower().translate(_SAME_SHAPE).replace("rn", "m").replace("vv", "w")


def _name(char: str) -> str:
    return unicodedata.name(char, f"U+{ord(char):04X}")
