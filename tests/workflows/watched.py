"""Orders that were answered, and are watched."""

from collections.abc import Callable
from datetime import UTC, datetime

from activities.contracts import Opened, OpenInput, RuleToRun
from records.cases import Stage
from screening.facts import OrderFacts
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import House, Screening
from tests.workflows.samples import RULES, opened
from tests.workflows.world import World
from workflows.messages import ScreeningState

FRIDAY = datetime(2031, 3, 7, 16, tzinfo=UTC)
TIMING_RULE = RuleToRun(rule_id="port-moment", check="timing")


def with_foc(foc_date: datetime | None) -> Callable[[OpenInput], Opened]:
    def read(given: OpenInput) -> Opened:
        order = OrderFacts(id=given.portout_id, support_key="PO_12ab", status="pending", foc_date=foc_date)
        return opened(order=order, rules=[*RULES, TIMING_RULE], reads_foc=True)(given)

    return read


async def approved(house: House, world: World, timing: Timing | None = None) -> Screening:
    world.plays("conclude", samples.APPROVED)
    order = await house.screen(timing=timing)
    await order.until(Stage.AWAITING_CARRIER)
    return order


async def denied(house: House, world: World) -> Screening:
    world.plays("conclude", samples.DENIED, samples.TO_REVIEW)
    order = await house.screen()
    await order.until(Stage.AWAITING_CARRIER)
    return order


async def in_review(order: Screening, round_: int) -> ScreeningState:
    return await order.until_it_shows(
        lambda state: state.round == round_ and state.stage is Stage.AWAITING_REVIEW
    )
