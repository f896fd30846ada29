"""The command line. `main` is the entry point; each group of commands is one file, imported when it is asked for."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130
BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read when numpy loads


def main() -> None:
    """Run the command line. What goes wrong is one line on stderr: exit code 2, or 130 after Ctrl-C."""
    for name in BLAS:  # patients are the threads; those of linear algebra on small matrices only wait for each other
        os.environ.setdefault(name, "1")
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


def _interrupted() -> SystemExit:
    sys.stderr.write("baxis: stopped; nothing was written\n")
    return SystemExit(INTERRUPTED)


def _told(error: Exception) -> BaseException:
    """What to raise for an error: an exit after one line for those that a user can mend, else the error itself."""
    from ...core.errors import BaxisError

    if type(error).__name__ == "Abort":  # the command-line library's own word for Ctrl-C
        return _interrupted()
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        text = " ".join(str(error.format_message()).split())
        if text:
            sys.stderr.write(f"baxis: {text} Try 'baxis --help'.\n")
        return SystemExit(error.exit_code)
    if isinstance(error, BaxisError):
        sys.stderr.write(f"baxis: {error}\n")
        return SystemExit(2)
    if isinstance(error, OSError):
        where = f" {error.filename}" if error.filename else ""
        sys.stderr.write(f"baxis: cannot use{where or ' a file'}: {error.strerror or error}\n")
        return SystemExit(2)
    return error
