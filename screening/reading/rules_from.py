"""`rules_from`: a policy file that takes the rules of another one, as a tree in which all its rules stand.

Taken are the rules with their tests, and what they refer to: `lists`, `rejections`, `defaults` and `ask`. Where the
policy names one of these itself, its own counts. Everything else (which orders, times, bands, evidence, scenarios)
is the policy's own. Taken parts keep their place in the file in which they stand.
"""

from collections.abc import Sequence

import phonenumbers

from screening.reading.bundle_faults import PolicyFile
from screening.reading.diagnostics import Code, did_you_mean, one_of, quoted, sound
from screening.reading.rule_faults import report_duplicates, report_unknown
from screening.reading.shape import Faults
from screening.reading.yaml_tree import ListNode, MapNode, Node, Scalar, child, entries, items, word, words

_TAKEN_BY_NAME = ("lists", "rejections", "defaults")
_TAKEN_WHOLE = ("ask",)
_QUESTIONS = ("check", "when")


def with_rules_taken(file: PolicyFile, policies: Sequence[PolicyFile], *, all_read: bool) -> Node:
    """Return the tree of a policy with the rules that it takes, after reporting why it cannot take them.

    Args:
        file: the policy.
        policies: all policies of its directory.
        all_read: whether each file of the directory could be read; if not, an unknown policy may be in the others, as
            it may be in one that does not say what it is called.
    """
    root, faults = file.root, file.faults
    if not isinstance(root, MapNode):
        return root
    reference = child(root, "rules_from")
    if reference is None:
        if key := root.keys.get("drop_rules"):
            hint = "say with rules_from of which policy they are"
            faults.error(key, Code.MISSING_KEY, "drop_rules without rules_from", hint)
        return root
    base = _base_of(reference, file, policies, all_read)
    if base is None or not isinstance(base.root, MapNode):
        return _without_rules(root)
    faults.taken_from[base.root] = base.faults.source
    faults.taken_by = word(child(root, "policy")) or file.file
    taken = _copy(root)
    for part in _TAKEN_BY_NAME:
        own, others = child(root, part), child(base.root, part)
        if isinstance(own, MapNode) and isinstance(others, MapNode):
            taken.values[part] = _merged(own, others)
    for part in (*_TAKEN_BY_NAME, *_TAKEN_WHOLE):
        if part not in root.keys and part in base.root.keys:
            taken.keys[part], taken.values[part] = base.root.keys[part], base.root.values[part]
    _take_rules(taken, root, base, faults)
    return taken


def takes_rules(root: Node) -> bool:
    """Say whether a policy file names another one whose rules it takes."""
    return child(root, "rules_from") is not None


def _base_of(
    reference: Node, file: PolicyFile, policies: Sequence[PolicyFile], all_read: bool
) -> PolicyFile | None:
    by_name: dict[str, PolicyFile] = {}
    for policy in policies:
        by_name.setdefault(word(child(policy.root, "policy")) or "", policy)
    name, own_name = word(reference), word(child(file.root, "policy"))
    if name is None:
        return None
    if name == own_name:
        file.faults.error(reference, Code.CYCLE, "a policy cannot take its own rules")
        return None
    if name not in by_name:
        if all_read and all(policy.has_name for policy in policies):
            known = [other for other in sound(by_name) if other != own_name]
            listed = f"known here: {one_of(sorted(known))}" if known else "there is no other one"
            hint = did_you_mean(name, [other for other in known if not _are_of_two_countries(name, other)])
            file.faults.error(
                reference, Code.UNKNOWN_POLICY, f"unknown policy {quoted(name)}", hint or listed
            )
        return None
    base = by_name[name]
    further = word(child(base.root, "rules_from"))
    if further is None:
        return base
    if further == own_name:
        sentence = f"{quoted(name)} takes the rules of this policy, so neither has any"
        file.faults.error(reference, Code.CYCLE, sentence)
    else:
        sentence = f"{quoted(name)} takes its rules from another policy itself"
        file.faults.error(reference, Code.CHAINED, sentence, f"take them from {quoted(further)} directly")
    return None


def _are_of_two_countries(name: str, other: str) -> bool:
    """Say whether two names begin with two countries, as `us-standard` and `ca-standard`: one is not meant by the other."""
    countries = {one.partition("-")[0].upper() for one in (name, other)}
    return len(countries) == 2 and countries <= phonenumbers.SUPPORTED_REGIONS


