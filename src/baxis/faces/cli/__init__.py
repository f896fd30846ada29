"""The command line. `main` is the entry point; each group of commands is one file, imported when it is asked for."""

from __future__ import annotations

import os
import re
import sys
import warnings
from typing import Any

INTERRUPTED = 130
BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read when numpy loads


def main() -> None:
    """Run the command line. What goes wrong is one line on stderr: exit code 2, or 130 after Ctrl-C."""
    for name in BLAS:  # patients are the threads; those of linear algebra on small matrices only wait for each other
        os.environ.setdefault(name, "1")
    if not os.environ.get("BAXIS_DEBUG"):
        warnings.showwarning = _told_beside
    try:
        from .app import build

        code = build(sys.argv[1:])(standalone_mode=False, prog_name="baxis")
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except (KeyboardInterrupt, SystemExit) as e:
        raise _interrupted() if isinstance(e, KeyboardInterrupt) or e.code == INTERRUPTED else e from None
    except Exception as e:
        raise _told(e) from e if os.environ.get("BAXIS_DEBUG") else None
    if code == INTERRUPTED:
        raise _interrupted()
    raise SystemExit(code if isinstance(code, int) else 0)


def _told_beside(message: Warning | str, category: type[Warning], *where: object, **more: object) -> None:
    """A warning of baxis is one line on stderr; those of the libraries below say nothing to a user."""
    from ...core.errors import BaxisWarning

    if issubclass(category, BaxisWarning):
        sys.stderr.write(f"baxis: {message}\n")


def _interrupted() -> SystemExit:
    sys.stderr.write("baxis: stopped; nothing was written\n")
    return SystemExit(INTERRUPTED)


def _usage(error: Any) -> str:
    """A fault of the command line's words: what was got, what is allowed, where help is."""
    from ...core.errors import UnknownName

    text = " ".join(str(error.format_message()).split())
    context = getattr(error, "ctx", None)
    if not text or context is None:
        return f"{text} Try 'baxis --help'." if text else ""
    path, command = context.command_path, context.command
    helped = f"`{path} --help` explains them"
    option = getattr(error, "option_name", None)
    if option and text.startswith("No such option"):
        known = [o for p in command.params for o in p.opts if o.startswith("--")]
        return str(UnknownName(f"option of `{path}`", option, [*known, "--help"], helped))
    name = re.search("No such command '(.*?)'", text)
    if name and hasattr(command, "commands"):
        return str(UnknownName(f"command of `{path}`", name[1], command.commands, helped))
    found = re.match("Invalid value for '(-[^']*)'", text)
    if found and found[1] in sys.argv[:-1]:
        got = sys.argv[sys.argv.index(found[1]) + 1]
        kind = "a whole number" if "integer" in text else "a number" if "number" in text else "a value of its kind"
        return f"{found[1]}: got {got!r}; allowed: {kind}; `{path} --help` explains it"
    return f"{text.rstrip('.')}. Try '{path} --help'."


def _told(error: Exception) -> BaseException:
    """What to raise for an error: an exit after one line for those that a user can mend, else the error itself."""
    from ...core.errors import BaxisError

    if type(error).__name__ == "Abort":  # the command-line library's own word for Ctrl-C
        return _interrupted()
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        text = _usage(error)
        if text:
            sys.stderr.write(f"baxis: {text}\n")
        return SystemExit(error.exit_code)
    if isinstance(error, BaxisError):
        sys.stderr.write(f"baxis: {error}\n")
        return SystemExit(2)
    if isinstance(error, OSError):
        where = f" {error.filename}" if error.filename else ""
        sys.stderr.write(f"baxis: cannot use{where or ' a file'}: {error.strerror or error}\n")
        return SystemExit(2)
    return error
