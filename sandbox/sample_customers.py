"""The customers behind the sample port-outs. All people and numbers are fictional.

Numbers are from the range 555-0100 to 555-0199, which is kept free for fiction. PINs are so long that nothing
else here has them by chance, and a search for them finds leaks only; but for 0042, which has to be short.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of ours. ``pin`` is in the customer file, ``external_pin`` with the carrier only."""

    id: str
    name: str
    numbers: tuple[str, ...]
    business_name: str = ""
    authorized_names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pin: str | None = field(default=None, repr=False)
    external_pin: str | None = field(default=None, repr=False)


CUSTOMERS = (
    Customer("C-1001", "Maria Lopez", ("+12125550101",), external_pin="48213957"),
    Customer("C-1002", "Daniel Okafor", ("+13035550102",), pin="60917342"),
    Customer("C-1003", "Hannah Weiss", ("+14155550103",), pin="27384610"),
    Customer("C-1004", "Peter Novak", ("+15125550104",)),
    Customer("C-1005", "Grace Kim", ("+16175550105",), external_pin="0042"),
    Customer("C-1006", "Omar Haddad", ("+13055550106",), external_pin="0042917350"),
    Customer("C-1007", "Lena Fischer", ("+12065550107",), pin="91540278"),
    Customer("C-1008", "Victor Marsh", ("+14045550108",), external_pin="35072916"),
    Customer("C-1009", "Robert Chen", ("+17025550109",), pin="82469103"),
    Customer("C-1010", "Alice Thornton", ("+13125550110",), external_pin="70638251"),
    Customer(
        "C-1011",
        "Samuel Brooks",
        ("+15035550111", "+15035550112", "+15035550113"),
        business_name="Harbor Coffee LLC",
        authorized_names=("Samuel Brooks", "Ines Duarte"),
        tags=("business",),
        pin="14790368",
    ),
    Customer("C-1012", "Emily Stone", ("+16025550114",), external_pin="53927160"),
    Customer("C-1013", "Jack Stone", ("+16025550115",), external_pin="86103475"),
    Customer("C-1014", "Nadia Petrov", ("+17205550116",), external_pin="29571804"),
    Customer("C-1015", "Thomas Reed", ("+19195550117",), pin="74026831"),
    Customer("C-1016", "Julia Santos", ("+12125550118",), external_pin="18365092"),
    Customer("C-1017", "Walter Quinn", ("+13035550119",), pin="95208647"),
    Customer("C-1018", "Chloe Martin", ("+14155550120",), external_pin="40719526"),
    Customer("C-1019", "George Hill", ("+15125550121",), pin="63850194"),
    Customer(
        "C-1020",
        "Priya Nair",
        ("+16175550122",),
        business_name="Nair & Daughters Inc",
        authorized_names=("Priya Nair", "Anika Nair"),
        tags=("business",),
        external_pin="07946213",
    ),
    Customer("C-1021", "Isaac Boone", ("+13055550123",), external_pin="31682750"),
)
