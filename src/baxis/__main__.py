"""`python -m baxis`: the command line, where the command itself is not on the path."""

from baxis.faces.cli import main

if __name__ == "__main__":
    main()
