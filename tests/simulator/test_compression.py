"""Pages and files travel compressed to browsers that take it, and the browser's own copy is still recognised."""

from __future__ import annotations

import gzip
import io

import pytest
from flask.testing import FlaskClient

from tests import factories as f

GZIP = {"Accept-Encoding": "gzip, deflate"}
STYLE = "/static/app.css"


class Closing(FlaskClient):
    def open(self, *args, **kwargs):
        return super().open(*args, buffered=True, **kwargs)


@pytest.fixture
def client(app):
    """Closes its answers, as a server does."""
    app.test_client_class = Closing
    return app.test_client()


@pytest.fixture
def plain(client):
    return client.get(STYLE).data


def test_a_page_is_compressed(client):
    answer = client.get("/login", headers=GZIP)
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding, Cookie")
    assert int(answer.headers["Content-Length"]) == len(answer.data) < 0.6 * len(client.get("/login").data)
    assert "<form" in gzip.decompress(answer.data).decode()


def test_the_size_of_a_page_does_not_betray_its_content(client):
    assert len({len(client.get("/login", headers=GZIP).data) for _ in range(20)}) > 3


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "br"}, {"Accept-Encoding": "gzip;q=0"}])
def test_who_takes_no_gzip_gets_none(client, plain, headers):
    answer = client.get(STYLE, headers=headers)
    assert "Content-Encoding" not in answer.headers
    assert answer.data == plain
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_file_is_compressed_once(client, plain, monkeypatch):
    first = client.get(STYLE, headers=GZIP).data
    monkeypatch.setattr("simulator.compression.gzip.compress", lambda *_a, **_k: pytest.fail("compressed again"))
    again = client.get(STYLE, headers=GZIP)
    assert again.data == first
    assert gzip.decompress(again.data) == plain
    assert "Accept-Ranges" not in again.headers


def test_a_changed_file_is_compressed_anew(app, client, tmp_path):
    app.static_folder = str(tmp_path)
    file = tmp_path / "a.css"
    for text in (b"a { color: red }" * 100, b"b { color: blue }" * 100):
        file.write_bytes(text)
        assert gzip.decompress(client.get("/static/a.css", headers=GZIP).data) == text


@pytest.mark.parametrize("headers", [{}, GZIP], ids=["plain", "gzip"])
def test_what_the_browser_has_is_not_sent_again(client, headers):
    etag = client.get(STYLE, headers=headers).headers["ETag"]
    answer = client.get(STYLE, headers={**headers, "If-None-Match": etag})
    assert (answer.status_code, answer.data) == (304, b"")
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_head_says_what_get_would_send(client):
    assert client.head(STYLE, headers=GZIP).headers["Content-Length"] == client.get(STYLE, headers=GZIP).headers["Content-Length"]


def test_pictures_parts_and_small_answers_stay_as_they_are(client):
    assert "Content-Encoding" not in client.get(STYLE, headers={**GZIP, "Range": "bytes=0-999"}).headers
    assert "Content-Encoding" not in client.get("/nowhere", headers={**GZIP, "Accept": "application/json"}).headers
    assert "Content-Encoding" not in client.get("/static/vendor/VENDOR.md", headers=GZIP).headers


def test_an_upload_is_handed_out_as_it_was(client, log_in, clock, db):
    with db.write() as session:
        attempt_id = f.make_attempt(session, clock()).id
    student, data = log_in(), b"a,b\n" * 1000
    made = student.post(
        f"/attempts/{attempt_id}/uploads/6/data", data={"file": (io.BytesIO(data), "a.csv")},
        content_type="multipart/form-data",
    )
    assert made.status_code == 200, made.text
    saved = student.put(
        f"/attempts/{attempt_id}/drafts/6", json={"rev": 0, "response": {"data": {k: made.json[k] for k in ("blob", "name", "size")}}},
    )
    assert saved.status_code == 200, saved.text
    answer = student.get(f"/attempts/{attempt_id}/uploads/6/data", headers=GZIP)
    assert (answer.status_code, answer.data) == (200, data)
    assert "Content-Encoding" not in answer.headers