def _take_rules(taken: MapNode, root: MapNode, base: PolicyFile, faults: Faults) -> None:
    written = child(root, "rules")
    if written is not None and not isinstance(written, ListNode):
        return
    others = _by_id(items(child(base.root, "rules")))
    _report_mistaken_ids(root, others, faults)
    own = _by_id(items(written))
    dropped = {name.text for name in words(child(root, "drop_rules"))}
    rules: list[Node] = []
    for name, rule in others.items():
        if name not in dropped:
            rules.append(_changed(own[name], rule) if name in own else rule)
    rules += [rule for name, rule in own.items() if name not in others]
    rules += [rule for rule in items(written) if word(child(rule, "id")) is None]
    place = written or taken.keys["rules_from"]
    taken.keys.setdefault("rules", taken.keys["rules_from"])
    taken.values["rules"] = ListNode(place.line, place.column, place.length, root, "rules", items=rules)


def _report_mistaken_ids(root: MapNode, others: dict[str, Node], faults: Faults) -> None:
    of_policy = f"rule of {word(child(root, 'rules_from'))}"
    dropped = words(child(root, "drop_rules"))
    report_duplicates(dropped, "rule to drop", faults)
    for written in dropped:
        report_unknown(written, others, Code.UNKNOWN_RULE, of_policy, faults, "it has none")
    own = items(child(root, "rules"))
    report_duplicates([node for rule in own if isinstance(node := child(rule, "id"), Scalar)], "rule", faults)
    dropped_names = {name.text for name in dropped}
    for rule in own:
        name = child(rule, "id")
        text = word(name)
        if name is None or text is None:
            continue
        if text in others and text in dropped_names:
            faults.error(
                name, Code.DUPLICATE_NAME, f"{quoted(text)} is changed here and dropped in drop_rules"
            )
        elif text in others and [key.text for key, _ in entries(rule)] == ["id"]:
            hint = "say what to change, or leave it out"
            faults.error(
                name, Code.MISSING_KEY, f"{quoted(text)} is taken and nothing of it is changed", hint
            )
        elif text not in others and not any(child(rule, question) for question in _QUESTIONS):
            known = f"to change: {one_of(sound(others))}; " if sound(others) else ""
            hint = did_you_mean(text, others) or f"{known}a new rule needs check or when"
            faults.error(name, Code.UNKNOWN_RULE, f"unknown {of_policy} {quoted(text)}", hint)
            _silence(rule)
        elif text not in others and child(rule, "title") is None and (hint := did_you_mean(text, others)):
            of_base = f"{word(child(root, 'rules_from'))} has no rule {quoted(text)}"
            sentence = f"{of_base}, so this is a new one and needs a title"
            faults.error(name, Code.UNKNOWN_RULE, sentence, hint)
            _silence(rule)


def _changed(own: Node, taken: Node) -> Node:
    """Return a taken rule with what the policy's own entry changes of it."""
    if not isinstance(own, MapNode) or not isinstance(taken, MapNode):
        return own
    merged = _merged(own, taken)
    if any(question in own.keys for question in _QUESTIONS) and _question(own) != _question(taken):
        # Another question has other answers: nothing that was said about the old ones fits.
        for key in (*_QUESTIONS, "then", "tests"):
            if key not in own.keys:
                merged.keys.pop(key, None)
                merged.values.pop(key, None)
        return merged
    own_then, taken_then = child(own, "then"), child(taken, "then")
    if isinstance(own_then, MapNode) and isinstance(taken_then, MapNode):
        merged.values["then"] = _merged(own_then, taken_then)
    return merged


def _question(rule: Node) -> str:
    checks = entries(child(rule, "check"))
    return checks[0][0].text if checks else "when"


def _merged(own: MapNode, taken: MapNode) -> MapNode:
    """Return both, the own value where both have one, in the order of the taken one."""
    merged = _copy(own)
    merged.keys = {**taken.keys, **own.keys}
    merged.values = {**taken.values, **own.values}
    return merged


def _copy(node: MapNode) -> MapNode:
    return MapNode(
        node.line,
        node.column,
        node.length,
        node.parent,
        node.key,
        broken=node.broken,
        flow=node.flow,
        keys=dict(node.keys),
        values=dict(node.values),
    )


def _by_id(rules: list[Node]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for rule in rules:
        if name := word(child(rule, "id")):
            found.setdefault(name, rule)
    return found


def _without_rules(root: MapNode) -> MapNode:
    """Return a policy of which everything can be judged that does not depend on the rules that it lacks."""
    for part in ("decide", "scenarios", "defaults"):
        _silence(child(root, part))
    _silence(child(root, "respond", "at_deadline"))
    bare = _copy(root)
    place = root.keys["rules_from"]
    bare.keys["rules"] = root.keys.get("rules", place)
    bare.values["rules"] = ListNode(place.line, place.column, place.length, root, "rules")
    return bare


def _silence(node: Node | None) -> None:
    """Keep faults of a part from being reported: they would only follow from one that is."""
    if node is None:
        return
    node.broken = True
    for key, value in entries(node):
        key.broken = True
        _silence(value)
    for item in items(node):
        _silence(item)
