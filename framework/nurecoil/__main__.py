"""``python -m nurecoil``: the command line without the console script."""

from nurecoil.cli.app import main

if __name__ == "__main__":
    main()
