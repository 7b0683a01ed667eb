"""Numbers as a person reads them."""

from datetime import UTC, datetime


def count(x: float) -> str:
    """Return a number of things.

    >>> count(89955), count(64.0), count(12.25)
    ('89,955', '64', '12.2')
    """
    return f"{x:,.0f}" if x == int(x) else f"{x:,.1f}"


def share(x: float) -> str:
    """Return a share in percent; all or nothing is written only where it is.

    >>> share(0.14518), share(0.0204), share(0.0043), share(1.0), share(0.99996)
    ('14.5 %', '2.04 %', '0.43 %', '100 %', '> 99.9 %')
    >>> share(0.0), share(3.4e-9), share(0.009)
    ('0 %', '< 0.001 %', '0.90 %')
    """
    percent = 100 * x
    if x in (0, 1):
        return f"{percent:.0f} %"
    if percent < 0.001:
        return "< 0.001 %"
    if percent < 1:
        return f"{percent:#.2g} %"
    if 99.95 <= percent < 100:
        return "> 99.9 %"
    return f"{percent:.2f} %" if percent < 10 else f"{percent:.1f} %"


def figure(x: float) -> str:
    """Return a figure without a unit.

    >>> figure(0.98121), figure(0.00135), figure(1.2e-9), figure(0.0)
    ('0.981', '0.00135', '< 0.0001', '0')
    """
    if x == 0:
        return "0"
    if abs(x) < 1e-4:
        return "< 0.0001" if x > 0 else "> -0.0001"
    return f"{x:#.3g}".rstrip(".")


def added(x: float) -> str:
    """Return what something adds, with its sign.

    >>> added(1.7389), added(-0.2)
    ('+1.74', '-0.20')
    """
    return f"{x:+.2f}"


def plain(x: float) -> str:
    """Return a number of any size, three digits of it below a thousand.

    >>> plain(3.0), plain(0.12345), plain(1234.5), plain(2.0e-7)
    ('3', '0.123', '1,234', '2e-07')
    """
    return f"{x:,.0f}" if x == int(x) or abs(x) >= 1000 else f"{x:.3g}"


def money(x: float) -> str:
    """Return an amount.

    >>> money(28763.7399), money(24015705.87)
    ('28,763.74', '24,015,706')
    """
    return f"{x:,.2f}" if abs(x) < 100_000 else f"{x:,.0f}"


def moment(x: float) -> str:
    """Return a time given in milliseconds since 1970.

    >>> moment(1740787204390)
    '2025-03-01 00:00 UTC'
    """
    return f"{datetime.fromtimestamp(x / 1000, UTC):%Y-%m-%d %H:%M} UTC"
