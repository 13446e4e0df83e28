"""What the signed checkpoints say of one port-out, held against the entries that are here."""

from collections.abc import Collection, Iterator

from records.ledger_checkpoints import Checkpoint, Content


def content_or_fault(checkpoint: Checkpoint, trusted: Collection[str | None]) -> Content | str:
    """What a checkpoint says, or why it proves nothing."""
    content = checkpoint.read()
    if content is None or not checkpoint.signed_by(content):
        return f"Checkpoint {checkpoint.number} was edited: its signature does not fit it."
    if content.public_key not in trusted:
        return (
            f"Checkpoint {checkpoint.number} is signed by a key that is not trusted here ({content.public_key}): if it "
            "was yours, give it by --public-key."
        )
    return content


def head_in(content: Content, portout_id: str) -> tuple[int, str] | None:
    """Position and hash of the last entry of a port-out that a checkpoint knows."""
    return next(
        ((position, hash_) for portout, position, hash_ in content.heads if portout == portout_id), None
    )


def head_faults(
    portout_id: str, content: Content, here: dict[int, str], seqs: dict[int, int]
) -> Iterator[str]:
    """What of a port-out is not as a checkpoint holds it.

    Args:
        here: the hash of each entry, also of those that were pruned, by its position.
        seqs: the sequence number of each entry that was not pruned, by its position.
    """
    head = head_in(content, portout_id)
    if head is None:
        yield f"Checkpoint {content.number} was edited: it is stored as if it covered port-out {portout_id}."
        return
    position, hash_ = head
    place = f"Port-out {portout_id}, entry {position}"
    if position not in here:
        yield f"{place} is missing, which checkpoint {content.number} holds: it was cut off or removed."
    elif here[position] != hash_:
        yield f"{place} is not the one that checkpoint {content.number} holds: it was replaced."
    for later, seq in seqs.items():
        if later > position and seq <= content.up_to_seq:
            yield (
                f"Port-out {portout_id}, entry {later} was inserted: checkpoint {content.number} does not know it."
            )
