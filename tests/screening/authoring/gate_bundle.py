"""A small bundle whose edits the tests of the gate judge."""

import copy
import json
from collections.abc import Callable
from typing import Any

from screening.bundle import Bundle

Tree = dict[str, Any]

TREE: Tree = {
    "policies": {
        "us": {
            "format": 1,
            "policy": "us",
            "default": True,
            "title": "US",
            "mode": "enforce",
            "respond": {
                "within": "24h",
                "margin": "2h",
                "again_within": "4h",
                "at_deadline": [
                    {"from_score": 60, "outcome": "deny", "reject_as": "other", "reason": "Too late."},
                    "leave",
                ],
            },
            "review": {"two_people_from_score": 80},
            "lists": {"blocked": "lists/blocked.yaml", "known": "lists/known.yaml"},
            "rejections": {"other": {"prefer_code": 1001}, "pin": {"prefer_code": 1002}},
            "defaults": {"missing": "review", "error": "review", "mixed": "review"},
            "rules": [
                {
                    "id": "pin",
                    "title": "PIN",
                    "check": {"pin": {}},
                    "then": {
                        "match": "pass",
                        "mismatch": {"outcome": "deny", "reject_as": "pin", "reason": "Wrong PIN."},
                        "partly_set": "review",
                        "not_set": "skip",
                    },
                },
                {
                    "id": "name",
                    "title": "Name",
                    "check": {"authorized_name": {"bands": {"match": "92", "close": "80"}}},
                    "then": {
                        "match": "pass",
                        "close": {"score": "10"},
                        "mismatch": {"outcome": "review", "score": "40", "people": "2"},
                        "missing": "skip",
                    },
                },
                {
                    "id": "spid",
                    "title": "SPID",
                    "check": {"spid": {"known": "known"}},
                    "then": {"listed": "pass", "name_differs": {"score": "10"}, "unlisted": {"score": "15"}},
                },
                {
                    "id": "carrier",
                    "title": "Carrier",
                    "check": {"carrier": {"block": "blocked"}},
                    "then": {"allowed": "pass", "blocked": {"outcome": "review", "score": "30"}},
                },
            ],
            "decide": {
                "score": [{"from": "40", "outcome": "review"}],
                "approve_needs": {"all": ["pin.match", {"any": ["carrier.allowed", "spid.listed"]}]},
            },
        }
    },
    "lists": {
        "lists/blocked.yaml": {
            "entries": [{"value": "888X", "also": ["Fly-By-Night"]}, {"value": "777X", "until": "2026-03-31"}]
        },
        "lists/known.yaml": {"entries": [{"value": "073H", "also": ["Onvoy"]}, {"value": "444K"}]},
    },
    "fixtures": {"fixtures/usual.yaml": {"facts": {"portout.spid": "073H"}}},
}

Edit = Callable[[Tree], object]


def bundle(tree: Tree = TREE) -> Bundle:
    return Bundle.model_validate_json(json.dumps(tree))


def edited(edit: Edit) -> Tree:
    """The bundle with an edit; an edit changes the tree that it is given."""
    tree = copy.deepcopy(TREE)
    edit(tree)
    return tree


def us(tree: Tree) -> Tree:
    policy: Tree = tree["policies"]["us"]
    return policy


def rule(tree: Tree, rule_id: str) -> Tree:
    return next(rule for rule in us(tree)["rules"] if rule["id"] == rule_id)


def then(tree: Tree, rule_id: str, result: str, effect: object) -> None:
    rule(tree, rule_id)["then"][result] = effect


def put(path: str, value: object) -> Edit:
    """Set what stands at a path below the policy, as in `respond.margin`."""

    def edit(tree: Tree) -> None:
        *way, last = path.split(".")
        node = us(tree)
        for step in way:
            node = node.setdefault(step, {})
        node[last] = value

    return edit


def entries(tree: Tree, name: str) -> list[Tree]:
    found: list[Tree] = tree["lists"][f"lists/{name}.yaml"]["entries"]
    return found


DENY = {"outcome": "deny", "reject_as": "other", "reason": "No."}
ADDED_RULE: Tree = {
    "id": "lock",
    "title": "Lock",
    "check": {"account_lock": {}},
    "then": {"unlocked": "pass", "locked": "review", "recently_changed": {"score": "5"}},
}
