import random
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from screening.bundle import (
    REVIEW_EVERYTHING,
    Bundle,
    UnreadableBundleError,
)
from screening.countries import countries_of
from screening.named_lists import NamedList
from screening.policy import AppliesTo, Policy
from screening.reading.loading import load_bundle
from tests.screening.rule_files import POLICY, SHIPPED, changed, copied, default_alone, shipped_text

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
scores = st.integers(0, 1000)
effects = st.one_of(
    st.sampled_from(["pass", "skip", "review"]),
    st.fixed_dictionaries({"score": scores}, optional={"note": texts, "people": st.integers(1, 2)}),
    st.fixed_dictionaries({"outcome": st.just("deny"), "reject_as": texts, "reason": texts}),
)
needs = st.recursive(
    st.just("pin.match"),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
    ),
    max_leaves=5,
)
seconds = st.integers(1, 366 * 86_400).map(lambda amount: f"{amount}s")
percentages = st.integers(0, 10_000).map(lambda hundredths: f"{hundredths / 100}%")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    return Policy.model_validate(
        {
            "format": 1,
            "policy": "drawn",
            "default": True,
            "title": draw(texts),
            "mode": draw(st.sampled_from(["shadow", "advise", "enforce"])),
            "respond": {
                "within": draw(seconds),
                "margin": draw(seconds),
                "again_within": draw(seconds),
                "at_deadline": ["leave"],
            },
            "review": {"remind_at": draw(st.lists(percentages)), "escalate_at": draw(percentages)},
            "rules": [
                {
                    "id": "pin",
                    "title": draw(texts),
                    "check": {"pin": draw(st.dictionaries(texts, texts, max_size=2))},
                    "then": draw(st.dictionaries(texts, effects, max_size=3)),
                    "tests": [{"name": draw(texts), "given": {"customer.pin": "0042"}, "expect": "match"}],
                }
            ],
            "decide": {"approve_needs": draw(needs), "score": [{"from": draw(scores), "outcome": "review"}]},
        }
    )


entries = st.fixed_dictionaries(
    {"value": texts},
    optional={"also": st.lists(texts), "from": st.dates().map(str), "until": st.dates().map(str)},
)


