"""What is allowed in a policy and probably not meant: warnings, which do not keep a file from being used."""

from collections.abc import Iterable

from screening.checks import CHECKS
from screening.checks.kind import ERROR, MIXED
from screening.effects import EffectOutcome
from screening.policy import Needs, Policy, Rule
from screening.reading.diagnostics import Code, one_of, quoted
from screening.reading.look_alikes import shape_of
from screening.reading.shape import Faults
from screening.reading.yaml_tree import MapNode, Node, child, items, word


def remark_on_text(root: Node, faults: Faults) -> None:
    """Warn of what nobody explained, and of ids that are easily mistaken for each other."""
    if isinstance(root, MapNode):
        _remark_on_explanations(root, faults)
        _remark_on_ids(root, faults)


def remark_on_policy(root: Node, policy: Policy, faults: Faults) -> None:
    """Warn of what cannot happen in a policy, what changes nothing, and what nobody tested.

    Args:
        root: the tree of the policy with all its rules.
        policy: the same as a model. It has no errors.
    """
    _remark_on_scores(root, policy, faults)
    needed = set(_rules_in(policy.decide.approve_needs))
    for node, rule in zip(items(child(root, "rules")), policy.rules, strict=True):
        if not rule.shadow and rule.id not in needed and not _changes_anything(policy, rule):
            sentence = f"nothing that {rule.id} answers changes anything"
            hint = "give a result points or an outcome, name it in approve_needs, or drop the rule"
            faults.warning(_id(node), Code.RULE_WITHOUT_EFFECT, sentence, hint)
        _remark_on_tests(node, rule, faults)


def _remark_on_explanations(root: MapNode, faults: Faults) -> None:
    if child(root, "owner") is None and not root.broken:
        place = root.keys.get("policy", root)
        faults.warning(place, Code.NOT_EXPLAINED, "nobody owns this policy", "add owner: who answers for it")
    for rule in items(child(root, "rules")):
        if child(rule, "why") is None and not rule.broken:
            name = word(child(rule, "id"))
            hint = "add why: an auditor will ask"
            faults.warning(_id(rule), Code.NOT_EXPLAINED, f"nothing says why there is a rule {name}", hint)


def _remark_on_ids(root: Node, faults: Faults) -> None:
    first: dict[str, Node] = {}
    for rule in items(child(root, "rules")):
        name = _id(rule)
        earlier = first.setdefault(shape_of(word(name) or ""), name)
        if earlier is not name and word(earlier) != word(name):
            sentence = f"{quoted(word(name) or '')} is easily mistaken for {quoted(word(earlier) or '')}"
            place = f"which stands at {earlier.line}:{earlier.column}"
            faults.warning(name, Code.LOOK_ALIKE, sentence, place)


def _remark_on_scores(root: Node, policy: Policy, faults: Faults) -> None:
    most = sum(
        max((policy.effect_for(rule, result).score for result in _results(rule)), default=0)
        for rule in policy.rules
        if not rule.shadow
    )
    starts = [child(band, "from") for band in items(child(root, "decide", "score"))]
    starts += [child(line, "from_score") for line in items(child(root, "respond", "at_deadline"))]
    starts.append(child(root, "review", "two_people_from_score"))
    for start in starts:
        if start is not None and int(word(start) or 0) > most:
            sentence = f"no order can have {word(start)} points: all rules together give {most} at most"
            faults.warning(start, Code.SCORE_OUT_OF_REACH, sentence)


def _remark_on_tests(node: Node, rule: Rule, faults: Faults) -> None:
    tested = {test.expect for test in rule.tests}
    # No facts can bring about that a check fails; scenarios do, with `failing`.
    if untested := [result for result in _results(rule) if result not in tested and result != ERROR]:
        place = node.keys.get("tests", _id(node)) if isinstance(node, MapNode) else node
        sentence = f"no test of {rule.id} expects {one_of(untested)}"
        faults.warning(place, Code.RESULT_NOT_TESTED, sentence, "add one to tests")


def _changes_anything(policy: Policy, rule: Rule) -> bool:
    # That a check can fail, or that numbers belong to several customers, is so of every rule.
    results = (result for result in _results(rule) if result in rule.then or result not in (ERROR, MIXED))
    effects = (policy.effect_for(rule, result) for result in results)
    idle = (EffectOutcome.PASS, EffectOutcome.SKIP, EffectOutcome.SCORE)
    return any(effect.outcome not in idle or effect.score or effect.people > 1 for effect in effects)


def _results(rule: Rule) -> list[str]:
    return CHECKS[rule.check.kind].results_given(rule.check.params)


def _rules_in(needs: Needs | None) -> Iterable[str]:
    if needs is None:
        return
    if needs.result is not None:
        yield needs.result.partition(".")[0]
    for need in (*(needs.all or ()), *(needs.any or ())):
        yield from _rules_in(need)


def _id(rule: Node) -> Node:
    return child(rule, "id") or rule
