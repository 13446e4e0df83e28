"""Everything that is known of one order in one file, for a dispute or a stolen number, with the means to check it."""

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from commands.ledger_page import LedgerLine, LedgerPage, read_page, text_of
from commands.output import Failed, plain
from records.errors import RecordsError
from records.ledger_entries import ERASED
from records.signing import as_pem

if TYPE_CHECKING:
    from records.store import Records

README = """\
The record of port-out {portout_id}{support_key}
as it stood when this file was made. Give it only to those who may see personal facts. {facts}

timeline.txt      what happened, as people read it
timeline.json     the same with everything that is known of each step; personal facts included, where they can be read
facts.json        what the rules saw, and the request of the gaining carrier
carrier.json      what was sent to the carrier, and what it answered
comments.json     what was asked of, and said by, the carrier's staff and ours
documents.json    documents that came or were handed in, by the SHA-256 of their content
policy/           the rules that judged the order; each JSON file is named after its SHA-256, the digest
entries/          the entries of the ledger, byte by byte as they are stored
checkpoints/      signed statements that these entries stood in the ledger, and the public key

How to check it, with programs that every Linux has:

1. The entries are those of which the hashes are kept:
     sha256sum -c entries.sha256
2. Each entry names the hash of the one before it as "prev_hash", the first one 64 zeros{pruned}. So none of them
   could be changed, removed or put in without changing all that follow. Personal facts in it are sealed (AES-256-GCM); the
   hash is over the sealed form.
3. The rules are those that the entries name as "policy_digest":
     sha256sum policy/*.json
4. A checkpoint was signed, and kept outside the database, when it was made ("at"); among its "heads" stands this port-out
   with the position and the hash of its last entry at that time:
{verify}
   The key must be the one that the operator made known before: {public_key}
{open_end}"""


def write_bundle(
    records: "Records", wanted: str, file: Path, public_keys: Collection[str] = ()
) -> LedgerPage:
    """Write the file, readable by its owner only. Returns what it tells.

    Args:
        public_keys: whose signatures count besides our own, base64.

    Raises:
        Failed: nothing is left of the order, or the file is there already or cannot be written.
        RecordsError: the records cannot be read.
    """
    page = read_page(records, wanted, public_keys)
    if not page.entries:
        raise Failed(f"The entries of {page.portout_id} were pruned: only their hashes are left.")
    contents = dict(_contents(records, page))
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as opened, zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, data in contents.items():
                bundle.writestr(name, data)
    except FileExistsError:
        raise Failed(f"{file} is there already, and nothing was written: name another file.") from None
    except OSError as error:
        raise Failed(f"{file} cannot be written ({error.strerror}).") from None
    return page


def facts_sentence(page: LedgerPage) -> str:
    """Whether the personal facts are included, and where not, why."""
    why: dict[str, dict[int, None]] = {}
    for line in page.entries:
        if line.unreadable:
            why.setdefault(line.unreadable, {})[line.position] = None
    if not why:
        return "Personal facts are included."
    some = any(line.personal for line in page.entries)
    included = (
        "Personal facts are included where they can be read." if some else "No personal facts are included."
    )
    lacking = [
        f"{'Entry' if len(of) == 1 else 'Entries'} {', '.join(map(str, of))}: {text}"
        for text, of in why.items()
    ]
    return " ".join([included, *lacking])


def _contents(records: "Records", page: LedgerPage) -> Iterator[tuple[str, bytes]]:
    stored = records.export.stored(page.portout_id)
    names = {row.position: f"entries/{row.position:04}-{row.kind}.json" for row in stored}
    keys = sorted({content.public_key for one in page.checkpoints if (content := one.read())})
    yield "README.txt", _readme(page, keys).encode()
    yield "timeline.txt", "\n".join(_timeline(page)).encode()
    yield "timeline.json", _json(page.model_dump())
    yield "facts.json", _json(list(_facts(page)))
    yield "carrier.json", _json(list(_answers(page)))
    yield "comments.json", _json(list(_comments(page)))
    yield "documents.json", _json(list(_documents(page)))
    yield from _policies(records, page)
    for row in stored:
        yield names[row.position], row.entry
    yield "entries.sha256", "".join(f"{row.hash}  {names[row.position]}\n" for row in stored).encode()
    for one in page.checkpoints:
        yield f"checkpoints/{one.number}.json", one.content
        yield f"checkpoints/{one.number}.sig", base64.b64decode(one.signature)
    for position, key in enumerate(keys, 1):
        yield f"checkpoints/key-{position}.pem", as_pem(key).encode()


