"""`python -m simulator` is the command line."""

from simulator.cli import main

main()
