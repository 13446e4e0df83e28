"""The decision: nothing approves by itself, nothing cancels another, and texts reveal only what they may."""

from collections.abc import Sequence

import pytest

from screening.decision import DeadlineAction, at_deadline, decide, denied_by, with_usable_denial
from screening.effects import Effect, EffectOutcome
from screening.policy import Approve
from screening.results import CheckResult, Outcome, worst
from tests.screening.policies import answers, policy, rule

PIN = rule(
    "pin",
    {
        "match": "pass",
        "mismatch": {"outcome": "deny", "reject_as": "invalid_pin", "reason": "The PIN does not match."},
        "missing": {"outcome": "review", "note": "No PIN came with the request."},
        "not_set": "skip",
    },
)
SPID = rule(
    "spid",
    {"listed": "pass", "unlisted": {"score": 15, "note": "SPID <portout.spid> is not known."}},
    kind="spid",
)
NAME = rule(
    "name",
    {
        "match": "pass",
        "mismatch": {
            "outcome": "deny",
            "reject_as": "other",
            "reason": "Name <customer.name> for <portout.pon>.",
        },
        "close": {"outcome": "ask", "score": 10, "note": "Like <customer.name>: <similarity>"},
    },
    kind="authorized_name",
)
FACTS = {"portout.spid": "ZZZZ", "portout.pon": "P-1", "customer.name": "Roberta Chen"}
STANDARD = policy(
    PIN,
    SPID,
    NAME,
    defaults={"missing": "review", "error": "review", "mixed": "review"},
    needs={"all": ["pin.match"]},
    bands=[{"from": "25", "outcome": "review", "note": "Risk score <score>."}],
    approve=Approve(reason="Order <portout.pon> fits our records.", host_messaging=True),
)


def test_everything_good_is_approved_with_reason_and_messaging() -> None:
    decision = decide(STANDARD, answers(pin="match", spid="listed", name="match"), facts=FACTS)
    assert decision.outcome is Outcome.APPROVE
    assert decision.reason == "Order P-1 fits our records."
    assert decision.host_messaging is True
    assert (decision.score, decision.people, decision.reject_as, decision.notes) == (0, 1, None, [])
    assert [(finding.rule_id, finding.effect, finding.fired) for finding in decision.findings] == [
        ("pin", "pass", False),
        ("spid", "pass", False),
        ("name", "pass", False),
    ]


def test_a_score_below_every_band_is_still_approved() -> None:
    decision = decide(STANDARD, answers(pin="match", spid="unlisted", name="match"), facts=FACTS)
    assert (decision.outcome, decision.score) == (Outcome.APPROVE, 15)
    [finding] = [finding for finding in decision.findings if finding.fired]
    assert (finding.rule_id, finding.check, finding.result) == ("spid", "spid", "unlisted")
    assert (finding.effect, finding.score, finding.note) == ("score", 15, "SPID ZZZZ is not known.")


@pytest.mark.parametrize(
    ("pin", "spid", "name", "outcome", "reject_as"),
    [
        ("mismatch", "unlisted", "close", Outcome.DENY, "invalid_pin"),
        ("mismatch", "listed", "mismatch", Outcome.DENY, "invalid_pin"),
        ("match", "listed", "mismatch", Outcome.DENY, "other"),
        ("missing", "listed", "close", Outcome.ASK, None),
        ("missing", "listed", "match", Outcome.REVIEW, None),
        ("not_set", "listed", "match", Outcome.REVIEW, None),
        ("error", "listed", "match", Outcome.REVIEW, None),
        ("partly_set", "listed", "match", Outcome.REVIEW, None),
        ("never heard of", "listed", "match", Outcome.REVIEW, None),
        ("match", "error", "match", Outcome.REVIEW, None),
        ("match", "listed", "mixed", Outcome.REVIEW, None),
    ],
)
def test_the_most_severe_finding_decides(
    pin: str, spid: str, name: str, outcome: Outcome, reject_as: str | None
) -> None:
    decision = decide(STANDARD, answers(pin=pin, spid=spid, name=name), facts=FACTS)
    assert decision.outcome is outcome
    assert decision.reject_as == reject_as
    assert (decision.reason is None) == (reject_as is None)
    assert decision.host_messaging is False


def test_name_and_reason_are_those_of_the_first_denial_that_can_be_sent() -> None:
    decision = decide(STANDARD, answers(pin="mismatch", spid="listed", name="mismatch"), facts=FACTS)
    assert (decision.reject_as, decision.reason) == ("invalid_pin", "The PIN does not match.")
    other = with_usable_denial(decision, lambda denial: denial.reject_as == "other")
    assert other is not None
    assert (other.outcome, other.reject_as) == (Outcome.DENY, "other")
    assert other.reason == "Name (unknown) for P-1."
    assert with_usable_denial(decision, lambda _: False) is None
    assert with_usable_denial(decision, lambda _: True) == decision


