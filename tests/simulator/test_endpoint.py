"""The language model's endpoint: what is sent, what is taken, and one sentence for everything that can go wrong."""

from __future__ import annotations

import json
import logging
import socket
import time
from dataclasses import replace

import pytest

from grading.completions import Prompt
from simulator.config import ConfigError, load_settings
from simulator.endpoint import MAX_BYTES, Endpoint, EndpointError, endpoint_of
from tests.fake_model import KEY, MODEL, completion, fake_model

PROMPT = Prompt("d" * 64, "生成回答", (("system", "规则"), ("user", "卡盘压力低了？")), 0.5)


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setenv("SIMULATOR_LLM_KEY", KEY)
    with fake_model() as fake:
        yield fake


def settings(tmp_path, **values):
    return load_settings(tmp_path / "instance", **{"llm_model": MODEL, **values})


@pytest.fixture
def endpoint(tmp_path, model) -> Endpoint:
    found = endpoint_of(settings(tmp_path, llm_url=model.url, llm_answer_chars=200))
    assert found is not None
    return found


def refusal(endpoint, prompt=PROMPT):
    with pytest.raises(EndpointError) as refused:
        endpoint.ask(prompt)
    assert refused.value.__cause__ is None  # no trace of the request in a log
    return str(refused.value)


class TestAsking:
    def test_what_is_sent_and_taken(self, endpoint, model):
        assert endpoint.ask(PROMPT) == "收到：卡盘压力低了？"
        assert model.asked == [{
            "model": MODEL, "messages": [{"role": "system", "content": "规则"}, {"role": "user", "content": "卡盘压力低了？"}],
            "max_tokens": 200, "stream": False, "temperature": 0.5,
        }]
        assert (model.keys, model.paths) == ([f"Bearer {KEY}"], ["/v1/chat/completions"])

    def test_another_model_and_no_temperature(self, endpoint, model):
        endpoint.ask(replace(PROMPT, temperature=None), "other")
        assert model.asked[0]["model"] == "other"
        assert "temperature" not in model.asked[0]

    def test_half_characters_do_not_break_the_request(self, endpoint):
        assert endpoint.ask(Prompt("d" * 64, "", (("user", "半\ud800个"),))).startswith("收到")

    @pytest.mark.parametrize(("said", "taken"), [
        ("<think>\n想一想</think>\n\n答", "答"), ("  答 \n", "答"), ("a <think> b", "a <think> b"), ("甲\0乙", "甲乙"),
        (f"我的密钥是 {KEY}", "我的密钥是 ***"),
    ])  # fmt: skip
    def test_what_is_left_of_an_answer(self, endpoint, model, said, taken):
        model.reply = lambda _: said
        assert endpoint.ask(PROMPT) == taken

    def test_an_answer_in_pieces(self, endpoint, model):
        def pieces(handler):
            data = json.dumps(completion("分块")).encode()
            handler.protocol_version = "HTTP/1.1"
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
            for at in range(0, len(data), 20):
                part = data[at : at + 20]
                handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            handler.wfile.write(b"0\r\n\r\n")

        model.reply = lambda _: (200, pieces)
        assert endpoint.ask(PROMPT) == "分块"


