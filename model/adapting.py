"""Which weights of an encoder are taught: low-rank adapters beside its layers, or the layers."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, Final, Literal

from torch import nn

from topics.errors import InputError

Way = Literal["lora", "full"]
WAYS: Final[tuple[Way, ...]] = ("lora", "full")


def require_packages(way: Way) -> None:
    """Raise InputError where ``way`` needs a package that is not installed."""
    if way == "lora" and find_spec("peft") is None:
        raise InputError("--fine-tune lora needs PEFT; install riskstream[finetune]")


def made_teachable(network: Any, way: Way, rank: int, alpha: int) -> Callable[[], None]:
    """Make the weights of an encoder that ``way`` teaches learn; return what ends the learning.

    ``lora`` puts into every linear layer W of attention and feed-forward an adapter, and only these
    learn: Wx becomes Wx + (alpha / rank) BAx, where A has ``rank`` rows, B as many columns and
    begins as zero (Hu and others, "LoRA", 2022, arXiv 2106.09685). That every layer has one counts
    for more than the rank (Dettmers and others, "QLoRA", 2023, arXiv 2305.14314). ``full`` lets the
    layers themselves learn. The tables of words and positions stay as they are in both: few of
    their rows occur in a shop's labelled texts, and those would move away from the others. What is
    returned adds the adapters to their layers, after which the network has the parts that it had
    before. Raises InputError where PEFT is not installed.
    """
    layers = [(name, layer) for name, layer in network.named_modules() if _is_read(name)]
    if way == "full":
        tables = {id(layer.weight) for _, layer in layers if isinstance(layer, nn.Embedding)}
        taught = [weight for weight in _weights(layers) if id(weight) not in tables]
        for weight in taught:
            weight.requires_grad_(True)
        return lambda: _rest(taught)
    require_packages(way)
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - an extra, and takes seconds

    linear = [name for name, layer in layers if isinstance(layer, nn.Linear)]
    adapted: Any = get_peft_model(
        network, LoraConfig(r=rank, lora_alpha=alpha, target_modules=linear)
    )
    return lambda: adapted.merge_and_unload().requires_grad_(False)


def _is_read(name: str) -> bool:
    """Whether mean pooling reads a layer: a pooler, which makes one vector of a text, it does not.

    >>> _is_read("encoder.layer.0.output.dense"), _is_read("pooler.dense")
    (True, False)
    """
    return not name.startswith("pooler")


def _weights(layers: list[tuple[str, Any]]) -> Iterator[nn.Parameter]:
    for _, layer in layers:
        yield from layer.parameters(recurse=False)


def _rest(taught: list[nn.Parameter]) -> None:
    for weight in taught:
        weight.requires_grad_(False)
