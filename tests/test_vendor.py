"""Vendored libraries are what VENDOR.md says, and nothing in templates or our own CSS and JavaScript reaches outward or is inline."""

import base64
import gzip
import hashlib
import io
import re
import tarfile

import pytest

from simulator import vendor
from simulator.config import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "simulator" / "static"
OWN = sorted(path for path in STATIC.rglob("*") if path.suffix in (".css", ".js", ".svg") and vendor.VENDOR not in path.parents)
NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'  # a name, not an address: nothing is loaded from it
EXAM_BUDGET = 40 * 1024


def test_vendor_md_names_every_file_with_its_hash():
    assert vendor.TABLE.read_text("utf-8") == vendor.table()
    stored = {path for path in vendor.VENDOR.rglob("*") if path.is_file()} - {vendor.TABLE}
    assert stored == {path for package in vendor.PACKAGES for path in package.folder.iterdir()}
    assert stored, "nothing is vendored"


@pytest.mark.parametrize("package", vendor.PACKAGES, ids=lambda package: package.name)
def test_each_package_brings_its_licence(package):
    assert len((package.folder / "LICENSE").read_text("utf-8")) > 200


@pytest.fixture
def npm(monkeypatch):
    """Replace `npm pack` by a tarball of our own; return its integrity."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/LICENSE")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"free"))
    data = buffer.getvalue()
    monkeypatch.setattr(vendor, "run", lambda command, folder: (folder / "x.tgz").write_bytes(data))
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def test_a_package_with_the_pinned_hash_is_unpacked(npm, tmp_path):
    assert (vendor.fetch("x", "1", npm, tmp_path / "x") / "LICENSE").read_bytes() == b"free"


def test_a_package_with_another_hash_is_refused(npm, tmp_path):
    with pytest.raises(vendor.VendorError, match="x@1: expected sha512-other, got sha512-"):
        vendor.fetch("x", "1", "sha512-other", tmp_path / "x")
    assert not (tmp_path / "x" / "package").exists()


@pytest.mark.parametrize("path", [*TEMPLATES, *OWN], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_loaded_from_elsewhere(path):
    text = path.read_text("utf-8").replace(NAMESPACE, "")
    assert re.findall(r"""https?:|["'(]//\w""", text) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_inline_script_style_or_handler(path):
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", text) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+\s*=|javascript:|hx-on|hx-vals=.js", text, re.IGNORECASE) == []


def modules_of(entry):
    """Return the files that the module `entry` needs at once (not those that it imports later, when a task asks for a widget)."""
    found, queue = set(), [entry]
    while queue:
        path = queue.pop()
        if path not in found:
            found.add(path)
            names = re.findall(r"""^(?:import|export)\b[^;]*?from '(\.[^']+)'|^import '(\.[^']+)'""", path.read_text("utf-8"), re.MULTILINE)
            queue += [(path.parent / (first or second)).resolve() for first, second in names]
    return found


def test_the_exam_page_fits_its_budget():
    modules = modules_of(STATIC / "js" / "exam.js") | modules_of(STATIC / "js" / "page.js")
    assert {"exam.js", "draft.js", "outbox.js", "timer.js", "confirm.js"} <= {path.name for path in modules}
    files = [*modules, STATIC / "js" / "early.js", STATIC / "app.css", STATIC / "icons.svg"]
    size = sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)
    assert size <= EXAM_BUDGET, f"{size} bytes"
    head = (ROOT / "templates" / "partials" / "_exam_head.html").read_text("utf-8")
    preloaded = set(re.findall(r"'(\w+)'", head.partition("{% for")[2].partition("%}")[0]))
    assert preloaded == {path.stem for path in modules} - {"exam", "page"}


def test_every_import_leads_to_a_file():
    scripts = [path for path in OWN if path.suffix == ".js"]
    targets = [(path, name) for path in scripts for name in re.findall(r"""(?:from|import\(?) ?'(\.[^']+)'""", path.read_text("utf-8"))]
    assert targets
    assert [f"{path.name} → {name}" for path, name in targets if not (path.parent / name).is_file()] == []
