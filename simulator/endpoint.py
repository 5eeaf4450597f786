"""A language model behind an OpenAI-compatible address: one request, one answer, or one sentence that says what to do.

Only this module speaks to it. The key is read anew for every request and leaves in its header only: it is in no setting, page, log,
event or row. Redirections are not followed and proxies of the environment not used, so it goes nowhere else either.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import urllib3
from urllib3.util import Timeout, parse_url

from grading.completions import Prompt
from grading.text import shorten
from simulator.config import PREFIX, ConfigError, Settings

KEY = f"{PREFIX}LLM_KEY"
CONNECT_S = 5.0
MAX_BYTES = 1 << 20
MAX_MODEL = 100
PATH = "/chat/completions"
TRY_S = 20.0
GREETING = Prompt("", "", (("user", "请只回答两个字：你好"),))
TELL = "请告诉教师；也可以改用内置引擎。"


class EndpointError(Exception):
    """The model gave no answer that can be used; a Chinese sentence says why and what to do."""


@dataclass(frozen=True)
class Endpoint:
    """Where a language model answers. url : of its chat completions; key_file : read if the environment holds no key; timeout_s : for
    a whole answer; answer_chars : the longest that is taken; parallel : requests at a time."""

    url: str
    model: str
    key_file: Path
    timeout_s: float
    answer_chars: int
    parallel: int

    def key(self) -> str:
        """Return the key, "" if there is none."""
        given = os.environ.get(KEY, "").strip()
        if given:
            return given
        try:
            return self.key_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def ask(self, prompt: Prompt, model: str = "") -> str:
        """Return what the model (`model`, else that of the settings) answers; EndpointError says why there is nothing."""
        key, name = self.key(), model or self.model
        body: dict[str, Any] = {
            "model": name, "messages": [{"role": role, "content": _whole(text)} for role, text in prompt.messages],
            "max_tokens": self.answer_chars, "stream": False,
        }
        if prompt.temperature is not None:
            body["temperature"] = prompt.temperature
        status, data = self._post(body, key)
        if status != 200:
            raise EndpointError(_refusal(status, data, name))
        text = self._text(data)
        return text.replace(key, "***") if key else text

    def _post(self, body: dict[str, Any], key: str) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "ai-trainer-simulator"}
        if key:
            if not (key.isascii() and key.isprintable()) or " " in key:
                raise EndpointError(f"大模型接口的密钥里有空格、换行或中文，没有发送。{TELL}")
            headers["Authorization"] = f"Bearer {key}"
        until = time.monotonic() + self.timeout_s
        try:
            with urllib3.PoolManager(retries=False, timeout=Timeout(connect=CONNECT_S, read=self.timeout_s)) as pool:
                response = pool.request(
                    "POST", self.url, body=json.dumps(body).encode("ascii"), headers=headers, redirect=False, preload_content=False
                )
                with closing(response):
                    return response.status, _read(response, until)
        except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError):
            raise EndpointError(f"连不上学校接入的大模型。{TELL}") from None
        except (urllib3.exceptions.ReadTimeoutError, TimeoutError):
            raise EndpointError(f"大模型超过 {self.timeout_s:g} 秒没有答完。请稍后再试，或让提示词要求更短的回答。") from None
        except (urllib3.exceptions.HTTPError, OSError, ValueError):  # a connection that broke, a certificate, a strange answer
            raise EndpointError(f"与大模型的连接中断，或证书不受信任。请稍后再试；仍不行时，{TELL}") from None

    def _text(self, data: bytes) -> str:
        choice = _choice(data)
        if choice is None:
            raise EndpointError(f"大模型接口的回答不是规定的格式，地址可能写错了。{TELL}")
        text = _without_thoughts(choice["message"]["content"] or "")
        if choice.get("finish_reason") == "length" or len(text) > self.answer_chars:
            raise EndpointError(f"大模型的回答超过 {self.answer_chars} 字的上限。请在提示词里要求简短，例如“不超过 200 字”。")
        if not text:
            raise EndpointError("大模型没有写出内容。请修改提示词后再试，或改用内置引擎。")
        return _whole(text)


    def try_out(self) -> tuple[bool, str]:
        """Ask for a greeting; return whether an answer came, and a sentence for whoever set this up."""
        begun = time.monotonic()
        try:
            text = replace(self, timeout_s=min(self.timeout_s, TRY_S)).ask(GREETING)
        except EndpointError as error:
            return False, str(error)
        return True, f"大模型 {self.model} 在 {time.monotonic() - begun:.1f} 秒内回答：{shorten(text, 60)}"


def endpoint_of(settings: Settings) -> Endpoint | None:
    """Return the endpoint of the settings, None if there is none; ConfigError says which setting is wrong."""
    if not settings.llm_url:
        return None
    _check(settings)
    base = settings.llm_url.rstrip("/")
    key_file = Path(settings.llm_key_file) if settings.llm_key_file else settings.instance / "llm_key"
    return Endpoint(
        base if base.endswith(PATH) else base + PATH, settings.llm_model, key_file, settings.llm_timeout_s, settings.llm_answer_chars,
        settings.llm_parallel,
    )


def _check(settings: Settings) -> None:
    try:
        url = parse_url(settings.llm_url)
    except ValueError:
        url = parse_url("")
    if url.scheme not in ("http", "https") or not url.host or url.auth or url.query or url.fragment:
        raise ConfigError("设置 llm_url 应是 http:// 或 https:// 开头的地址，例如 http://127.0.0.1:11434/v1；密钥不写在地址里。")
    if not 1 <= len(settings.llm_model) <= MAX_MODEL:
        raise ConfigError(f"设置了 llm_url，还要在 llm_model 里写模型的名称（1 到 {MAX_MODEL} 个字符）。")
    for name, low, high in (("llm_timeout_s", 1, 300), ("llm_answer_chars", 50, 4000), ("llm_parallel", 1, 64), ("llm_rate", 1, 1000)):
        if not low <= getattr(settings, name) <= high:
            raise ConfigError(f"设置 {name} 应在 {low} 到 {high} 之间，现在是 {getattr(settings, name)}。")


def _whole(text: str) -> str:
    """Return `text` without what servers and databases refuse: NUL and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _read(response: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """Return the body, bounded in size and in time: also a server that sends a byte now and then must come to an end."""
    data = b""
    while len(data) <= MAX_BYTES:
        if time.monotonic() > until:
            raise TimeoutError
        part = response.read1(65536)
        if not part:
            return data
        data += part
    raise EndpointError(f"大模型接口的回答太大，没有接收。{TELL}")


def _refusal(status: int, data: bytes, model: str) -> str:
    """Return the sentence for an answer that is none; what the server says of itself is not shown (it may repeat the key)."""
    if status in (401, 403):
        return f"大模型接口不接受学校设置的密钥（HTTP {status}）。{TELL}"
    named = model.encode("utf-8") in data and any(words in data.lower() for words in (b"not found", b"not exist", "不存在".encode()))
    if status in (400, 404, 422) and (named or b"model_not_found" in data):
        return f"大模型接口没有名为 {model} 的模型（HTTP {status}）。{TELL}"
    if status == 429:
        return "大模型接口现在太忙，或用量已满（HTTP 429）。请等一分钟再试；也可以改用内置引擎。"
    if status >= 500:
        return f"大模型接口出错了（HTTP {status}）。请稍后再试；也可以改用内置引擎。"
    if status in (400, 413, 422):
        return f"大模型接口不接受这个提示词（HTTP {status}），可能太长。请缩短提示词或清空对话后再试；仍不行时，{TELL}"
    return f"大模型接口的地址不对（HTTP {status}）。{TELL}"


def _choice(data: bytes) -> dict[str, Any] | None:
    """Return the first choice of a chat completion whose content is text or null; None for anything else."""
    try:
        choice = json.loads(data)["choices"][0]
        content = choice["message"]["content"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError):
        return None
    return choice if isinstance(choice, dict) and (content is None or isinstance(content, str)) else None


def _without_thoughts(text: str) -> str:
    """Return an answer without what some models think aloud before it."""
    head, sign, rest = text.partition("</think>")
    return (rest if sign and head.lstrip().startswith("<think>") else text).strip()
