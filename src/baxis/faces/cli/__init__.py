"""The command line. `main` is the entry point; each group of commands is one file, imported when it is asked for."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line: a BaxisError is one line on stderr and exit code 2; Ctrl-C is exit code 130."""
    from ...core.errors import BaxisError
    from .app import build

    try:
        build(sys.argv[1:])(standalone_mode=True)
    except BaxisError as e:
        sys.stderr.write(f"baxis: {e}\n")
        raise SystemExit(2) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    except (KeyboardInterrupt, SystemExit) as e:
        if isinstance(e, SystemExit) and e.code != INTERRUPTED:
            raise
        sys.stderr.write("baxis: stopped; nothing was written\n")
        raise SystemExit(INTERRUPTED) from None
