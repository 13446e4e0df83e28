"""What a replay adds up: outcomes before and after, why they differ, the queue, and what others decided."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.authoring.recorded import NotReplayable, Past, ReadyBundle
from screening.authoring.replay import Candidate, Ended, Tally
from screening.authoring.replay_limits import Limit
from screening.bundle import Bundle
from screening.policy import AppliesTo
from screening.results import Outcome
from tests.screening.recorded_orders import ORDINARY, gathered, past, recorded, wide_bundle

_ONVOY_TOO = "title: Blocked\nentries:\n  - value: 073H\n    why: To see.\n    added_by: tests@example.com\n"


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> ReadyBundle:
    return ReadyBundle(wide_bundle(tmp_path_factory.mktemp("wide") / "rules"))


def test_a_change_names_the_rule_and_the_facts_that_cause_it(wide: ReadyBundle, tmp_path: Path) -> None:
    candidate = Candidate(wide_bundle(tmp_path / "rules", blocked=_ONVOY_TOO))
    replayed = candidate.replay(past(wide.bundle, ORDINARY), Ended())
    assert (replayed.before, replayed.after, replayed.changes) == (Outcome.APPROVE, Outcome.REVIEW, True)
    [cause] = replayed.causes
    assert str(cause) == "carrier: allowed (pass) → blocked (review 30)"
    assert cause.facts == {"portout.spid": "073H", "portout.carrier_name": "Onvoy"}
    assert (replayed.for_people_before, replayed.for_people_after) == (False, True)


def test_a_change_without_a_rule_says_what_else_made_it(wide: ReadyBundle, tmp_path: Path) -> None:
    candidate = Candidate(
        wide_bundle(tmp_path / "rules", ("{any: [name.match, lock.unlocked]}", "many.holds"))
    )
    [cause] = candidate.replay(past(wide.bundle, ORDINARY), Ended()).causes
    assert cause.rule_id is None
    assert str(cause) == "Automatic approval needs pin.match and many.holds."


def test_a_removed_rule_and_a_new_one_are_causes(wide: ReadyBundle, tmp_path: Path) -> None:
    candidate = Candidate(
        wide_bundle(tmp_path / "rules", ("id: number", "id: statuses"), ("{ours: pass", "{ours: review"))
    )
    causes = [str(cause) for cause in candidate.replay(past(wide.bundle, ORDINARY), Ended()).causes]
    assert causes == [
        "statuses: no such rule → ours (review)",
        "number: ours (pass) → no such rule",
    ]


def test_the_policy_is_chosen_anew(wide: ReadyBundle, tmp_path: Path) -> None:
    candidate = Candidate(wide_bundle(tmp_path / "rules", ("countries: [US]", "countries: [CA]")))
    replayed = candidate.replay(past(wide.bundle, ORDINARY), Ended())
    assert replayed.after is Outcome.REVIEW
    assert replayed.causes[0].after is not None
    assert replayed.causes[0].after.startswith("No policy covers numbers of US.")


def test_an_older_engine_may_have_chosen_another_policy(wide: ReadyBundle) -> None:
    policy = wide.bundle.default
    vip = policy.model_copy(
        update={"policy": "vip", "default": False, "applies_to": AppliesTo(tags=["vip"]), "rules": []}
    )
    both = ReadyBundle(Bundle(policies={"vip": vip, "wide": policy}, lists=wide.bundle.lists))
    order = recorded(both.bundle, gathered(both.bundle, {**ORDINARY, "customer.tags": ["VIP"]}))
    assert order.policy == "vip"
    older = order.model_copy(update={"engine": "2", "policy": "wide"})
    assert Candidate(both.bundle).replay(Past(older, both), Ended()).policy_after == "vip"


def test_in_advise_every_order_is_for_people_and_in_shadow_none(wide: ReadyBundle, tmp_path: Path) -> None:
    order = past(wide.bundle, ORDINARY)
    for mode, for_people in (("advise", True), ("shadow", False)):
        candidate = Candidate(wide_bundle(tmp_path / mode, ("mode: enforce", f"mode: {mode}")))
        assert candidate.replay(order, Ended()).for_people_after is for_people


_OUTCOMES = st.sampled_from([Outcome.APPROVE, Outcome.REVIEW, Outcome.DENY])
_ENDED = st.builds(
    Ended, people=st.none() | _OUTCOMES, outside=st.none() | _OUTCOMES, denial_refused=st.booleans()
)


@given(st.lists(st.tuples(_OUTCOMES, _OUTCOMES, _ENDED, st.integers(0, 4)), max_size=20))
def test_counting_in_parts_gives_what_counting_at_once_gives(
    wide: ReadyBundle, drawn: list[tuple[Outcome, Outcome, Ended, int]]
) -> None:
    template = Candidate(wide.bundle).replay(past(wide.bundle, ORDINARY), Ended())
    at_once, parts = Tally(), [Tally() for _ in range(5)]
    for before, after, ended, part in drawn:
        row = template.model_copy(update={"before": before, "after": after, "ended": ended})
        for tally in (at_once, parts[part]):
            tally.add(row)
            if part == 0:
                tally.refuse("PO_1", NotReplayable("Too little was kept."))
    merged = Tally()
    for tally in parts:
        merged.merge(tally)
    assert merged == at_once
    assert merged.replayed == len(drawn) == merged.before(*Outcome) == merged.after(*Outcome)
    assert merged.changed == sum(before is not after for before, after, _, _ in drawn)


def _tally(**after: int) -> Tally:
    tally = Tally()
    for name, count in after.items():
        tally.matrix[Outcome.APPROVE, Outcome(name)] += count
    return tally


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        ("denied>2%", True),
        ("denied > 3 %", False),
        ("denied>2", True),
        ("denied>3", False),
        ("denied<4", True),
        ("approved<90%", False),
        ("approved<90.1%", True),
        ("review>6", True),
        ("review>7", False),
        ("changed>9%", True),
        ("changed>10%", False),
    ],
)
def test_limits_are_of_orders_or_shares(text: str, missed: bool) -> None:
    tally = _tally(approve=90, review=5, ask=2, deny=3)
    assert (Limit.read(text).missed(tally) is not None) is missed


def test_a_share_of_no_orders_misses_every_limit() -> None:
    assert "nothing shows" in (Limit.read("denied>99%").missed(Tally()) or "")


@pytest.mark.parametrize("text", ["", "denied", "denied=2", "denyed>2", "denied>", "denied>-1", "denied>2%%"])
def test_what_is_no_limit_is_refused_with_what_is_needed(text: str) -> None:
    with pytest.raises(ValueError, match="is no limit: it needs denied, approved, review or changed"):
        Limit.read(text)


@pytest.mark.parametrize("text", ["denied>200%", "denied<200%", "denied>100%", "denied<0", "denied<0%"])
def test_a_limit_that_no_replay_could_keep_or_miss_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' limits nothing: "):
        Limit.read(text)


@pytest.mark.parametrize("text", ["approved<100%", "denied>0", "denied>0%", "denied>99.5%", "denied>200"])
def test_the_sharpest_limits_are_limits(text: str) -> None:
    assert str(Limit.read(text)) == text
