"""The command line. `main` is the entry point; each group of commands is one file, imported when it is asked for."""

from __future__ import annotations

import os
import re
import signal
import sys
import warnings
from typing import Any, NoReturn

INTERRUPTED, TERMINATED, INSIDE = 130, 143, 70  # exit codes: Ctrl-C, SIGTERM, an error inside baxis
BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read when numpy loads
REPORT = "please report it, with what --debug shows"


def main() -> None:
    """Run the command line. What a user can mend is told on stderr: exit code 2; 130 after Ctrl-C, 70 for a fault of ours."""
    for name in BLAS:  # patients are the threads; those of linear algebra on small matrices only wait for each other
        os.environ.setdefault(name, "1")
    _open_streams()
    words = [w for w in sys.argv[1:] if w != "--debug"]
    debug = len(words) < len(sys.argv) - 1 or bool(os.environ.get("BAXIS_DEBUG"))
    before = signal.getsignal(signal.SIGTERM)
    try:
        if before == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _terminated)  # so that what is half written is taken away
        code = _run(words, debug)
    except BaseException as e:
        if debug and not isinstance(e, SystemExit):
            import traceback

            traceback.print_exc()
        raise _told(e) from None
    finally:
        if before == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, before)
    if code == INTERRUPTED:
        raise _interrupted()
    raise SystemExit(code if isinstance(code, int) else 0)


def _run(words: list[str], debug: bool) -> Any:
    """The command's exit code. Warnings of baxis are told in a line, those of other packages under --debug only."""
    import typer

    from baxis.faces.cli.app import build
    from baxis.faces.cli.words.output import told_warning
    from baxis.faces.cli.words.typed import once

    with warnings.catch_warnings():
        if not debug:
            warnings.showwarning = told_warning
        code = once(typer.main.get_command(build(words)))(args=words, standalone_mode=False, prog_name="baxis")
        sys.stdout.flush()
    return code


def _open_streams() -> None:
    """Both output streams, or an end with a sentence on the other: what is opened next would take a closed one's place."""
    for name, other in (("stdout", sys.stderr), ("stderr", sys.stdout)):
        if getattr(sys, name) is None:
            what = "standard output" if name == "stdout" else "standard error"
            if other is not None:
                other.write(f"baxis: {what} is closed; give it a place, such as /dev/null\n")
            raise SystemExit(2)


def _terminated(*_: object) -> NoReturn:
    raise SystemExit(TERMINATED)


def _interrupted() -> SystemExit:
    from baxis.core.storing import files
    from baxis.faces.cli.words.output import say

    done = [str(p) for p in files.written()]
    say("baxis: stopped; " + (f"written before that: {', '.join(done)}" if done else "nothing was written"), err=True)
    return SystemExit(INTERRUPTED)


def _usage(error: Any) -> str:
    """A fault of the command line's words: what was got, what is allowed, where help is."""
    from baxis.core.errors import UnknownName

    text = " ".join(str(error.format_message()).split())
    context = getattr(error, "ctx", None)
    if not text or context is None:
        return f"{text} Try 'baxis --help'." if text else ""
    text = _as_typed(text)
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
        return f"{found[1]}: got {got!r}; allowed: a value of its kind; `{path} --help` explains it"
    return f"{text.rstrip('.')}. Try '{path} --help'."


def _as_typed(text: str) -> str:
    """A fault of a value with, of the option's names, the one that was typed."""
    found = re.match(r"Invalid value for ((?:'-[^']*'(?: / )?)+)", text)
    typed = [name for name in re.findall("'(-[^']*)'", found[1]) if name in sys.argv] if found else []
    return f"Invalid value for '{typed[0]}'{text[found.end() :]}" if found and typed else text


def _told(error: BaseException) -> BaseException:
    """The exit for an error, after it was told: in a line, or a line each where there are several faults."""
    from baxis.core.errors import BaxisError, Faults, Stopped
    from baxis.faces.cli.words.output import say

    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":  # the latter: typer's word for Ctrl-C
        return _interrupted()
    if isinstance(error, SystemExit):
        return _interrupted() if error.code == INTERRUPTED else error
    if isinstance(error, BrokenPipeError):  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SystemExit(0)
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        text = _usage(error)
        if text:
            say(f"baxis: {text}", err=True)
        return SystemExit(error.exit_code)
    if isinstance(error, BaxisError):
        lines = error.lines() if isinstance(error, Faults) else [str(error)]
        say(f"baxis: {lines[0]}", *lines[1:], err=True)
        return SystemExit(INTERRUPTED if isinstance(error, Stopped) else 2)
    if isinstance(error, OSError):
        where = f" {error.filename}" if error.filename else ""
        say(f"baxis: cannot use{where or ' a file'}: {error.strerror or error}", err=True)
        return SystemExit(2)
    if isinstance(error, MemoryError):
        say("baxis: not enough memory for this; ask for fewer patients, rows or points", err=True)
        return SystemExit(2)
    said = " ".join(str(error).split())[:300]
    say(f"baxis: An error inside baxis: {type(error).__name__}{': ' + said if said else ''}; {REPORT}", err=True)
    return SystemExit(INSIDE)