def test_what_a_person_must_decide_has_no_denial_that_could_be_sent() -> None:
    results = answers(pin="mismatch", spid="listed", name="mismatch")
    decision = decide(STANDARD, results, review_because=["A further round."], facts=FACTS)
    assert decision.denials == []
    assert with_usable_denial(decision, lambda _: True) is None


def test_of_several_denials_the_first_in_the_file_gives_code_and_reason() -> None:
    found = answers(pin="mismatch", spid="listed", name="mismatch")
    first = decide(STANDARD, found, facts=FACTS)
    assert (first.reject_as, first.reason) == ("invalid_pin", "The PIN does not match.")
    other_order = policy(NAME, SPID, PIN, needs="pin.match")
    assert decide(other_order, found, facts=FACTS).reject_as == "other"


def test_a_reason_never_tells_what_is_internal() -> None:
    decision = decide(STANDARD, answers(pin="match", spid="listed", name="mismatch"), facts=FACTS)
    assert decision.reason == "Name (unknown) for P-1."


def test_a_note_tells_internal_facts_and_declared_values() -> None:
    close = CheckResult(
        result="close", values={"similarity": 88.9}, facts={"portout.authorized_name": "R Chen"}
    )
    decision = decide(STANDARD, answers(pin="match", spid="listed", name=close), facts=FACTS)
    assert decision.findings[2].note == "Like Roberta Chen: 88.9"
    assert decision.findings[2].facts == {"portout.authorized_name": "R Chen"}


def test_a_secret_that_a_check_lets_slip_stays_out_of_the_finding() -> None:
    slip = CheckResult(result="match", facts={"customer.pin": "4821", "portout.attempted_pin": "4821"})
    decision = decide(STANDARD, answers(pin=slip, spid="listed", name="match"), facts=FACTS)
    assert "4821" not in repr(decision)


def test_a_rule_without_result_counts_as_failed() -> None:
    decision = decide(STANDARD, answers(pin="match", spid="listed"), facts=FACTS)
    assert decision.outcome is Outcome.REVIEW
    assert decision.findings[2].result == "error"
    assert decide(STANDARD, [], facts={}).outcome is Outcome.REVIEW


def test_contradictory_results_of_a_rule_count_as_failed_and_equal_ones_as_one() -> None:
    good = answers(pin="match", spid="listed", name="match")
    assert decide(STANDARD, [*good, *answers(pin="match")], facts=FACTS).outcome is Outcome.APPROVE
    contradicted = decide(STANDARD, [*answers(pin="missing"), *good], facts=FACTS)
    assert contradicted.findings[0].result == "error"


def test_a_result_of_no_rule_changes_nothing() -> None:
    good = answers(pin="match", spid="listed", name="match")
    assert decide(STANDARD, [*good, *answers(elsewhere="mismatch")], facts=FACTS) == decide(
        STANDARD, good, facts=FACTS
    )


@pytest.mark.parametrize(
    ("pin", "spid", "name", "said_by"),
    [
        ("match", "listed", "match", []),
        ("missing", "listed", "close", []),
        ("mismatch", "listed", "mismatch", ["pin", "name"]),
        ("match", "unlisted", "match", ["score"]),
        ("mismatch", "unlisted", "match", ["pin", "score"]),
    ],
)
@pytest.mark.parametrize("review_because", [[], ["The order is pending again."]], ids=["denied", "reviewed"])
def test_whatever_says_deny_is_named_even_where_a_person_decides(
    pin: str, spid: str, name: str, said_by: list[str], review_because: list[str]
) -> None:
    strict = policy(
        PIN,
        SPID,
        NAME,
        defaults={"missing": "review", "error": "review", "mixed": "review"},
        bands=[{"from": "15", "outcome": "deny", "reject_as": "other", "reason": "Too risky."}],
    )
    given = answers(pin=pin, spid=spid, name=name)
    decision = decide(strict, given, review_because=review_because, facts=FACTS)
    assert denied_by(strict, decision) == said_by


def test_a_band_that_is_reached_says_so() -> None:
    decision = decide(STANDARD, answers(pin="match", spid="unlisted", name="close"), facts=FACTS)
    assert decision.score == 25
    assert decision.notes[0] == "Risk score 25."


