"""The command line: one file per command, imported with nothing but typer so that help answers at once."""
