"""The bench of the web: a whole school against the real server, beside a bare Flask application under the same server."""
