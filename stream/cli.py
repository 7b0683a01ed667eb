"""The `riskstream` command: finds the one module that a command needs and reports its errors."""

import argparse
import ast
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from stream.settings import calm_threads
from topics.errors import InputError

COMMANDS = Path(__file__).with_name("commands")
BAD_INPUT = 2
INTERRUPTED = 130
PIPE_CLOSED = 141
TERMINATED = 143
SERVERS = ("worker",)
"""Commands that stop on SIGTERM by themselves, and exit 0 then."""


class OneLineParser(argparse.ArgumentParser):
    """An argument parser that answers a mistake with one line instead of its whole usage."""

    def error(self, message: str) -> NoReturn:
        """Print the mistake and where help is, and exit with code 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def find_commands(folder: Path = COMMANDS) -> dict[str, tuple[str, str]]:
    """Return {command: (module name, one-line summary)}, in alphabetical order.

    Every module of the folder that assigns a literal `SUMMARY` is a command. The summary is read
    from the source, since importing all commands would take seconds.
    """
    found = {}
    for path in sorted(folder.glob("*.py")):
        summary = _summary(ast.parse(path.read_text(encoding="utf-8")))
        if summary is not None:
            found[path.stem.rstrip("_").replace("_", "-")] = (path.stem, summary)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0: done. 1: done, and the answer is no (as in `topics check`). 2: bad input, told in one line
    on standard error. 130: interrupted. 141: whoever read standard output has gone. 143: ended by
    SIGTERM, with nothing left half written.
    """
    calm_threads()
    words = list(sys.argv[1:] if argv is None else argv)
    commands = find_commands()
    if not words or words[0].startswith("-"):
        return _front(commands, words)
    if words[0] not in commands:
        names = ", ".join(commands)
        print(f"riskstream: no command {words[0]!r}; there are {names}", file=sys.stderr)
        return BAD_INPUT
    module_name, summary = commands[words[0]]
    command = import_module(f"stream.commands.{module_name}")
    parser = OneLineParser(prog=f"riskstream {words[0]}", description=summary)
    command.arguments(parser)
    args = parser.parse_args(words[1:])
    if words[0] in SERVERS:
        return _run(command.run, args, parser.prog)
    with _ended_by_sigterm():
        return _run(command.run, args, parser.prog)


def _front(commands: dict[str, tuple[str, str]], words: list[str]) -> int:
    lines = "\n".join(f"  {name:<10} {summary}" for name, (_, summary) in commands.items())
    parser = OneLineParser(
        prog="riskstream",
        usage="riskstream COMMAND [options]",
        description="Streaming risk scores, credit scores and alerts for online shops.",
        epilog=f"commands:\n{lines}\n\n`riskstream COMMAND --help` explains one of them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    release = f"riskstream {version('riskstream')}"
    parser.add_argument("--version", action="version", version=release)
    parser.parse_args(words)
    parser.print_help()
    return 0


def _run(run: Callable[[argparse.Namespace], int], args: argparse.Namespace, prog: str) -> int:
    try:
        code = int(run(args))
        sys.stdout.flush()
        return code
    except InputError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except _TerminatedError:
        return TERMINATED
    except BrokenPipeError:
        _drop_output()
        return PIPE_CLOSED
    except OSError as error:
        if error.filename is not None:
            print(f"{prog}: {error.filename}: {error.strerror}", file=sys.stderr)
        elif error.errno in {ENOSPC, EDQUOT}:  # of standard output, or of a temporary file
            reason = os.strerror(error.errno)
            print(f"{prog}: {reason}; make room, or set TMPDIR to another disk", file=sys.stderr)
            _drop_output()
        else:
            raise
        return BAD_INPUT


def _drop_output() -> None:
    """Send nowhere what standard output cannot take: Python tries again, and complains, at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _TerminatedError(SystemExit):
    """What SIGTERM raises; a SystemExit, which event loops and pools pass on as they should."""


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does, so that its temporary files are removed."""
    if threading.current_thread() is not threading.main_thread():  # only there are signals handled
        yield
        return

    def end(*_: object) -> None:
        raise _TerminatedError(TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _summary(module: ast.Module) -> str | None:
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="SUMMARY")], value=ast.Constant(value=str(text))):
                return text
            case ast.AnnAssign(target=ast.Name(id="SUMMARY"), value=ast.Constant(value=str(text))):
                return text
    return None
