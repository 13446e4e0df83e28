import pytest

from screening.reading.look_alikes import misleading_letter, shape_of


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("pоrt", "the 'о' in it is CYRILLIC SMALL LETTER O"),
        ("АВС1", "the 'А' in it is CYRILLIC CAPITAL LETTER A"),
        ("Οmega", "the 'Ο' in it is GREEK CAPITAL LETTER OMICRON"),
        ("Bad\u200bCo", "there is an invisible ZERO WIDTH SPACE in it"),
        ("Bad\u00adCo", "there is an invisible SOFT HYPHEN in it"),
    ],
)
def test_a_letter_that_is_not_what_it_looks_like_is_named(text: str, letter: str) -> None:
    assert misleading_letter(text) == letter


@pytest.mark.parametrize(
    "text", ["port", "", "José García", "Бандит Телеком", "株式会社", "Ωmega Αθήνα", "073H", "Müller & Söhne"]
)
def test_honest_letters_of_any_script_are_left_alone(text: str) -> None:
    assert misleading_letter(text) is None


@pytest.mark.parametrize(
    ("one", "other"), [("pin_0", "pin-O"), ("rule1", "ruleI"), ("burn", "bum"), ("Pin", "pin")]
)
def test_names_of_one_shape_are_easily_mistaken(one: str, other: str) -> None:
    assert shape_of(one) == shape_of(other)


def test_names_of_other_shapes_are_not() -> None:
    assert len({shape_of(name) for name in ("pin", "spid", "carrier", "rule-1", "rule-2")}) == 5
