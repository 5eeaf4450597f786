"""WSGI entry point for a server of your own: `simulator.wsgi:app`. It starts no scheduler and no marking pool."""

from simulator import create_app

app = create_app()
