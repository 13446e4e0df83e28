"""How webhooks stand: whether they can be believed, and whether they come. Nothing is missed without them."""

from datetime import datetime

from activities.webhook_silence import asked_again, heard_until, is_untold
from commands.probing import Part, doubtful, failed, well
from commands.times import span
from console.public_keys import PublicKeys
from console.webhooks import PATH
from records.store import Records
from settings import Settings, SettingsError

NAME = "Webhooks"
_TO_DO = f"run `portout console` and give the carrier https://your-name{PATH}"


def probe_webhooks(settings: Settings, records: Records, at: datetime) -> Part:
    """Whether webhooks come. Without them answers come up to an intake later."""
    if not settings.expects_webhooks:
        said = f"no TELNYX_PUBLIC_KEY here, so {_polling(settings)}"
        return doubtful(NAME, said) if settings.real_carrier else well(NAME, said)
    heard, asked = heard_until(records), asked_again(records)
    told = f"the last one told of {span((at - heard).total_seconds())} ago" if heard else "none has come yet"
    if asked and is_untold(asked[1], heard):
        ago = span((at - asked[0]).total_seconds())
        return doubtful(NAME, f"{told}; one that did not come was asked for again {ago} ago")
    return well(NAME, told)


def plan_webhooks(settings: Settings) -> Part:
    """The same before the service is switched on: what is set, and what is still to do."""
    if not settings.expects_webhooks:
        said = f"no public key is set, so {_polling(settings)}"
        if not settings.real_carrier:
            return well(NAME, said)
        return doubtful(
            NAME,
            f"{said}; to have them screened within a second, set TELNYX_PUBLIC_KEY to the key in the carrier's portal, "
            f"{_TO_DO}",
        )
    try:
        keys = PublicKeys(settings).in_force()
    except SettingsError as error:
        return failed(NAME, str(error))
    of = "TELNYX_PUBLIC_KEY_FILE" if settings.telnyx_public_key_file else "TELNYX_PUBLIC_KEY"
    count = "one public key" if len(keys) == 1 else f"{len(keys)} public keys"
    return well(NAME, f"{count} in {of}; {_TO_DO}, then `portout status` says whether they come")


def _polling(settings: Settings) -> str:
    return f"port-outs are found by polling, every {settings.intake_every:g} s"
