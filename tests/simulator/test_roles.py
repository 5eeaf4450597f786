"""Who may open what: every address of the staff, for every role. A new one is here by itself."""

from __future__ import annotations

import pytest
from flask import url_for

AREAS = {"desk": "instructor", "monitor": "instructor", "admin": "admin", "classes": "admin", "rosters": "admin", "events": "admin",
         "catalog": "teacher"}
LEVELS = {"student": 0, "teacher": 1, "instructor": 2, "admin": 3}
PEOPLE = {"s1": "student", "t1": "teacher", "i1": "instructor", "a1": "admin"}


def addresses(app):
    """Every staff address with numbers that nothing has: who may open it gets a refusal of another kind than 403."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            area = rule.endpoint.partition(".")[0]
            if area in AREAS:
                values = {name: 987_654 if "Integer" in type(kind).__name__ else "x" for name, kind in rule._converters.items()}
                for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                    yield rule.endpoint, method, url_for(rule.endpoint, **values)


@pytest.mark.parametrize("username", PEOPLE)
def test_least_privilege(app, log_in, username):
    client, seen = log_in(username), set()
    for endpoint, method, path in addresses(app):
        area = endpoint.partition(".")[0]
        allowed = LEVELS[PEOPLE[username]] >= LEVELS[AREAS[area]]
        assert (client.open(path, method=method).status_code != 403) == allowed, f"{method} {path}"
        seen.add(area)
    assert seen == set(AREAS)


def test_nobody_gets_in_without_a_log_in(app, client):
    for _endpoint, method, path in addresses(app):
        answer = client.open(path, method=method)
        assert answer.status_code == (302 if method == "GET" else 401), f"{method} {path}"
