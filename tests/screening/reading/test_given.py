"""Facts as authors write them become what the checks read; what is not given is not known."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st
from pydantic import SecretStr

from screening.facts import CATALOGUE, FactType
from screening.reading.given import DEFAULT_NOW, NEVER, GivenFactError, fact_value, gathered_from
from screening.results import FactClass, FactValue

SECRETS = [name for name, fact in CATALOGUE.items() if fact.fact_class is FactClass.SECRET]


def plain(**facts: FactValue) -> dict[str, FactValue]:
    """Facts by catalogue name, written with two underscores for the dot."""
    return {name.replace("__", "."): value for name, value in facts.items()}


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("portout.spid", "073H", "073H"),
        ("portout.spid", "", ""),
        ("portout.zip", "00501", "00501"),
        ("customer.pin", "0042", "0042"),
        ("customer.pin", ["0042", ""], ["0042", ""]),
        ("customer.tags", ["vip", "yes"], ["vip", "yes"]),
        ("customer.count", "007", 7),
        ("customer.count", 7, 7),
        ("customer.locked", "yes", True),
        ("customer.locked", "false", False),
        ("customer.locked", True, True),
        ("portout.foc_date", "2026-03-31T22:30:00Z", "2026-03-31T22:30:00+00:00"),
        ("history.rejected_at", NEVER, NEVER),
        ("portout.spid", None, None),
    ],
)
def test_a_fact_takes_the_type_of_the_catalogue(name: str, written: FactValue, value: FactValue) -> None:
    found = fact_value(name, written)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "written", "sentence"),
    [
        ("portout.spd", "x", "unknown fact 'portout.spd'"),
        ("portout.spid", ["073H"], "portout.spid needs one value"),
        ("customer.tags", "vip", "customer.tags needs a list"),
        ("customer.count", "five", "customer.count needs a whole number, found 'five'"),
        ("customer.count", "-1", "customer.count needs a whole number, found '-1'"),
        ("customer.count", -1, "customer.count needs a whole number, found '-1'"),
        ("customer.count", True, "customer.count needs a whole number, found 'True'"),
        ("customer.locked", "maybe", "customer.locked needs true, false, yes or no, found 'maybe'"),
        ("customer.locked", 1, "customer.locked needs true, false, yes or no, found '1'"),
        (
            "portout.foc_date",
            "2026-03-31T22:30:00",
            "portout.foc_date needs a date and time with its offset, such as 2026-03-31T22:30:00Z, "
            "found '2026-03-31T22:30:00'",
        ),
        (
            "portout.foc_date",
            NEVER,
            "portout.foc_date needs a date and time with its offset, such as 2026-03-31T22:30:00Z, found 'never'",
        ),
        ("customer.pin", 42, "customer.pin needs a text"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_words(name: str, written: FactValue, sentence: str) -> None:
    with pytest.raises(GivenFactError) as refused:
        fact_value(name, written)
    assert str(refused.value) == sentence


def test_what_is_not_given_is_not_known() -> None:
    gathered = gathered_from({})
    assert gathered.now == DEFAULT_NOW
    assert (gathered.number_statuses, gathered.documents, gathered.earlier) == (None, None, None)
    assert (gathered.customers, gathered.counts, gathered.history_known) == ([], {}, False)
    assert (gathered.attempted_pin, list(gathered.pins)) == (None, [None])
    known = {name: value for name, value in gathered.as_facts().items() if value is not None}
    assert known == plain(
        portout__id="test",
        portout__phone_numbers=[],
        portout__countries=[],
        portout__number_count=0,
        customer__count=0,
    )


def test_every_fact_that_is_not_secret_reaches_the_checks() -> None:
    samples: dict[FactType, FactValue] = {
        FactType.TEXT: "a text",
        FactType.TEXTS: ["one", "two"],
        FactType.NUMBER: 3,
        FactType.MOMENT: "2026-01-02T03:04:05+00:00",
        FactType.FLAG: True,
    }
    facts = {name: samples[fact.type] for name, fact in CATALOGUE.items() if name not in SECRETS}
    numbers: list[str] = ["+13125550100", "+14165550100", "+13125550101"]
    facts |= plain(portout__phone_numbers=numbers, portout__countries=["CA", "US"], customer__count=1)
    facts["documents.sha256"] = ["one 9f86d0", "two 60303a"]
    assert gathered_from(facts).as_facts() == facts


@pytest.mark.parametrize(
    ("facts", "numbers"),
    [
        (plain(portout__countries=["CA"]), ["+15062345678"]),
        (plain(portout__number_count="2"), ["+12015550123", "+12015550123"]),
        (plain(portout__countries=["CA"], portout__number_count="2"), ["+15062345678", "+15062345678"]),
        (plain(portout__number_count="0"), []),
        (plain(portout__countries=["ZZ"]), ["+0"]),
    ],
)
def test_example_numbers_stand_in_for_those_of_a_country(
    facts: dict[str, FactValue], numbers: list[str]
) -> None:
    assert gathered_from(facts).order.phone_numbers == numbers


@pytest.mark.parametrize(
    "facts",
    [
        plain(portout__phone_numbers=["+13125550100"], portout__number_count="2"),
        plain(portout__phone_numbers=["+13125550100"], portout__countries=["CA"]),
        plain(portout__countries=["US", "CA"], portout__number_count="1"),
        plain(portout__phone_numbers=["+13125550100"], customer__pin=["0042", "0042"]),
    ],
)
def test_facts_about_the_numbers_must_agree(facts: dict[str, FactValue]) -> None:
    with pytest.raises(GivenFactError):
        gathered_from(facts)


@pytest.mark.parametrize(
    ("facts", "count"),
    [
        (plain(), 0),
        (plain(customer__name="Jane Doe"), 1),
        (plain(customer__pin="0042"), 1),
        (plain(customer__name="Jane Doe", customer__count="0"), 0),
        (plain(customer__name="Jane Doe", customer__count="2"), 2),
        (plain(customer__count="3"), 3),
    ],
)
def test_there_is_one_customer_unless_the_count_says_otherwise(
    facts: dict[str, FactValue], count: int
) -> None:
    assert len(gathered_from(facts).customers) == count


@pytest.mark.parametrize(
    ("facts", "matching"),
    [
        (plain(customer__pin="0042"), [True]),
        (plain(customer__pin="42"), [False]),
        (plain(customer__pin="0042", portout__number_count="2"), [True, True]),
        (plain(customer__pin=["0042", "", "42"]), [True, None, False]),
        (plain(customer__pin=" "), [None]),
        (plain(portout__number_count="2"), [None, None]),
    ],
)
def test_pins_are_texts_and_one_for_every_number(
    facts: dict[str, FactValue], matching: list[bool | None]
) -> None:
    pins = gathered_from(facts).pins
    assert [pin and pin.matches(SecretStr("0042")) for pin in pins] == matching


@pytest.mark.parametrize(
    ("facts", "known", "changed"),
    [
        (plain(), False, None),
        (plain(history__rejected_at=NEVER), True, None),
        (plain(history__rejected_at="2026-01-02T03:04:05Z"), True, []),
        (plain(history__changed=["pin"]), False, None),
        (plain(history__rejected_at="2026-01-02T03:04:05Z", history__changed=[]), True, []),
        (plain(history__rejected_at="2026-01-02T03:04:05Z", history__changed=["pin"]), True, ["pin"]),
        (plain(history__orders_per_spid="3"), False, None),
    ],
)
def test_an_earlier_rejection_is_known_by_its_moment(
    facts: dict[str, FactValue], known: bool, changed: list[str] | None
) -> None:
    gathered = gathered_from(facts)
    assert gathered.history_known is known
    assert (gathered.earlier and gathered.earlier.changed) == changed


ANY_VALUE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.text(max_size=9), max_size=4),
)


@examples(facts=st.dictionaries(st.sampled_from(sorted(CATALOGUE)), ANY_VALUE, max_size=8))
def test_whatever_is_given_is_read_or_refused(facts: dict[str, Any]) -> None:
    try:
        gathered = gathered_from(facts, now=datetime(2026, 1, 14, tzinfo=UTC))
    except GivenFactError:
        return
    read_again = gathered_from(gathered.as_facts(), now=gathered.now)
    assert read_again.as_facts() == gathered.as_facts()


@pytest.mark.parametrize("name", SECRETS)
def test_a_pin_is_never_shown(name: str) -> None:
    assert "84217" not in repr(gathered_from({name: "84217"}))
    with pytest.raises(GivenFactError) as refused:
        gathered_from({name: 84217})
    assert "84217" not in str(refused.value)
