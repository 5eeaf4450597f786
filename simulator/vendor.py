"""Vendored browser libraries: pinned npm packages, checked by hash, unpacked into `static/vendor/` with their licences.

`make vendor` runs this on a developer's machine with npm and a network; the result is committed, so a classroom machine
needs neither. Packing the same pins again writes the same bytes (`tests/test_vendor.py` compares with VENDOR.md).
"""

from __future__ import annotations

import base64
import hashlib
import platform
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

VENDOR = Path(__file__).parent / "static" / "vendor"
TABLE = VENDOR / "VENDOR.md"


@dataclass(frozen=True)
class Package:
    """One pinned npm package.

    integrity : npm's `sha512-…` of the packed tarball; files : path in the package → name here;
    bundle : (name here, JavaScript that imports from the package) for one esbuild run, or None;
    notice : the licence of the package's repository, for a package that is packed without one.
    """

    name: str
    version: str
    licence: str
    integrity: str
    why: str
    files: tuple[tuple[str, str], ...]
    bundle: tuple[str, str] | None = None
    notice: str = ""

    @property
    def folder(self) -> Path:
        """Where its files stand."""
        return VENDOR / f"{self.name}-{self.version}"


BSD_3 = """\
BSD 3-Clause License

{holder}
All rights reserved.

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this
   list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice,
   this list of conditions and the following disclaimer in the documentation
   and/or other materials provided with the distribution.

3. Neither the name of the copyright holder nor the names of its
   contributors may be used to endorse or promote products derived from
   this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""

EDITOR_ENTRY = """\
import './dist/prism/languages/python.js';
import './dist/languages/python.js';
export { createEditor } from './dist/index.js';
export { defaultCommands, editHistory } from './dist/extensions/commands/index.js';
export { matchBrackets } from './dist/extensions/matchBrackets/index.js';
export { highlightBracketPairs } from './dist/extensions/matchBrackets/highlight.js';
"""

YAML_ENTRY = "export { LineCounter, isMap, isSeq, parseDocument, stringify } from './browser/dist/index.js';\n"

PACKAGES = (
    Package(
        name="htmx.org",
        version="2.0.11",
        licence="0BSD",
        integrity="sha512-Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==",
        why="page fragments: score sheet, board, trial runs",
        files=(("dist/htmx.min.js", "htmx.min.js"), ("LICENSE", "LICENSE")),
    ),
    Package(
        name="prism-code-editor",
        version="5.4.0",
        licence="MIT",
        integrity="sha512-8y4SdQxwHa/lnxIbFf2w8N2D1OwxcskDRw774ov4XEEa1e5alqqrAZk08YXgaxisc1RuJdFbCTI+4tU3Plljqw==",
        why="editor of the code field: Python colours, indenting, matching brackets",
        files=(("dist/layout.css", "layout.css"), ("LICENSE", "LICENSE")),
        bundle=("editor.js", EDITOR_ENTRY),
    ),
    Package(
        name="@annotorious/annotorious",
        version="3.8.10",
        licence="BSD-3-Clause",
        integrity="sha512-s1tWrJp//tJNNu5qKzZilXooMKGwztUzWzWuTqwM2+xfUpsG/XimrgXGhfEuvD0Koy12NcBqNZ83bqg+iCossg==",
        why="the boxes field: drawing, moving and resizing boxes on an image",
        files=(("dist/annotorious.js", "annotorious.js"), ("dist/annotorious.css", "annotorious.css")),
        notice=BSD_3.format(holder="Copyright (c) 2020, Pelagios Network"),
    ),
    Package(
        name="js-yaml",
        version="4.3.2",
        licence="MIT",
        integrity="sha512-SFNOvSJ+Dgf/9An904Yx+CgSlIPCkIpao4qo51lpee25TIRejdH3rhR4EZMGoNx3/TP3O+wzWuiTFl4sqbltzA==",
        why="agent flows as forms and as YAML",
        files=(("dist/js-yaml.mjs", "js-yaml.mjs"), ("LICENSE", "LICENSE")),
    ),
    Package(
        name="yaml",
        version="2.9.1",
        licence="ISC",
        integrity="sha512-3NxN8+78OdzbT7C/WjGsyfPAtJaN3FNDsWxv7Y7mcDsT/oOmgW8BpyQQFFBnvZE3j9Y2Sdz1ULFLezL7Eb2yFw==",
        why="automations of the smart home as YAML: errors with their line, and where each automation stands in the text",
        files=(("LICENSE", "LICENSE"),),
        bundle=("yaml.js", YAML_ENTRY),
    ),
)

ESBUILD_VERSION = "0.28.2"
ESBUILD_INTEGRITY = {
    "x86_64": (
        "@esbuild/linux-x64",
        "sha512-4xTZr1FUmSoQW4XIWmit3tzQrUTZM+N3P0XV8xROKYF50XfI7xeO90+1bZvNwxIufQ9hDQVRJH5YhgPVF8A/HQ==",
    ),
    "aarch64": (
        "@esbuild/linux-arm64",
        "sha512-pW4AC0P3it8c7do9MVM4p51FzHzdM/TZrerurgRcHJ2WTa1VQ1CIq18xncfpBJw4ojkiZZrKW2yIBWBP92j6Ug==",
    ),
}
ESBUILD_FLAGS = ("--bundle", "--format=esm", "--minify", "--target=chrome109,firefox115", "--legal-comments=none", "--charset=utf8")


class VendorError(click.ClickException):
    """A package is not what its pin says, or a tool failed."""


def fetch(name: str, version: str, integrity: str, into: Path) -> Path:
    """Pack `name@version` with npm, check its hash and unpack it; return the package's folder. VendorError if it differs."""
    into.mkdir(parents=True)
    run(["npm", "pack", f"{name}@{version}", "--silent", "--ignore-scripts", "--pack-destination", str(into)], into)
    tarball = next(into.glob("*.tgz"))
    found = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != integrity:
        raise VendorError(f"{name}@{version}: expected {integrity}, got {found}")
    with tarfile.open(tarball) as archive:
        archive.extractall(into, filter="data")
    return into / "package"


