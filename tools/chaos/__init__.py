"""`make chaos`: candidates hand in while everything is killed; afterwards every hand-in must be there, marked once, and rightly.

`python -m tools.chaos` sets up a throw-away school, starts the real processes, lets candidates sit over HTTP, kills (SIGKILL)
at random what runs, starts it again as systemd would, and compares what the database holds with what the candidates were told
and with the verdicts of an undisturbed marking. A check for developers and CI, no part of the program.
"""
