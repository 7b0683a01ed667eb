"""The errors that a person's input can cause."""


class InputError(ValueError):
    """Input or settings that a person has to change.

    The message is one sentence that names the field, the file or topic and the line or offset,
    and says what to do. The command line prints it on standard error and exits with code 2.
    """


class UnreachableError(InputError):
    """A cluster that does not answer: another address may be meant, or trying again may help."""