def test_every_band_that_is_reached_counts_so_that_more_points_are_never_milder() -> None:
    bands = [
        {"from": "10", "outcome": "deny", "reject_as": "other", "reason": "Score.", "people": "2"},
        {"from": "20", "outcome": "review"},
    ]
    points = policy(rule("r", {"match": {"score": "30"}}), bands=bands)
    decision = decide(points, answers(r="match"), facts={})
    assert (decision.outcome, decision.reject_as, decision.reason) == (Outcome.DENY, "other", "Score.")
    assert decision.people == 2


@pytest.mark.parametrize(
    ("results", "approved"),
    [
        ({"pin": "match", "name": "match"}, True),
        ({"pin": "match", "name": "close"}, True),
        ({"pin": "not_set", "name": "match"}, True),
        ({"pin": "not_set", "name": "close"}, False),
        ({"pin": "missing", "name": "match"}, True),
        ({"pin": "error", "name": "error"}, False),
    ],
)
def test_approval_needs_the_named_evidence(results: dict[str, str], approved: bool) -> None:
    every = ["match", "not_set", "missing", "error", "close"]
    lenient = policy(
        rule("pin", dict.fromkeys(every, "pass")),
        rule("name", dict.fromkeys(every, "pass"), kind="authorized_name"),
        needs={"any": ["pin.match", {"all": ["name.match"]}, "pin.error", "pin.missing", "name.close"]},
    )
    decision = decide(lenient, answers(**results), facts={})
    assert (decision.outcome is Outcome.APPROVE) == approved


def test_without_approve_needs_nothing_is_approved() -> None:
    decision = decide(policy(rule("pin", {"match": "pass"})), answers(pin="match"), facts={})
    assert decision.outcome is Outcome.REVIEW
    assert decision.notes == ["The policy names no evidence for an automatic approval."]
    assert decide(policy(), [], facts={}).outcome is Outcome.REVIEW


def test_missing_evidence_is_named_in_the_notes() -> None:
    decision = decide(STANDARD, answers(pin="not_set", spid="listed", name="match"), facts=FACTS)
    assert decision.notes == ["Automatic approval needs pin.match."]


def test_a_barred_approval_goes_to_review_and_a_barred_denial_stays() -> None:
    barred = CheckResult(result="match", bars_approval="A wrong PIN was tried on another order.")
    decision = decide(STANDARD, answers(pin=barred, spid="listed", name="match"), facts=FACTS)
    assert decision.outcome is Outcome.REVIEW
    assert decision.notes == ["A wrong PIN was tried on another order."]
    wrong = CheckResult(result="mismatch", bars_approval="A wrong PIN was tried on another order.")
    assert (
        decide(STANDARD, answers(pin=wrong, spid="listed", name="match"), facts=FACTS).outcome is Outcome.DENY
    )


def test_two_people_come_from_score_or_effect_and_bar_an_automatic_approval() -> None:
    by_score = policy(rule("pin", {"match": {"score": "5"}}), needs="pin.match", two_people_from_score=5)
    by_effect = policy(rule("pin", {"match": {"outcome": "pass", "people": "2"}}), needs="pin.match")
    for needing_two in (by_score, by_effect):
        decision = decide(needing_two, answers(pin="match"), facts={})
        assert (decision.outcome, decision.people) == (Outcome.REVIEW, 2)
        assert decision.notes == ["An approval needs two people."]
    below = policy(rule("pin", {"match": {"score": "4"}}), needs="pin.match", two_people_from_score=5)
    assert decide(below, answers(pin="match"), facts={}).people == 1


def test_review_because_turns_every_outcome_into_review_and_says_why() -> None:
    because = ["This is a further round."]
    approved = decide(
        STANDARD, answers(pin="match", spid="listed", name="match"), review_because=because, facts=FACTS
    )
    assert (approved.outcome, approved.reason, approved.host_messaging) == (Outcome.REVIEW, None, False)
    assert approved.notes == because
    denied = decide(
        STANDARD, answers(pin="mismatch", spid="listed", name="match"), review_because=because, facts=FACTS
    )
    assert (denied.outcome, denied.reject_as, denied.reason) == (Outcome.REVIEW, None, None)
    assert denied.notes[:2] == [*because, "The rules alone would deny this order as invalid_pin."]
    asked = decide(
        STANDARD, answers(pin="mismatch", spid="listed", name="close"), review_because=because, facts=FACTS
    )
    assert asked.outcome is Outcome.REVIEW


