"""Several pictures on their way from the browser to marking."""

from __future__ import annotations

import json

import pytest

from grading.loader import load_task
from simulator import responses
from simulator.config import ROOT
from simulator.errors import Refused

PNG = (ROOT / "tasks" / "generation" / "posters" / "samples" / "full" / "poster-1.png").read_bytes()


@pytest.fixture(scope="module")
def posters():
    return load_task(ROOT / "tasks" / "generation" / "posters")


@pytest.fixture
def blobs(app):
    return app.extensions["services"].blobs


def sent(posters, blobs, name="a.png", data=PNG):
    answer = responses.accept_upload(posters.fields[0], name, data, blobs)
    return {key: answer[key] for key in ("blob", "name", "size")}


def test_pictures_keep_their_order_up_to_the_response(posters, blobs):
    files = [sent(posters, blobs, name) for name in ("b.png", "a.png")]
    stored = responses.clean(posters, {"posters": files}, blobs)
    assert [upload.name for upload in responses.to_response(posters, stored, blobs)["posters"]] == ["b.png", "a.png"]
    assert responses.stored_file(stored, "posters", 1)["name"] == "a.png"


def test_a_picture_is_found_by_its_hash_wherever_it_stands(posters, blobs):
    first, second = sent(posters, blobs, "a.png"), sent(posters, blobs, "b.png", PNG + b"more")
    stored = {"posters": [second, first]}
    assert responses.stored_file(stored, "posters", 0, first["blob"][:12])["name"] == "a.png"
    with pytest.raises(Refused):
        responses.stored_file(stored, "posters", 0, "0" * 12)


class Form(dict):
    def getlist(self, name):
        return [self[name]] if name in self else []


@pytest.mark.parametrize("text", ["{", "[", "[" * 100_000, "x", "3", '{"blob": 1}', '["x"]'])
def test_a_form_with_what_is_no_upload_is_refused_with_a_sentence(posters, blobs, text):
    answer = responses.from_form(posters, 1, Form({"f-1-posters": text}))
    with pytest.raises(Refused) as error:
        responses.clean(posters, answer, blobs)
    assert error.value.status == 422


def test_a_form_without_script_keeps_the_pictures(posters, blobs):
    files = [sent(posters, blobs)]
    assert responses.from_form(posters, 1, Form({"f-1-posters": json.dumps(files)})) == {"posters": files}


@pytest.mark.parametrize("name, data", [
    ("a.png", b""), ("a.png", b"GIF89a" + b"\0" * 30), ("a.svg", b"<svg/>"), ("a.png", PNG + b"\0" * 9_000_000),
])
def test_what_is_no_picture_is_refused_at_upload(posters, blobs, name, data):
    with pytest.raises(Refused) as error:
        sent(posters, blobs, name, data)
    assert error.value.status == 422


def test_more_than_four_are_refused(posters, blobs):
    with pytest.raises(Refused, match="最多 4 个文件"):
        responses.clean(posters, {"posters": [sent(posters, blobs, f"{n}.png") for n in range(5)]}, blobs)
