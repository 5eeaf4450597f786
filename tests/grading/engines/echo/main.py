"""Answers with what it was given and sees; does what the request says."""

import os
import sys


def answer(request):
    """Return the request, the files of the work directory, and the modules of ours that can be seen."""
    if request.get("fail"):
        raise RuntimeError("engine broke")
    while request.get("hang"):
        pass
    with open("/work/given.txt", encoding="utf-8") as file:
        given = file.read()
    ours = [name for name in sys.modules if name.startswith("grading")]
    return {"request": request, "given": given, "files": sorted(os.listdir("/work")), "ours": ours}
