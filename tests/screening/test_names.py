"""Names compare as DOMAIN knowledge demands: alike spellings match, other people never do."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from screening.checks import names
from screening.checks.names import Comparison, Likeness, compare, readings
from screening.spelling import LONGEST_NAME, company_key, words


def likeness(one: str, other: str, *, initials: bool = True, nicknames: bool = True) -> Comparison:
    found = compare(one, other, match=92, close=80, initials=initials, nicknames=nicknames)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("John Smith", "john  SMITH"),
        ("José García", "Garcia, Jose"),
        ("Garcia Jose", "Jose Garcia"),
        ("Søren Eriksen", "Eriksen, Soren"),
        ("Straße Müller", "STRASSE MULLER"),
        ("O'Brien, Pat", "Pat O’Brien"),
        ("Pat OBrien", "Pat O'Brien"),
        ("Jean-Luc Picard", "Jean Luc Picard"),
        ("Smith & Sons", "Smith and Sons Ltd."),
        ("Acme Telecom, LLC", "ACME TELECOM INC"),
        ("Acme L.L.C.", "Acme Company"),
        ("Acme Partners, L.P.", "Acme Partners"),
        ("A.B.C. Corp.", "ABC"),
        ("Jane Roe d/b/a Acme Plumbing", "Acme Plumbing LLC"),
        ("Jane Roe DBA: Acme Plumbing", "Jane Roe"),
        ("John Smith, Jr.", "John Smith Jr"),
        ("Smith, Jr, John", "John Smith Jr"),
        ("J. Smith", "John Smith"),
        ("Smith, J", "John Smith"),
        ("John A. Smith", "John Allen Smith"),
        ("J. J. Smith", "John James Smith"),
        ("Bob Smith", "Robert Smith"),
        ("Smith, Bill", "William Smith"),
        ("Christopher Smyth", "Christopher Smith"),
        ("Katherine Montgomry", "Katherine Montgomery"),
        ("Jo\u200bhn Sm\u00adith", "John Smith"),
        ("Ｊｏｈｎ Smith", "John Smith"),
        ("李小明", "李小明"),
        ("Limited", "limited"),
    ],
)
def test_spellings_of_one_name_match(one: str, other: str) -> None:
    assert likeness(one, other).likeness is Likeness.MATCH


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Smith", "John Smith", Likeness.MISMATCH),
        ("John", "John Smith", Likeness.MISMATCH),
        ("John Smith", "Joan Smith", Likeness.CLOSE),
        ("Robert Chen", "Roberta Chen", Likeness.CLOSE),
        ("Chen Robert", "Chen Roberta", Likeness.CLOSE),
        ("Chen, Robert", "Roberta Chen", Likeness.CLOSE),
        ("Catherine Montgomery", "Katherine Montgomery", Likeness.CLOSE),
        ("Mary Smith", "John Smith", Likeness.MISMATCH),
        ("John S", "John Smith", Likeness.MISMATCH),
        ("S John", "John Smith", Likeness.MISMATCH),
        ("J S", "John Smith", Likeness.MISMATCH),
        ("J", "John", Likeness.MISMATCH),
        ("K Smith", "John Smith", Likeness.MISMATCH),
        ("Smith, P. A.", "Smith", Likeness.MISMATCH),
        ("John A Smith", "John B Smith", Likeness.CLOSE),
        ("John A Smith", "John Smith", Likeness.CLOSE),
        ("John Smith Jr", "John Smith", Likeness.CLOSE),
        ("John Smith Jr", "John Smith Sr", Likeness.MISMATCH),
        ("Christopher Montgomery II", "Christopher Montgomery III", Likeness.CLOSE),
        ("John Bob", "John Robert", Likeness.MISMATCH),
        ("Aaron Smith", "Erin Smith", Likeness.MISMATCH),
        ("Smith, Erin", "Aaron Smith", Likeness.MISMATCH),
        ("Bill Montgomery", "Robert Montgomery", Likeness.MISMATCH),
        ("Louise Montgomery", "Louis Montgomery", Likeness.CLOSE),
        ("Acme Telecom", "Acme Plumbing", Likeness.MISMATCH),
        ("李小明", "李大明", Likeness.MISMATCH),
        ("राम", "रम", Likeness.CLOSE),
    ],
)
def test_another_name_is_no_match(one: str, other: str, expected: Likeness) -> None:
    assert likeness(one, other).likeness is expected


def test_pairs_that_are_taken_out_are_in_the_library() -> None:
    # Once the library drops one, it can go here too.
    for pair in names._OTHER_PEOPLE:
        one, other = sorted(pair)
        listed = names._nicknames()
        assert other in listed.get(one, ()) or one in listed.get(other, ()), pair


def test_similarity_is_the_token_sort_ratio_with_one_decimal() -> None:
    assert likeness("Robert Chen", "Roberta Chen").similarity == 95.7
    assert likeness("Smith", "John Smith").similarity == 66.7


def test_initials_and_nicknames_stand_for_a_name_by_choice_only() -> None:
    assert likeness("J. Smith", "John Smith", initials=False).likeness is Likeness.CLOSE
    assert likeness("Bob Smith", "Robert Smith", nicknames=False).likeness is Likeness.MISMATCH
    assert likeness("Bob Smith", "Robert Smith", initials=False).likeness is Likeness.MATCH


def test_bands_are_inclusive() -> None:
    def with_bands(match: int, close: int) -> Likeness:
        found = compare("John Smith", "John Smithe", match=match, close=close, initials=True, nicknames=True)
        assert found is not None
        assert found.similarity == 95.2
        return found.likeness

    assert with_bands(95, 80) is Likeness.MATCH
    assert with_bands(96, 95) is Likeness.CLOSE
    assert with_bands(97, 96) is Likeness.MISMATCH
    found = compare("John Smith", "Joan Smith", match=90, close=90, initials=True, nicknames=True)
    assert found == Comparison(Likeness.CLOSE, 90.0)


@pytest.mark.parametrize(
    "nothing", ["", "  ", "---", "\u200b", "N/A", "none", "Unknown", "n.a.", "dba", "(null)"]
)
def test_what_holds_no_name_is_never_compared(nothing: str) -> None:
    assert readings(nothing) == ()
    for other in (nothing, "John Smith"):
        assert compare(nothing, other, match=0, close=0, initials=True, nicknames=True) is None
        assert compare(other, nothing, match=0, close=0, initials=True, nicknames=True) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("T-Mobile USA, Inc.", "tmobile usa", True),
        ("Onvoy, LLC", "ONVOY", True),
        ("Telnyx/4", "Telnyx", False),
        ("AT&T", "AT and T", True),
    ],
)
def test_company_key_holds_what_spellings_share(one: str, other: str, same: bool) -> None:
    assert (company_key(one) == company_key(other)) is same


def test_words_are_plain() -> None:
    assert words("  Ñandú\t& Co. (O'Brien-Łódź) ") == "nandu and co obrien lodz"
    assert words("№ ½") == "no 1 2"


_NAME_PARTS = st.sampled_from(
    (
        *(
            "John",
            "J",
            "J.",
            "Jon",
            "Robert",
            "Bob",
            "Roberta",
            "Smith",
            "Smyth",
            "Chen",
            "José",
            "Jr",
            "III",
        ),
        *("Acme", ",", "&", "dba", "O'Brien", "Inc.", "LLC", "李", "n/a"),
    )
)
_NAMES = st.lists(_NAME_PARTS, max_size=5).map(" ".join) | st.text(max_size=30)


@given(_NAMES, _NAMES, st.booleans(), st.booleans())
def test_comparison_does_not_depend_on_the_side(
    one: str, other: str, initials: bool, nicknames: bool
) -> None:
    there = compare(one, other, match=92, close=80, initials=initials, nicknames=nicknames)
    back = compare(other, one, match=92, close=80, initials=initials, nicknames=nicknames)
    assert there == back


@given(_NAMES)
def test_a_name_matches_itself(name: str) -> None:
    assume(readings(name))
    assert likeness(name, name) == Comparison(Likeness.MATCH, 100.0)


@given(_NAMES, _NAMES)
def test_a_match_is_never_below_its_band_and_nothing_is_never_a_match(one: str, other: str) -> None:
    found = compare(one, other, match=92, close=80, initials=True, nicknames=True)
    if not readings(one) or not readings(other):
        assert found is None
    else:
        assert found is not None
        assert 0 <= found.similarity <= 100
        assert found.similarity >= 92 or found.likeness is not Likeness.MATCH
        assert (found.similarity < 80) == (found.likeness is Likeness.MISMATCH)


@given(
    st.text(alphabet="abcdefgh", min_size=5, max_size=9), st.text(alphabet="klmnopq", min_size=5, max_size=9)
)
def test_word_order_is_ignored(given_name: str, surname: str) -> None:
    for spelling in (
        f"{surname}, {given_name}",
        f"{surname} {given_name}",
        f"{given_name} {surname}".upper(),
    ):
        assert likeness(spelling, f"{given_name} {surname}") == Comparison(Likeness.MATCH, 100.0)


@given(st.text(max_size=3 * LONGEST_NAME))
def test_any_text_can_be_compared(text: str) -> None:
    compare(text, "John Smith", match=92, close=80, initials=True, nicknames=True)
    assert company_key(text) == company_key(text[:LONGEST_NAME])
