"""`riskstream settings`: every setting with its default, range and meaning."""

import argparse

from stream.settings import setting_rows

SUMMARY = "list the settings (environment variables), their defaults and ranges"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the Markdown form, from which docs/settings.md is made."""
    parser.add_argument("--markdown", action="store_true", help="print the page docs/settings.md")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    print(settings_page() if args.markdown else settings_text(), end="")
    return 0


def settings_text() -> str:
    """Return the settings as indented text for a terminal."""
    return "".join(
        f"{variable} = {default}  ({bounds})\n    {text}\n"
        for variable, default, bounds, text in setting_rows()
    )


def settings_page() -> str:
    """Return the settings as a Markdown page."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable; the commands offer some as flags, which win.",
        "Thresholds are not settings: they are in the policy file. This page is printed by",
        "`riskstream settings --markdown`, and a test compares the two.",
        "",
        "| variable | default | range | meaning |",
        "|---|---|---|---|",
        *(
            f"| `{v}` | `{default}` | {bounds} | {text} |"
            for v, default, bounds, text in setting_rows()
        ),
    ]
    return "\n".join(lines) + "\n"
