"""Running the program's own commands, as a user would."""

import subprocess
import sys


def riskstream(*words: str) -> str:
    """Run a command and return what it printed; its errors go to the screen.

    Raises CalledProcessError where it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "stream", *words], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