def run(command: list[str], folder: Path) -> None:
    """Run `command` in `folder`; VendorError with its output if it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VendorError(f"{' '.join(command[:3])} … failed:\n{done.stderr or done.stdout}")


def esbuild(work: Path) -> Path:
    """Return the pinned esbuild binary for this machine, unpacked below `work`."""
    machine = platform.machine()
    if machine not in ESBUILD_INTEGRITY:
        raise VendorError(f"no pinned esbuild for {machine}; have {', '.join(ESBUILD_INTEGRITY)}")
    name, integrity = ESBUILD_INTEGRITY[machine]
    if (work / "esbuild").exists():  # fetched for another package
        return work / "esbuild" / "package" / "bin" / "esbuild"
    return fetch(name, ESBUILD_VERSION, integrity, work / "esbuild") / "bin" / "esbuild"


def install(package: Package, work: Path) -> None:
    """Put the files of `package`, and its bundle, into its folder."""
    source = fetch(package.name, package.version, package.integrity, work / package.name)
    package.folder.mkdir(parents=True, exist_ok=True)
    for path, name in package.files:
        (package.folder / name).write_bytes((source / path).read_bytes())
    if package.notice:
        (package.folder / "LICENSE").write_text(package.notice, encoding="utf-8")
    if package.bundle:
        name, entry = package.bundle
        (source / "entry.js").write_text(entry, encoding="utf-8")
        run([str(esbuild(work)), "entry.js", *ESBUILD_FLAGS, f"--outfile={package.folder / name}"], source)


def table() -> str:
    """Return VENDOR.md for the files that stand in `static/vendor/` now."""
    lines = [
        "# Vendored browser libraries",
        "",
        "Written by `make vendor` (`simulator/vendor.py`); `tests/test_vendor.py` compares the hashes. Do not edit by hand.",
        "",
        "| package | version | licence | file | sha256 | why |",
        "|---|---|---|---|---|---|",
    ]
    for package in PACKAGES:
        for file in sorted(package.folder.iterdir()):
            cells = (package.name, package.version, package.licence, file.relative_to(VENDOR).as_posix(), sha256(file), package.why)
            lines.append(f"| {' | '.join(cells)} |")
    for name, entry in (package.bundle for package in PACKAGES if package.bundle):
        lines += ["", f"`{name}` is one run of esbuild {ESBUILD_VERSION} with `{' '.join(ESBUILD_FLAGS)}` over:", ""]
        lines += ["```js", entry.rstrip(), "```"]
    lines.append("")
    return "\n".join(lines)


def sha256(file: Path) -> str:
    """Return the file's SHA-256 as hex digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@click.command()
def vendor() -> None:
    """Fetch the pinned browser libraries into static/vendor/ and write VENDOR.md (needs npm and a network)."""
    with tempfile.TemporaryDirectory() as work:
        for package in PACKAGES:
            install(package, Path(work))
            click.echo(f"{package.name} {package.version}")
    TABLE.write_text(table(), encoding="utf-8")


if __name__ == "__main__":
    vendor()