def test_a_changed_copy_of_a_policy_that_decided_before_decides_by_its_own_words() -> None:
    mild = policy(rule("r", {}), defaults={"mismatch": "pass"})
    assert decide(mild, answers(r="mismatch"), facts={}).findings[0].effect == "pass"
    strict = mild.model_copy(update={"defaults": {"mismatch": Effect(outcome=EffectOutcome.DENY)}})
    assert decide(strict, answers(r="mismatch"), facts={}).findings[0].effect == "deny"


LADDER = policy(
    rule("r", {"match": {"score": "70"}, "close": {"score": "50"}, "missing": {"score": "10"}}),
    at_deadline=[
        {
            "from_score": "60",
            "outcome": "deny",
            "reject_as": "fraud",
            "reason": "Order <portout.pon>: score <score>.",
        },
        {"from_score": "40", "outcome": "deny", "reject_as": "other", "reason": "Not verified in time."},
        {"from_score": "30", "outcome": "leave"},
    ],
)
HIGH = DeadlineAction(outcome=Outcome.DENY, reject_as="fraud", reason="Order P-1: score (unknown).", line=1)
MIDDLE = DeadlineAction(outcome=Outcome.DENY, reject_as="other", reason="Not verified in time.", line=2)
LAST = DeadlineAction(outcome=Outcome.LEAVE, line=3)
NO_LINE = DeadlineAction(outcome=Outcome.LEAVE, line=0)


@pytest.mark.parametrize(
    ("result", "usable", "may_deny", "action"),
    [
        ("match", ["fraud", "other"], True, HIGH),
        ("match", ["other"], True, MIDDLE),
        ("match", [], True, LAST),
        ("match", ["fraud", "other"], False, LAST),
        ("close", ["fraud", "other"], True, MIDDLE),
        ("close", ["fraud"], True, LAST),
        ("missing", ["fraud", "other"], True, NO_LINE),
        ("missing", ["fraud", "other"], False, NO_LINE),
    ],
)
def test_at_the_deadline_the_first_line_that_can_be_done_counts(
    result: str, usable: Sequence[str], may_deny: bool, action: DeadlineAction
) -> None:
    decision = decide(LADDER, answers(r=result), facts=FACTS)
    found = at_deadline(LADDER, decision, facts=FACTS, usable=lambda name: name in usable, may_deny=may_deny)
    assert found == action


def test_a_leave_line_stands_before_later_denials() -> None:
    leave_first = policy(
        at_deadline=["leave", {"outcome": "deny", "reject_as": "other", "reason": "Too late."}]
    )
    decision = decide(leave_first, [], facts={})
    found = at_deadline(leave_first, decision, facts={}, usable=lambda _: True, may_deny=True)
    assert found == DeadlineAction(outcome=Outcome.LEAVE, line=1)


def test_severity_orders_outcomes_and_leave_has_none() -> None:
    assert worst([]) is Outcome.APPROVE
    assert worst([Outcome.REVIEW, Outcome.DENY, Outcome.ASK]) is Outcome.DENY
    assert worst([Outcome.REVIEW, Outcome.ASK, Outcome.APPROVE]) is Outcome.ASK
    with pytest.raises(ValueError, match="only from `at_deadline`"):
        worst([Outcome.LEAVE, Outcome.DENY])


def test_a_rule_in_shadow_is_recorded_with_what_it_would_do_and_decides_nothing() -> None:
    would_deny = {
        "mismatch": {"outcome": "deny", "score": 50, "people": 2, "reject_as": "other", "reason": "No."}
    }
    watched = rule("watched", would_deny, shadow=True)
    tried = policy(PIN, watched, needs="pin.match", bands=[{"from": "10", "outcome": "review"}])
    found = CheckResult(result="mismatch", bars_approval="A wrong PIN was tried.")
    decision = decide(tried, answers(pin="match", watched=found), facts={})
    assert (decision.outcome, decision.score, decision.people) == (Outcome.APPROVE, 0, 1)
    assert decision.notes == []
    finding = decision.findings[1]
    assert (finding.shadow, finding.fired) == (True, False)
    assert (finding.result, finding.effect, finding.score) == ("mismatch", "deny", 50)


def test_a_rule_in_shadow_gives_no_evidence() -> None:
    watched = rule("pin", {"match": "pass"}, shadow=True)
    decision = decide(policy(watched, needs="pin.match"), answers(pin="match"), facts={})
    assert decision.outcome is Outcome.REVIEW


def test_two_people_are_needed_when_one_effect_says_so() -> None:
    two = rule("pin", {"match": {"outcome": "pass", "people": 2}})
    decision = decide(policy(two, needs="pin.match"), answers(pin="match"), facts={})
    assert (decision.outcome, decision.people) == (Outcome.REVIEW, 2)
    assert decision.notes == ["An approval needs two people."]