@given(policies(), st.lists(entries, max_size=3))
def test_a_bundle_reads_back_from_its_canonical_form(policy: Policy, listed: list[dict[str, object]]) -> None:
    bundle = Bundle(
        policies={policy.policy: policy},
        lists={"lists/a.yaml": NamedList.model_validate({"entries": listed})},
    )
    again = Bundle.from_canonical(bundle.canonical())
    assert again == bundle
    assert again.digest == bundle.digest
    assert (
        Bundle(**{name: getattr(again, name) for name in Bundle.model_fields}).canonical()
        == bundle.canonical()
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_digest_does_not_depend_on_layout_comments_or_the_order_of_keys(
    tmp_path: Path, seed: int
) -> None:
    shuffle = random.Random(seed)

    def shuffled(node: object) -> object:
        if isinstance(node, dict):
            return {key: shuffled(node[key]) for key in shuffle.sample(list(node), len(node))}
        return [shuffled(item) for item in node] if isinstance(node, list) else node

    rules = copied(tmp_path)
    written = yaml.load(shipped_text(), yaml.BaseLoader)
    written["respond"]["within"] = "1d"  # the same as 24h
    text = yaml.safe_dump(
        shuffled(written), sort_keys=False, default_style='"', default_flow_style=bool(seed % 2), width=60
    )
    (rules / POLICY).unlink()
    (rules / "renamed.yml").write_text("# a comment\n" + text, encoding="utf-8")
    assert load_bundle(rules).digest == default_alone().digest


def test_the_digest_changes_with_anything_that_a_file_says(tmp_path: Path) -> None:
    digests = {
        default_alone().digest,
        load_bundle(changed(tmp_path / "a", "{match: 92, close: 80}", "{match: 88, close: 80}")).digest,
        load_bundle(changed(tmp_path / "b", "073H", "073J", "lists/known-spids.yaml")).digest,
        load_bundle(changed(tmp_path / "c", "Jane Doe", "John Doe", "fixtures/typical.yaml")).digest,
    }
    assert len(digests) == 4


def test_a_digest_is_64_lower_case_hexadecimal_digits() -> None:
    digest = load_bundle(SHIPPED).digest
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")


def test_a_stored_bundle_keeps_the_digest_under_which_it_is_stored() -> None:
    """Even if this program would write it differently: here another layout stands for an older program's."""
    stored = load_bundle(SHIPPED).canonical() + b"\n"
    bundle = Bundle.from_canonical(stored)
    assert bundle.canonical() == stored
    assert bundle.digest != load_bundle(SHIPPED).digest


@pytest.mark.parametrize(
    "stored", [b"", b"{}", b"not json", b"\xff\xfe", b'{"policies": {}, "new": 1}', b"[" * 10_000, b"null"]
)
def test_stored_bytes_that_are_no_bundle_are_one_clear_error(stored: bytes) -> None:
    with pytest.raises(UnreadableBundleError, match="cannot be read"):
        Bundle.from_canonical(stored)


def test_reading_a_stored_bundle_takes_no_time_worth_naming() -> None:
    stored = default_alone().canonical()
    times = []
    for _ in range(5):
        start = perf_counter()
        Bundle.from_canonical(stored).digest  # noqa: B018
        times.append(perf_counter() - start)
    assert min(times) < 0.02


def test_without_any_policy_everything_goes_to_a_person_and_nothing_is_denied() -> None:
    policy = REVIEW_EVERYTHING.default
    assert policy.rules == []
    assert policy.decide.approve_needs is None
    assert policy.decide.otherwise == "review"
    assert policy.respond.within == timedelta(hours=24)
    assert policy.respond.margin == timedelta(hours=2)
    assert [line.outcome for line in policy.respond.at_deadline] == ["leave"]
    assert Bundle.from_canonical(REVIEW_EVERYTHING.canonical()) == REVIEW_EVERYTHING


def test_lists_are_found_under_the_names_that_a_policy_gives_them() -> None:
    bundle = load_bundle(SHIPPED)
    lists = bundle.lists_of(bundle.default)
    assert sorted(lists) == ["blocked_carriers", "known_spids"]
    assert lists["known_spids"].entries[0].value == "073H"


def policy_for(name: str, *, countries: list[str], tags: list[str], default: bool = False) -> Policy:
    base = load_bundle(SHIPPED).default
    return base.model_copy(
        update={"policy": name, "default": default, "applies_to": AppliesTo(countries=countries, tags=tags)}
    )


BUNDLE = Bundle(
    policies={
        policy.policy: policy
        for policy in (
            policy_for("us", countries=["US", "PR"], tags=[], default=True),
            policy_for("ca", countries=["CA"], tags=[]),
            policy_for("vip", countries=[], tags=["vip"]),
            policy_for("us-wholesale", countries=["US"], tags=["Wholesale"]),
        )
    }
)


@pytest.mark.parametrize(
    ("countries", "tags", "several", "chosen", "because"),
    [
        ({"US"}, set(), False, "us", None),
        ({"US", "PR"}, set(), False, "us", None),
        ({"CA"}, set(), False, "ca", None),
        ({"CA"}, {"vip"}, False, "vip", None),
        ({"CA"}, {"VIP"}, False, "vip", None),
        ({"US"}, {"wholesale"}, False, "us-wholesale", None),
        ({"US"}, {"VIP", "wholesale"}, False, "us", "several policies: us-wholesale, vip"),
        ({"US", "CA"}, {"vip"}, False, "vip", None),
        ({"CA"}, {"wholesale"}, False, "ca", None),
        ({"US"}, {"no-such-tag"}, False, "us", None),
        ({"US"}, {"vip", "wholesale"}, False, "us", "several policies: us-wholesale, vip"),
        ({"US", "CA"}, set(), False, "us", "CA and US"),
        ({"DE"}, set(), False, "us", "DE"),
        (set(), set(), False, "us", "not known"),
        ({"US", "ZZ"}, set(), False, "us", "not known"),
        ({"CA"}, {"vip"}, True, "us", "several customers"),
    ],
)
def test_tag_beats_country_beats_default_and_doubt_goes_to_a_person(
    countries: set[str], tags: set[str], several: bool, chosen: str, because: str | None
) -> None:
    choice = BUNDLE.choose(countries, tags, several)
    assert choice.policy.policy == chosen
    assert (choice.review_because is None) if because is None else because in str(choice.review_because)


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+13125550100", "US"),
        ("+17875550100", "PR"),
        ("+16715550123", "GU"),
        ("+14165550100", "CA"),
        ("+18005551234", "US"),
        ("+4930123456", "DE"),
        ("+15555550100", "ZZ"),
        ("3125550100", "ZZ"),
        ("", "ZZ"),
        ("a number", "ZZ"),
    ],
)
def test_the_country_of_a_number_is_known_or_said_to_be_unknown(number: str, country: str) -> None:
    assert countries_of([number]) == {country}


def test_an_order_has_the_countries_of_all_its_numbers() -> None:
    assert countries_of(["+13125550100", "+13125550101", "+14165550100"]) == {"US", "CA"}
