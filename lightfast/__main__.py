"""``python -m lightfast``: the command line."""

from lightfast.cli import main

if __name__ == "__main__":
    main()
