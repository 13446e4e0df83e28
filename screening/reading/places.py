"""Where the parts of policies stand in their files, for reports about them."""

from collections.abc import Iterable

from screening.reading.yaml_tree import ListNode, MapNode, Node, child, word

Step = str | int
"""A key, the position in a list, or the id or name of a thing in a list."""


class Places:
    """The files of policies, for finding the line of what they say.

    Args:
        files: each policy file as it is shown, with its tree. Without files no place is known.
    """

    def __init__(self, files: Iterable[tuple[str, Node]] = ()) -> None:
        self._files = {
            policy: (file, root) for file, root in files if (policy := word(child(root, "policy")))
        }

    def policy_in(self, file: str) -> str | None:
        """The policy that a file holds."""
        return next((policy for policy, (name, _) in self._files.items() if name == file), None)

    def of(self, policy: str, *steps: Step) -> str:
        """The place of a part of a policy, or of the nearest thing around it, as `file:line`; empty if not known.

        Parts that were taken over from another policy stand in the file of that one.
        """
        chain = list(self._chain(policy))
        for length in range(len(steps), -1, -1):
            for file, root in chain:
                if (line := _line(root, steps[:length])) is not None:
                    return f"{file}:{line}"
        return ""

    def _chain(self, policy: str | None) -> Iterable[tuple[str, Node]]:
        seen: set[str] = set()
        while policy in self._files and policy not in seen:
            seen.add(policy)
            file, root = self._files[policy]
            yield file, root
            policy = word(child(root, "rules_from"))


def _line(root: Node, steps: tuple[Step, ...]) -> int | None:
    """The line of a part: that of its key, or of an item of a list; None where there is no such part."""
    node, line = root, root.line
    for step in steps:
        found = (
            _item_called(node, step)
            if isinstance(node, ListNode) and isinstance(step, str)
            else child(node, step)
        )
        if found is None:
            return None
        line = node.keys[step].line if isinstance(node, MapNode) and isinstance(step, str) else found.line
        node = found
    return line


def _item_called(node: ListNode, name: str) -> Node | None:
    return next(
        (item for item in node.items if name in (word(child(item, "id")), word(child(item, "name")))), None
    )
