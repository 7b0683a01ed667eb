"""The command line: finding commands, and what a mistake or an interruption answers."""

import argparse
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import ModuleType

import pytest

from stream import cli
from topics.errors import InputError

EXECUTABLE = [sys.executable, "-c", "import sys; from stream.cli import main; sys.exit(main())"]


@pytest.fixture
def given_command(monkeypatch):
    """Install a command `given` whose `run` is the function that the test hands over."""

    def install(run):
        module = ModuleType("stream.commands.given")
        module.SUMMARY = "is there for the test"
        module.arguments = lambda parser: parser.add_argument("--n", type=int, default=0)
        module.run = run
        monkeypatch.setitem(sys.modules, "stream.commands.given", module)
        monkeypatch.setattr(cli, "find_commands", lambda: {"given": ("given", module.SUMMARY)})

    return install


def test_every_module_with_a_summary_is_a_command_and_no_other(tmp_path):
    (tmp_path / "__init__.py").write_text('"""Nothing."""\n')
    (tmp_path / "import_.py").write_text('SUMMARY = "imports"\n')
    (tmp_path / "tail.py").write_text('SUMMARY: str = "prints"\nraise RuntimeError\n')
    (tmp_path / "columns.py").write_text("WIDTH = 3\n")
    found = cli.find_commands(tmp_path)
    assert found == {"import": ("import_", "imports"), "tail": ("tail", "prints")}


def test_every_command_of_the_project_explains_itself_and_exits_0(capsys):
    commands = cli.find_commands()
    assert "settings" in commands
    for name, (_, summary) in commands.items():
        with pytest.raises(SystemExit) as caught:
            cli.main([name, "--help"])
        assert caught.value.code == 0
        printed = " ".join(capsys.readouterr().out.split())
        assert f"usage: riskstream {name}" in printed
        assert summary in printed


def test_every_summary_says_what_to_do_and_every_option_what_it_means():
    for module_name, summary in cli.find_commands().values():
        assert not summary.split()[0].endswith("s"), summary
        parser = argparse.ArgumentParser()
        import_module(f"stream.commands.{module_name}").arguments(parser)
        assert [action.dest for action in parser._actions if not action.help] == []


def test_help_lists_the_commands_without_importing_them():
    code = (
        "import sys; from stream.cli import main; main([]);"
        "print([m for m in sys.modules if m.startswith('stream.commands.')])"
    )
    started = time.perf_counter()
    text = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert time.perf_counter() - started < 3
    assert "settings" in text
    assert text.splitlines()[-1] == "[]"


def test_without_arguments_the_help_is_printed(capsys):
    assert cli.main([]) == 0
    assert "commands:" in capsys.readouterr().out


def test_an_unknown_command_is_one_line_and_exit_2(capsys):
    assert cli.main(["tial"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "'tial'" in error


@pytest.mark.parametrize("words", [["--n", "x"], ["--m"], ["extra"]])
def test_a_mistaken_argument_is_one_line_and_exit_2(given_command, capsys, words):
    given_command(lambda args: 0)
    with pytest.raises(SystemExit) as caught:
        cli.main(["given", *words])
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_exit_code_is_the_one_that_the_command_returns(given_command):
    given_command(lambda args: args.n)
    assert cli.main(["given", "--n", "1"]) == 1


def test_bad_input_is_one_line_and_exit_2(given_command, capsys):
    def run(args: argparse.Namespace) -> int:
        raise InputError("a.jsonl line 3: amount is -1; it must be 0 or more")

    given_command(run)
    assert cli.main(["given"]) == 2
    message = "riskstream given: a.jsonl line 3: amount is -1; it must be 0 or more\n"
    assert capsys.readouterr().err == message


def test_a_file_that_cannot_be_opened_is_named_and_exit_2(given_command, capsys):
    given_command(lambda args: open("/no/such/file"))  # noqa: SIM115
    assert cli.main(["given"]) == 2
    assert "/no/such/file" in capsys.readouterr().err


def test_any_other_error_keeps_its_traceback(given_command):
    def run(args: argparse.Namespace) -> int:
        raise ZeroDivisionError

    given_command(run)
    with pytest.raises(ZeroDivisionError):
        cli.main(["given"])


def test_an_interruption_exits_130_quietly(given_command, capsys):
    def run(args: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    given_command(run)
    assert cli.main(["given"]) == 130
    assert capsys.readouterr().err == ""


def test_sigterm_unwinds_the_command_and_exits_143_quietly(given_command, capsys):
    unwound = []

    def run(args: argparse.Namespace) -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            unwound.append(True)

    given_command(run)
    before = signal.getsignal(signal.SIGTERM)
    assert cli.main(["given"]) == 143
    assert unwound
    assert capsys.readouterr().err == ""
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_server_keeps_its_own_handling_of_sigterm(given_command, monkeypatch):
    monkeypatch.setattr(cli, "SERVERS", ("given",))
    before = signal.getsignal(signal.SIGTERM)
    given_command(lambda args: signal.getsignal(signal.SIGTERM) is not before)
    assert cli.main(["given"]) == 0


def test_every_server_is_a_command():
    assert set(cli.SERVERS) <= set(cli.find_commands())


def test_a_command_runs_beside_the_main_thread_too(given_command):
    given_command(lambda args: 1)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(cli.main, ["given"]).result() == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_disk_is_one_line_and_exit_2():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*EXECUTABLE, "settings"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"riskstream settings: No space left on device; ")
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_goes_away_ends_the_command_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*EXECUTABLE, "settings"], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr == b""
