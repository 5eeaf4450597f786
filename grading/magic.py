"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x7fELF", "program"),
)

NAMES = {
    "png": "PNG 图片", "jpeg": "JPEG 图片", "gif": "GIF 图片", "zip": "zip 压缩包", "ole": "旧版 Office 文件或加密文件",
    "gzip": "gzip 压缩包", "7z": "7z 压缩包", "rar": "rar 压缩包", "program": "可执行程序", "pdf": "PDF 文档",
}


def sniff(data: bytes) -> str:
    """Return `png`, `jpeg`, `gif`, `pdf`, `zip`, `ole`, `gzip`, `7z`, `rar` or `program`, or "" if it is none of them.

    >>> sniff(b"%PDF-1.7"), sniff(b"a,b")
    ('pdf', '')
    """
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            # A cut-off PNG keeps its first bytes; its header chunk tells a picture from eight typed bytes.
            return name if name != "png" or data[12:16] == b"IHDR" else ""
    # PDF readers accept the mark anywhere in the first kilobyte.
    return "pdf" if b"%PDF-" in data[:1024] else ""
