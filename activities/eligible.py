"""The rejection codes that the carrier lists for one order, as the core reads them."""

from screening.rejection import EligibleCode
from telnyx_api import TelnyxClient


async def eligible_codes(carrier: TelnyxClient, portout_id: str) -> list[EligibleCode]:
    """Fetch the codes.

    Raises:
        CarrierError: the list cannot be read.
    """
    return [
        EligibleCode(code=code.code, description=code.description, reason_required=code.reason_required)
        for code in await carrier.rejection_codes(portout_id)
    ]
