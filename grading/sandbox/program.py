"""How the candidate's program is run, the same in a fresh interpreter (`inside.py`) and in a forked one (`forkserver.py`).

It gets its own `__main__`, seeded random numbers, tracebacks without frames of ours, and line-buffered output, so that what
was printed before a kill is kept. Standard library only.
"""

from __future__ import annotations

import os
import resource
import sys
from importlib.machinery import ModuleSpec, PathFinder
from itertools import takewhile
from types import ModuleType, TracebackType
from typing import Any

WORK = "/work"
SCRATCH = "/tmp"
WARM = "/opt/warm"
OURS = "/opt"
FIGURE = "_figure_{}.png"
MAX_FIGURES = 20


def confine(rlimits: str) -> None:
    """Set `kind:value,…` as soft and hard limits (the hard one for CPU is a second later)."""
    for item in rlimits.split(","):
        kind, value = (int(part) for part in item.split(":"))
        hard = value + 1 if kind == resource.RLIMIT_CPU else value
        resource.setrlimit(kind, (value, hard))


def copy_caches() -> None:
    """Copy the runtime's ready-made caches to where the program's libraries may write."""
    if not os.path.isdir(WARM):
        return
    for folder, _, names in os.walk(WARM):
        target = SCRATCH + folder[len(WARM) :]
        os.makedirs(target, exist_ok=True)
        for name in names:
            with open(f"{folder}/{name}", "rb") as source, open(f"{target}/{name}", "wb") as copy:
                copy.write(source.read())


class Importer:
    """Adjusts three modules when they are first imported: two get their seed, `pyplot.show` a place to show pictures.

    figures : whether somebody looks; without, `plt.show()` does nothing, as on a machine without a screen.
    """

    def __init__(self, seed: int, figures: bool) -> None:
        self.seed = seed
        self.figures = figures
        self.waiting = {"random", "numpy.random", "matplotlib.pyplot"}

    def adjust(self, module: Any) -> None:
        """Adjust one loaded module."""
        if module.__name__ == "matplotlib.pyplot":
            module.show = show_figures if self.figures else show_nothing
        else:
            module.seed(self.seed)

    def adjust_loaded(self) -> None:
        """Adjust those of the modules that are loaded already."""
        for name in sorted(self.waiting & set(sys.modules)):
            self.waiting.discard(name)
            self.adjust(sys.modules[name])

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find `name` as usual, but adjust it after it has been loaded."""
        if name not in self.waiting:
            return None
        self.waiting.discard(name)
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None or (spec.origin or "").startswith(WORK):
            return spec  # the program's own random.py is its own affair
        loader: Any = spec.loader
        load = loader.exec_module

        def load_and_adjust(module: Any) -> None:
            load(module)
            self.adjust(module)

        loader.exec_module = load_and_adjust
        return spec


def show_nothing(*_arguments: Any, **_options: Any) -> None:
    """Stand in for `plt.show` where nobody looks."""


def show_figures(*_arguments: Any, **_options: Any) -> None:
    """Stand in for `plt.show`: save the open figures as pictures, whole at once, and close them."""
    from matplotlib import pyplot  # of the runtime

    for number in pyplot.get_fignums():
        taken = sum(name.startswith("_figure_") for name in os.listdir(WORK))
        if taken < MAX_FIGURES:
            target = f"{WORK}/{FIGURE.format(taken + 1)}"
            pyplot.figure(number).savefig(f"{WORK}/._figure", format="png")
            os.rename(f"{WORK}/._figure", target)
    pyplot.close("all")


def show_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback as Python does, without the frames of our files."""
    while trace is not None and os.path.dirname(trace.tb_frame.f_code.co_filename) == OURS:
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


def play(script: str, seed: int, figures: bool, warm: bool = False) -> None:
    """Run `script` as `__main__`; errors and exit codes come out as from a plain interpreter.

    warm : this interpreter is a fork of a loaded one, which must not tear down what it did not build: leave it here.
    """
    path = f"{WORK}/{script}"
    main = ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=__builtins__, __loader__=None, __cached__=None)
    sys.modules["__main__"] = main
    sys.argv[:] = [path]
    sys.path[0] = WORK
    loaded = next(reversed(sys.modules))
    importer = Importer(seed, figures)
    importer.adjust_loaded()
    sys.meta_path.insert(0, importer)
    sys.excepthook = show_error
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        stream.reconfigure(line_buffering=True)
    if not warm:
        exec(compile(_source(path), path, "exec", dont_inherit=True), main.__dict__)
        return
    try:
        exec(compile(_source(path), path, "exec", dont_inherit=True), main.__dict__)
        code = 0
    except SystemExit as stop:
        code = _exit_code(stop)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    _leave(code, main, loaded)


def _source(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _exit_code(stop: SystemExit) -> int:
    """Return the exit code that Python makes of `sys.exit(…)`."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    print(stop.code, file=sys.stderr)
    return 1


def _leave(code: int, main: ModuleType, loaded: str) -> None:
    """End as an interpreter ends (threads, exit functions, open files), but leave the libraries standing that were there.

    Taking them down would touch, and so copy, all the memory that is shared with the other runs.
    loaded : the module that was loaded last when the program began.
    """
    import atexit
    import gc
    import io

    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        atexit._run_exitfuncs()
        for thing in gc.get_objects():  # without those of the libraries, which are frozen
            if type(thing) in (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom) and not thing.closed:
                thing.flush()
        main.__dict__.clear()
        for name in list(takewhile(lambda name: name != loaded, reversed(sys.modules))):
            module = sys.modules[name]
            if str(getattr(module, "__file__", None)).startswith(f"{WORK}/"):
                module.__dict__.clear()
        gc.collect()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr):
        try:
            if not stream.closed:
                stream.flush()
        except (OSError, ValueError, AttributeError):  # a broken pipe, or no stream at all
            code = code or 120
    os._exit(code)