def _readme(page: LedgerPage, keys: list[str]) -> str:
    verify = [
        f"     openssl pkeyutl -verify -pubin -inkey checkpoints/key-{keys.index(content.public_key) + 1}.pem -rawin "
        f"-in checkpoints/{one.number}.json -sigfile checkpoints/{one.number}.sig"
        for one in page.checkpoints
        if (content := one.read())
    ]
    faults = "\nWHAT IS WRONG with this chain:\n" + "\n".join(page.faults) + "\n" if page.faults else ""
    return README.format(
        portout_id=page.portout_id,
        facts=facts_sentence(page),
        support_key=f" ({page.support_key})" if page.support_key else "",
        pruned=", or that of the last one that was pruned" if page.pruned else "",
        verify="\n".join(verify) or "     (there is no checkpoint that can be trusted)",
        public_key=", ".join(keys) or "(none)",
        open_end=("" if page.sealed_by else "   The newest entries are not sealed by a checkpoint yet.\n")
        + faults,
    )


def _timeline(page: LedgerPage) -> Iterator[str]:
    yield from text_of(page)
    for line in page.entries:
        yield ""
        yield f"{line.position}. {line.at} UTC, {line.who}: {line.what}"
        if line.detail:
            yield f"   {plain(line.detail)}"
        for finding in line.body.get("findings") or []:
            seen = ((line.personal or {}).get("findings") or {}).get(finding["rule_id"], {})
            facts = ", ".join(f"{name} {value}" for name, value in (seen.get("facts") or {}).items())
            yield plain(
                f"   - {finding['rule_id']}: {finding['result']} ({finding['effect']}){f'; {facts}' if facts else ''}"
            )
        if sent := _sent(line):
            said = f"“{sent['reason']}”" if sent["reason"] else "a reason that cannot be read"
            yield plain(
                f"   Sent: {sent['status']}, code {sent['rejection_code']}, {said}. "
                f"The carrier showed: {line.body.get('carrier_status')}, code {line.body.get('carrier_rejection_code')}."
            )
    yield ""


def _facts(page: LedgerPage) -> Iterator[dict[str, Any]]:
    for line in page.entries:
        if "findings" not in line.body:
            continue
        personal = line.personal or {}
        seen = personal.get("findings") or {}
        yield {
            "position": line.position,
            "at": line.at,
            "request": personal.get("order"),
            "customers": personal.get("customers"),
            "findings": [{**one, **seen.get(one["rule_id"], {})} for one in line.body["findings"]],
            "erased": line.unreadable == ERASED,
            "unreadable": line.unreadable,
        }


def _answers(page: LedgerPage) -> Iterator[dict[str, Any]]:
    for line in page.entries:
        if "carrier_status" in line.body or "sent" in line.body:
            yield {
                "position": line.position,
                "at": line.at,
                "kind": line.kind,
                "sent": _sent(line),
                "carrier_status": line.body.get("carrier_status"),
                "carrier_rejection_code": line.body.get("carrier_rejection_code"),
                "note": line.body.get("note"),
                "unreadable": line.unreadable,
            }


def _sent(line: LedgerLine) -> dict[str, Any] | None:
    """What was sent to the carrier, with its reason even if that was sealed; None as the reason if it cannot be had."""
    sent: dict[str, Any] | None = line.body.get("sent")
    return sent and {"reason": (line.personal or {}).get("reason"), **sent}


def _comments(page: LedgerPage) -> Iterator[dict[str, Any]]:
    for line in page.entries:
        if line.body.get("comment_id"):
            personal = line.personal or {}
            text = personal.get("comment") or personal.get("message") or personal.get("reason")
            yield {
                "position": line.position,
                "at": line.at,
                "by": line.who,
                "comment_id": line.body["comment_id"],
                "text": text,
                "unreadable": line.unreadable,
            }


def _documents(page: LedgerPage) -> Iterator[dict[str, Any]]:
    for line in page.entries:
        for document in line.body.get("documents_came") or []:
            yield {
                "position": line.position,
                "at": line.at,
                "by": "the carrier's listing",
                "document": document,
            }
        if line.body.get("action") == "attach":
            yield {"position": line.position, "at": line.at, "by": line.who, "document": line.body}


def _policies(records: "Records", page: LedgerPage) -> Iterator[tuple[str, bytes]]:
    wanted: dict[str, set[str]] = {}
    for line in page.entries:
        if line.body.get("policy_digest"):
            wanted.setdefault(line.body["policy_digest"], set()).add(line.body.get("policy") or "")
    for digest, policies in wanted.items():
        try:
            canonical = records.policies.load(digest)
        except RecordsError as error:
            yield f"policy/{digest}.txt", f"{error}\n".encode()
            continue
        if canonical is None or hashlib.sha256(canonical).hexdigest() != digest:
            yield f"policy/{digest}.txt", b"These rules are not stored here.\n"
            continue
        yield f"policy/{digest}.json", canonical
        rules = json.loads(canonical).get("policies", {})
        for name in sorted(policies & rules.keys()):
            text = yaml.safe_dump(rules[name], sort_keys=False, allow_unicode=True, width=110)
            yield f"policy/{name}-{digest[:12]}.yaml", text.encode()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")
