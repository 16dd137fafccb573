"""Error handler of the commands: turns exceptions into a one-line message and an exit code."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import TypeVar

from pydantic import ValidationError

from gonogo.cli.support.exit_codes import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_NO_CREDENTIAL,
    EXIT_REFUSED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    fail,
    fail_file,
)
from gonogo.cli.support.standard_streams import drop_output, drop_output_that_is_refused, flush_output
from gonogo.client.errors import (
    AuthenticationError,
    GonogoClientError,
    IncompleteListError,
    InvalidInputError,
    MissingPackageError,
    NetworkError,
    UnsupportedError,
)
from gonogo.desk.core.errors import DeskError, SignInError
from gonogo.embedded.transport import CANNOT_OPEN

T = TypeVar("T")


def run(work: Coroutine[object, None, T]) -> T:
    """Runs a command's coroutine inside `handle_errors`."""
    with handle_errors():
        return asyncio.run(work)


@contextlib.contextmanager
def handle_errors() -> Iterator[None]:
    """Turns errors of validation, of the server and of files into sentences and exit codes."""
    try:
        yield
        flush_output()  # a closed pipe or a full disk shows here, and not when the interpreter ends
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        fail(f"{where}: {first['msg']}", "Nothing was sent; correct it and try again.", EXIT_USAGE)
    except AuthenticationError as error:
        fail(str(error), error.next_step, EXIT_NO_CREDENTIAL, details=error.trace)
    except NetworkError as error:
        _, cannot_open, reason = str(error).partition(CANNOT_OPEN)
        if cannot_open:
            fail(cannot_open + reason, "Make room or give yourself the folder, or set GONOGO_HOME to another.")
        fail(str(error), error.next_step, EXIT_UNREACHABLE)
    except IncompleteListError as error:  # nobody refused: the server holds a part back
        fail(str(error), error.next_step, EXIT_FAILED)
    except UnsupportedError as error:
        fail(str(error), error.next_step, EXIT_REFUSED)
    except MissingPackageError as error:
        fail(str(error), error.next_step, EXIT_FAILED)
    except InvalidInputError as error:  # nothing was sent: an ambiguous name, no address, no link
        fail(str(error), error.next_step, EXIT_USAGE)
    except GonogoClientError as error:
        fail(str(error), error.next_step, EXIT_REFUSED, details=error.trace)
    except SignInError as error:
        fail(str(error), error.next_step, EXIT_USAGE)
    except DeskError as error:
        fail(str(error), error.next_step)
    except KeyboardInterrupt:
        fail("stopped; what was done so far is kept", code=EXIT_INTERRUPTED)
    except BrokenPipeError:  # `gonogo … | head`: the reader has enough
        drop_output()
        raise SystemExit(EXIT_FAILED) from None
    except OSError as error:
        drop_output_that_is_refused()
        fail_file(error)
