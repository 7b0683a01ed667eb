"""The shop's own fields that a model reads, as a file of the model's folder."""

from typing import Any, Final, cast

from model.artifact import Artifact
from model.attribute import Attribute, LeftOut
from model.attributes import Attributes
from topics.errors import InputError
from topics.eventwords import COLUMN
from topics.freefields import KINDS, Kind

FORMAT: Final = 1
NAME: Final = "attributes"


def document_of(attributes: Attributes) -> dict[str, Any]:
    """Return what `attributes_from` reads, ready for JSON."""
    return {
        "format": FORMAT,
        "fields": [
            {
                "name": field.name,
                "kind": field.kind,
                "usual": field.usual,
                "present": field.present,
                "values": list(field.values),
                "shares": list(field.shares),
                **({"tokens": list(field.tokens)} if field.of_event else {}),
            }
            for field in attributes.fields
        ],
        "left_out": [{"name": one.name, "why": one.why} for one in attributes.left_out],
    }


def attributes_from(document: Any, where: str) -> Attributes:
    """Check what `document_of` returned and rebuild it.

    Raises InputError that names ``where`` and what is wrong.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f"{where} is not of format {FORMAT}; train the model again")
    fields, left = document.get("fields"), document.get("left_out", [])
    if not isinstance(fields, list) or not isinstance(left, list):
        raise InputError(f"{where} has no list of fields; copy the model again")
    read = tuple(_field(one, f"{where}: fields[{i}]") for i, one in enumerate(fields))
    if len({one.feature for one in read}) < len(read):
        raise InputError(f"{where} names a field twice; copy the model again")
    return Attributes(read, tuple(LeftOut(str(x["name"]), str(x["why"])) for x in left))


def fields_from(loaded: Artifact) -> Attributes:
    """Return how a model reads the shop's own fields; a folder without their file reads none.

    Raises InputError where the file is not what was saved.
    """
    if NAME not in loaded.documents:
        return Attributes()
    where = f"{NAME}.json of model {loaded.manifest['version']}"
    return attributes_from(loaded.documents[NAME], where)


def _field(one: Any, where: str) -> Attribute:
    if not isinstance(one, dict) or not isinstance(one.get("name"), str):
        raise InputError(f"{where} has no name; copy the model again")
    if one.get("kind") not in KINDS:
        raise InputError(f"{where}: kind is {one.get('kind')!r}, it must be {', '.join(KINDS)}")
    kind, usual = cast(Kind, one["kind"]), one.get("usual")
    values, shares = one.get("values"), one.get("shares")
    texts = isinstance(values, list) and all(isinstance(value, str) for value in values)
    numbers = isinstance(shares, list) and all(isinstance(share, int | float) for share in shares)
    if not texts or not numbers or len(values) != len(shares):  # type: ignore[arg-type]
        raise InputError(f"{where}: values and shares must be as many strings as numbers")
    if usual is not None and not isinstance(usual, str if kind == "string" else int | float):
        raise InputError(f"{where}: usual is {usual!r}, which is no {kind}")
    if not isinstance(present := one.get("present"), int | float):
        raise InputError(f"{where}: present must be a share of the events")
    tokens = one.get("tokens")
    if tokens is not None and (one["name"] not in COLUMN or len(tokens) != len(values)):  # type: ignore[arg-type]
        raise InputError(f"{where}: tokens must be those of as many values of {', '.join(COLUMN)}")
    return Attribute(
        one["name"], kind, usual, float(present), tuple(values), tuple(shares),  # type: ignore[arg-type]
        tuple(tokens or ()), of_event=tokens is not None,
    )  # fmt: skip
