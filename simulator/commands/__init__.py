"""Command groups of the `simulator` command line, one file each."""