class TestRefusals:
    @pytest.mark.parametrize(("answer", "words"), [
        ((401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}), "不接受学校设置的密钥（HTTP 401）"),
        ((403, {}), "密钥（HTTP 403）"),
        ((404, {"error": {"message": f'model "{MODEL}" not found, try pulling it first'}}), f"没有名为 {MODEL} 的模型"),
        ((404, {"object": "error", "message": f"The model `{MODEL}` does not exist.", "code": 404}), f"没有名为 {MODEL} 的模型"),
        ((400, {"error": {"code": "model_not_found"}}), f"没有名为 {MODEL} 的模型"),
        ((404, b"<html>not here</html>"), "地址不对（HTTP 404）"),
        ((405, {}), "地址不对（HTTP 405）"),
        ((307, {}), "地址不对（HTTP 307）"),
        ((400, {"error": {"message": "This model's maximum context length is 4096 tokens"}}), "不接受这个提示词（HTTP 400）"),
        ((413, {}), "不接受这个提示词（HTTP 413）"),
        ((429, {"error": {"message": "Rate limit"}}), "太忙，或用量已满（HTTP 429）"),
        ((500, b""), "出错了（HTTP 500）"), ((503, {}), "出错了（HTTP 503）"),
        ((200, b"<html>welcome</html>"), "不是规定的格式"), ((200, {}), "不是规定的格式"), ((200, []), "不是规定的格式"),
        ((200, {"choices": []}), "不是规定的格式"), ((200, {"choices": [{"message": {"content": [1]}}]}), "不是规定的格式"),
        ((200, {"choices": ["x"]}), "不是规定的格式"), ((200, b"[" * 100_000), "不是规定的格式"), ((200, b"\xff\xfe"), "不是规定的格式"),
        ("", "没有写出内容"), ((200, completion(None)), "没有写出内容"), ("<think>只想不答</think>", "没有写出内容"),
        ("长" * 201, "超过 200 字的上限"), ((200, completion("断", finish="length")), "超过 200 字的上限"),
        ((200, b" " * (MAX_BYTES + 1)), "太大"),
    ])  # fmt: skip
    def test_one_sentence_each(self, endpoint, model, answer, words):
        model.reply = lambda _: answer
        sentence = refusal(endpoint)
        assert words in sentence
        assert sentence.endswith("。")
        assert "请" in sentence, "says what to do"
        assert KEY not in sentence
        assert len(model.asked) == 1, "nothing is asked twice, and nobody is followed elsewhere"

    def test_nobody_there(self, endpoint):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        assert refusal(replace(endpoint, url=f"http://127.0.0.1:{port}/v1/chat/completions")).startswith("连不上学校接入的大模型。")

    def test_a_host_that_does_not_exist(self, endpoint):
        assert "连不上" in refusal(replace(endpoint, url="http://nowhere.invalid/v1/chat/completions"))

    def test_a_server_that_speaks_no_tls(self, endpoint, model):
        assert "证书" in refusal(replace(endpoint, url=endpoint.url.replace("http:", "https:")))

    def test_a_connection_that_breaks(self, endpoint, model):
        model.reply = lambda _: (200, lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"))
        assert "中断" in refusal(endpoint)

    def test_silence_ends_in_time(self, endpoint, model):
        model.reply = model.wait
        begun = time.monotonic()
        assert "超过 0.3 秒没有答完" in refusal(replace(endpoint, timeout_s=0.3))
        assert time.monotonic() - begun < 5

    def test_one_byte_now_and_then_ends_in_time(self, endpoint, model):
        def drip(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            while not model.release.wait(0.05):
                handler.wfile.write(b" ")
                handler.wfile.flush()

        model.reply = lambda _: (200, drip)
        begun = time.monotonic()
        assert "没有答完" in refusal(replace(endpoint, timeout_s=0.5))
        assert time.monotonic() - begun < 5

    def test_proxies_of_the_environment_are_not_used(self, endpoint, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert endpoint.ask(PROMPT).startswith("收到")


class TestKey:
    def test_from_a_file_that_may_change(self, tmp_path, monkeypatch, model):
        monkeypatch.delenv("SIMULATOR_LLM_KEY")
        endpoint = endpoint_of(settings(tmp_path, llm_url=model.url))
        endpoint.ask(PROMPT)
        (tmp_path / "instance" / "llm_key").write_text(f"{KEY}\n")
        endpoint.ask(PROMPT)
        named = tmp_path / "named"
        named.write_text("sk-other")
        endpoint_of(settings(tmp_path, llm_url=model.url, llm_key_file=str(named))).ask(PROMPT)
        assert model.keys == [None, f"Bearer {KEY}", "Bearer sk-other"]

    @pytest.mark.parametrize("key", ["sk-a\nX-Evil: 1", "密钥", "sk a", "sk-\x01"])
    def test_what_cannot_be_a_key_is_not_sent(self, endpoint, model, monkeypatch, key):
        monkeypatch.setenv("SIMULATOR_LLM_KEY", key)
        assert "密钥里有" in refusal(endpoint)
        assert model.asked == []

    def test_it_is_in_no_setting_and_no_description(self, tmp_path, endpoint):
        assert KEY not in repr(endpoint)
        assert KEY not in repr(vars(settings(tmp_path)))
        with pytest.raises(ConfigError, match="llm_key"):
            load_settings(tmp_path / "instance", llm_key=KEY)

    def test_it_is_in_no_log(self, endpoint, model, caplog):
        caplog.set_level(logging.DEBUG)
        endpoint.ask(PROMPT)
        model.reply = lambda _: (401, {"error": {"message": KEY}})
        refusal(endpoint)
        assert KEY not in caplog.text


class TestSettings:
    def test_off_by_default(self, tmp_path):
        assert endpoint_of(load_settings(tmp_path / "instance")) is None

    @pytest.mark.parametrize(("written", "url"), [
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/chat/completions"), ("https://x.test/v1/", "https://x.test/v1/chat/completions"),
        ("https://x.test/v1/chat/completions", "https://x.test/v1/chat/completions"),
    ])  # fmt: skip
    def test_the_address_may_be_written_both_ways(self, tmp_path, written, url):
        assert endpoint_of(settings(tmp_path, llm_url=written)).url == url

    @pytest.mark.parametrize("values", [
        {"llm_url": "127.0.0.1:11434"}, {"llm_url": "ftp://x/v1"}, {"llm_url": f"http://u:{KEY}@x/v1"}, {"llm_url": "http://x/v1?key=1"},
        {"llm_url": "http://"}, {"llm_url": "http://[x/v1"}, {"llm_url": "http://x:99999999/v1"},
        {"llm_model": ""}, {"llm_model": "m" * 101}, {"llm_timeout_s": 0}, {"llm_timeout_s": 301}, {"llm_answer_chars": 49},
        {"llm_answer_chars": 4001}, {"llm_parallel": 0}, {"llm_rate": 0},
    ])  # fmt: skip
    def test_a_mistake_names_the_setting_and_shows_no_secret(self, tmp_path, values):
        with pytest.raises(ConfigError) as refused:
            endpoint_of(settings(tmp_path, **{"llm_url": "http://127.0.0.1:1/v1", **values}))
        assert next(iter(values)) in str(refused.value)
        assert KEY not in str(refused.value)


def test_trying_it_out(endpoint, model):
    model.reply = lambda _: "你好"
    answered, sentence = endpoint.try_out()
    assert answered
    assert f"大模型 {MODEL} 在 0." in sentence
    model.reply = lambda _: (401, {})
    assert endpoint.try_out() == (False, "大模型接口不接受学校设置的密钥（HTTP 401）。请告诉教师；也可以改用内置引擎。")
