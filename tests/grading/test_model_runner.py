"""Runner `model`: from a program or a file to a model that is run apart from it; nothing that a model does gets further."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grading.errors import SandboxError, TaskError
from grading.fields.code import CodeSpec
from grading.fields.file import FileSpec
from grading.model import Produce, RunLimits, RunSpec, Task, Upload
from grading.model_facts import Port
from grading.runners import RunOutcome, get_runner, model as runner
from grading.runners.model._answer import read_answer
from grading.sandbox import RunResult, Sandbox
from tests.grading.trees import PreparedSandbox

ROWS = 20
MAKE = """\
import numpy as np, onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh
def save(nodes, inputs, outputs, weights=(), opset=17, name='model.onnx', **more):
    graph = h.make_graph(nodes, 'g', inputs, outputs, [nh.from_array(np.array(v, np.float32), n) for n, v in dict(weights).items()])
    model = h.make_model(graph, opset_imports=[h.make_opsetid('', opset), *more.get('sets', [])], ir_version=8)
    open(name, 'wb').write(model.SerializeToString())
def port(name, kind, *shape):
    return h.make_tensor_value_info(name, kind, list(shape))
X, P = port('x', T.FLOAT, None, 2), port('p', T.FLOAT, None, 3)
LINEAR = [h.make_node('Gemm', ['x', 'w', 'b'], ['p'])]
W = {'w': [[1, 0, -1], [0, 1, -1]], 'b': [0, 0, 0]}
"""
GOOD = MAKE + "save(LINEAR + [h.make_node('ArgMax', ['p'], ['label'], axis=1, keepdims=0)], [X], [port('label', T.INT64, None), P], W)\n"

IMPOSSIBLE = """
graph = h.make_graph(LINEAR, 'g', [X], [P], [nh.from_array(np.zeros((2, 3), np.float32), 'w')])
graph.initializer[0].dims[:] = [2**31, 2**31, 2**31]
model = h.make_model(graph, opset_imports=[h.make_opsetid('', 17)])
model.opset_import[0].version = -5
model.graph.input[0].name = 'x\\n' * 500
open('model.onnx', 'wb').write(model.SerializeToString())
"""
LOG = """
late = h.make_node('Log', ['p0'], ['p'])
save([h.make_node('Gemm', ['x', 'w', 'b'], ['p0']), late], [X], [P], W)
"""
TWO = """
inputs = [port('u', T.FLOAT, None, 1), port('v', T.FLOAT, None, 1)]
save([h.make_node('Add', ['u', 'v'], ['y'])], inputs, [port('y', T.FLOAT, None, 1)])
"""
OWN = "save([h.make_node('Own', ['x'], ['p'], domain='my.ops')], [X], [P], sets=[h.make_opsetid('my.ops', 1)])"
WIDE = "save(LINEAR, [port('x', T.FLOAT, None, 3)], [P], {'w': np.ones((3, 3)), 'b': [0, 0, 0]})"
COMPLEX = "save([h.make_node('Cast', ['x'], ['y'], to=1)], [port('x', T.COMPLEX64, None, 2)], [port('y', T.FLOAT, None, 2)])"
EXTERNAL = "onnx.save(onnx.load('model.onnx'), 'model.onnx', save_as_external_data=True, size_threshold=0)"
BROKEN = [
    ("open('model.onnx', 'w').write('not a model at all')", "文件不是完整的 ONNX 模型"),
    ("open('model.onnx', 'wb').write(b'')", "文件不是完整的 ONNX 模型"),
    ("import joblib; joblib.dump({1: 2}, 'model.onnx')", "pickle"),
    (GOOD + "d = open('model.onnx', 'rb').read(); open('model.onnx', 'wb').write(d[:len(d) // 2])", "文件不是完整的 ONNX 模型"),
    (GOOD + EXTERNAL, "另外的文件"),
    (MAKE + OWN, "标准之外的算子（如 my.ops.Own）"),
    (MAKE + "save([h.make_node('Nothing', ['x'], ['p'])], [X], [P])", "onnxruntime 不能载入模型"),
    (MAKE + WIDE, "形状是 [None, 3]，与数据的 [None, 2] 不符"),
    (MAKE + "save(LINEAR, [port('x', T.FLOAT, 1, 2)], [P], W)", "一次只收 1 行"),
    (MAKE + "save(LINEAR, [port('x', T.FLOAT, None)], [P], W)", "不能载入"),
    (MAKE + COMPLEX, "不能载入"),
    (MAKE + IMPOSSIBLE, "不能载入"),
    (MAKE + LOG, "NaN 或无穷大"),
    (MAKE + "save([h.make_node('ReduceSum', ['x'], ['y'], keepdims=0)], [X], [port('y', T.FLOAT)])", "没有一行一个结果的输出"),
    (MAKE + TWO, "其中 u 不是数据里的列名"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A task's folder: public inputs, hidden inputs of the same name, a reference."""
    for folder in ("files", "key"):
        (tmp_path / folder).mkdir()
    lines = [f"r{n},{n / 10},{1 - n / 10},{n % 3}" for n in range(ROWS)]
    (tmp_path / "files" / "in.csv").write_text("id,a,b\n" + "\n".join(line.rsplit(",", 1)[0] for line in lines[:5]) + "\n")
    (tmp_path / "files" / "train.csv").write_text("id,a,b,y\n" + "\n".join(lines) + "\n")
    (tmp_path / "key" / "in.csv").write_text("id,a,b\n" + "\n".join(line.rsplit(",", 1)[0] for line in lines) + "\n")
    return tmp_path


def spec(**keys: Any) -> RunSpec:
    produces = {name: Produce(output=name) for name in ("facts", "predictions", "probabilities")}
    values: dict[str, Any] = {
        "id": "r", "runner": "model", "of": "program", "purpose": "marking", "args": {"inputs": "in.csv", "drop": ["id"]},
        "files": ("in.csv", "train.csv"), "hidden": ("in.csv",), "produces": produces, "limits": RunLimits(wall_s=15, memory_mb=512),
    }
    return RunSpec(**{**values, **keys})


def play(box: Sandbox, root: Path, value: Any, **keys: Any) -> RunOutcome:
    run = spec(**keys)
    field = FileSpec(id="program") if isinstance(value, Upload) else CodeSpec(id="program")
    task = Task("t", "t", "s", 1, Decimal(1), (field,), (run,), (), root=root)
    return get_runner("model")(run, task, value, box)


@pytest.mark.sandbox
@pytest.mark.usefixtures("python_runtime")
class TestReal:
    def test_a_model_made_by_a_program_predicts_hidden_inputs(self, sandbox: Sandbox, root: Path) -> None:
        outcome = play(sandbox, root, GOOD + "print(len(open('in.csv').readlines()))")
        assert outcome.problems == {}
        assert outcome.result.stdout == "6\n"  # the program sees the public inputs
        assert outcome.artifacts["predictions"].tolist() == [0 if n >= 5 else 1 for n in range(ROWS)]
        assert outcome.artifacts["probabilities"].shape == (ROWS, 3)
        facts = outcome.artifacts["facts"]
        assert (facts.opset, facts.nodes, facts.parameters, facts.error) == (17, 2, 9, "")
        assert facts.inputs == (Port("x", "float32", (None, 2)),)
        assert facts.latency_ms > 0
        assert facts.latency_ratio is None

    def test_an_uploaded_file_and_a_reference(self, sandbox: Sandbox, root: Path) -> None:
        data = sandbox.run(runner._job(spec(), _task(root), runner.Args(inputs="in.csv"), GOOD)).files["model.onnx"]
        (root / "key" / "ref.onnx").write_bytes(data)
        args = {"inputs": "in.csv", "drop": ["id"], "reference": "ref.onnx"}
        outcome = play(sandbox, root, Upload("mine.onnx", data), args=args, hidden=("in.csv", "ref.onnx"))
        assert outcome.problems == {}
        assert 0.1 < outcome.artifacts["facts"].latency_ratio < 10
        assert outcome.artifacts["facts"].size_bytes == len(data)

    def test_labels_of_the_source_and_a_confusion_matrix(self, sandbox: Sandbox, root: Path) -> None:
        args = {"inputs": "in.csv", "check": "train.csv", "source_labels": "s.npy", "drop": ["id"], "label": "y"}
        produces = {"check": Produce(output="check_predictions"), "source": Produce(output="source_labels")}
        outcome = play(sandbox, root, GOOD + "np.save('s.npy', np.arange(20))", args=args, produces=produces)
        assert outcome.problems == {}
        assert outcome.artifacts["source"].tolist() == list(range(20))
        assert len(outcome.artifacts["check"]) == ROWS
        assert outcome.evidence is not None
        assert sum(map(sum, outcome.evidence["confusion"]["rows"])) == ROWS

    def test_skl2onnx_with_zipmap_and_words(self, sandbox: Sandbox, root: Path) -> None:
        program = """
import numpy as np
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
X = np.array([[0, 1], [1, 0], [0, .9], [.9, 0]], np.float32)
open('model.onnx', 'wb').write(to_onnx(LogisticRegression().fit(X, ['甲', '乙', '甲', '乙']), X).SerializeToString())
"""
        outcome = play(sandbox, root, program)
        assert outcome.problems == {}
        assert set(outcome.artifacts["predictions"].tolist()) == {"甲", "乙"}
        assert outcome.artifacts["probabilities"].sum(axis=1) == pytest.approx(1)
        assert [port.type for port in outcome.artifacts["facts"].outputs] == ["string", "sequence"]

    def test_values_of_a_regression(self, sandbox: Sandbox, root: Path) -> None:
        program = MAKE + "save([h.make_node('MatMul', ['x', 'w'], ['y'])], [X], [port('y', T.FLOAT, None, 1)], {'w': [[2], [0]]})"
        outcome = play(sandbox, root, program)
        assert outcome.artifacts["predictions"].tolist() == pytest.approx([n / 5 for n in range(ROWS)])
        assert outcome.problems["probabilities"].sentence == "模型没有输出各类别的概率。"

    @pytest.mark.parametrize(("program", "sentence"), BROKEN)
    def test_what_is_no_usable_model_is_told_in_one_sentence(self, sandbox: Sandbox, root: Path, program: str, sentence: str) -> None:
        outcome = play(sandbox, root, program)
        problem = outcome.problems["predictions"]
        assert sentence in problem.sentence
        assert problem.sentence.endswith("。")
        assert "\n" not in problem.sentence
        assert problem.cause == "unreadable"
        assert outcome.artifacts["facts"].error == problem.sentence

    def test_ten_gigabytes_end_at_the_limit(self, sandbox: Sandbox, root: Path) -> None:
        program = MAKE + """
nodes = [h.make_node('Constant', [], ['s'], value=h.make_tensor('s', T.INT64, [2], [50000, 50000])),
         h.make_node('ConstantOfShape', ['s'], ['big'], value=h.make_tensor('v', T.FLOAT, [1], [1.0])),
         h.make_node('ReduceSum', ['big'], ['sum'], keepdims=1), h.make_node('Gemm', ['x', 'w', 'b'], ['q']),
         h.make_node('Add', ['q', 'sum'], ['p'])]
save(nodes, [X], [P], W)
"""
        outcome = play(sandbox, root, program)
        assert outcome.problems["predictions"].cause in ("memory_limit", "unreadable", "crash")
        assert outcome.problems["predictions"].sentence.endswith("。")

    def test_an_endless_loop_ends_at_the_limit(self, sandbox: Sandbox, root: Path) -> None:
        program = MAKE + """
body = h.make_graph([h.make_node('Identity', ['c'], ['c2']), h.make_node('Identity', ['v'], ['v2'])], 'body',
    [port('i', T.INT64), port('c', T.BOOL), port('v', T.FLOAT, None, 3)], [port('c2', T.BOOL), port('v2', T.FLOAT, None, 3)])
nodes = [*LINEAR, h.make_node('Constant', [], ['go'], value=h.make_tensor('go', T.BOOL, [], [True])),
         h.make_node('Loop', ['', 'go', 'p'], ['q'], body=body)]
save(nodes, [X], [port('q', T.FLOAT, None, 3)], W)
"""
        outcome = play(sandbox, root, program, limits=RunLimits(wall_s=4, cpu_s=4, memory_mb=512))
        assert outcome.problems["predictions"].cause == "time_limit"
        assert outcome.result.status == "time_limit"
        assert "模型" in outcome.problems["predictions"].sentence

    def test_a_program_that_makes_no_model_says_why(self, sandbox: Sandbox, root: Path) -> None:
        assert play(sandbox, root, "print('hello')").problems["facts"].sentence == "程序正常结束，但没有生成文件 model.onnx。"
        crashed = play(sandbox, root, "1 / 0")
        assert crashed.problems["facts"].cause == "crash"
        assert "ZeroDivisionError" in crashed.problems["facts"].sentence

    def test_a_broken_reference_is_our_fault(self, sandbox: Sandbox, root: Path) -> None:
        (root / "key" / "ref.onnx").write_bytes(b"broken")
        args = {"inputs": "in.csv", "drop": ["id"], "reference": "ref.onnx"}
        assert play(sandbox, root, GOOD, args=args, hidden=("in.csv", "ref.onnx")).problems["facts"].cause == "fault"


def test_the_program_never_gets_hidden_files(root: Path) -> None:
    made = RunResult("ok", files={"model.onnx": b"model"})
    box = PreparedSandbox(made, RunResult("runtime_error", exit_code=1, message="x"))
    (root / "key" / "ref.onnx").write_bytes(b"reference")
    args = {"inputs": "in.csv", "drop": ["id"], "reference": "ref.onnx"}
    play(box, root, "pass", args=args, hidden=("in.csv", "ref.onnx"))
    program, use = box.jobs
    assert sorted(program.files) == ["in.csv", "main.py", "train.csv"]
    assert program.files["in.csv"] == (root / "files" / "in.csv").read_bytes()
    assert use.files["in.csv"] == (root / "key" / "in.csv").read_bytes()
    assert use.files["_model.onnx"] == b"model"
    assert "main.py" not in use.files


@pytest.mark.parametrize("number", [4, 6, 8, 11])
def test_a_signal_is_the_model_s_doing(root: Path, number: int) -> None:
    box = PreparedSandbox(RunResult("runtime_error", signal=number, message="程序被信号终止。"))
    problem = play(box, root, Upload("a.onnx", b"x")).problems["facts"]
    assert problem.cause == "crash"
    assert str(number) in problem.sentence


def test_a_model_of_20_mb_is_not_run(root: Path) -> None:
    box = PreparedSandbox(RunResult("ok"))
    assert "20 MB" in play(box, root, Upload("a.onnx", b"x" * (21 << 20))).problems["facts"].sentence
    assert box.jobs == []


FACTS = {"opset": 1, "ml_opset": 1, "ir_version": 8, "nodes": 1, "parameters": 1, "producer": "p", "inputs": [], "outputs": []}


@pytest.mark.parametrize("answer", [
    None, [], {}, {"error": 3}, {"error": "", "facts": {}}, {"error": "", "facts": {**FACTS, "nodes": -1}},
    {"error": "", "facts": {**FACTS, "nodes": True}}, {"error": "", "facts": {**FACTS, "inputs": [{"name": 1}]}},
    {"error": "", "facts": FACTS, "predictions": [[1]]}, {"error": "", "facts": FACTS, "predictions": [float("nan")]},
    {"error": "", "facts": FACTS, "predictions": []}, {"error": "", "facts": FACTS, "predictions": [1], "probabilities": [[1], [1, 2]]},
    {"error": "", "facts": FACTS, "predictions": [{}]}, {"error": "", "facts": FACTS, "latency": {"model": float("inf")}},
])  # fmt: skip
def test_an_answer_that_the_engine_does_not_write_is_refused(answer: Any) -> None:
    with pytest.raises(SandboxError):
        read_answer(answer, 10)


@pytest.mark.parametrize(("keys", "where"), [
    ({"args": {"inputs": "none.csv"}}, "args.inputs"),
    ({"args": {"inputs": "in.csv"}, "files": ("train.csv",), "purpose": "both"}, "args.inputs"),
    ({"args": {"inputs": "in.csv", "check": "none.csv"}}, "args.check"),
    ({"args": {"inputs": "in.csv", "reference": "none.onnx"}}, "args.reference"),
    ({"args": {"inputs": "in.xlsx"}, "files": ("in.xlsx",)}, "args.inputs"),
    ({"produces": {"c": Produce(output="check_predictions")}}, "produces.c"),
    ({"produces": {"c": Produce(output="source_labels")}}, "produces.c"),
])  # fmt: skip
def test_a_run_that_cannot_bring_what_it_promises_is_refused(root: Path, keys: dict[str, Any], where: str) -> None:
    with pytest.raises(TaskError) as caught:
        runner.check(spec(**keys), _task(root))
    assert caught.value.key == where


def _task(root: Path) -> Task:
    return Task("t", "t", "s", 1, Decimal(1), (CodeSpec(id="program"),), (spec(),), (), root=root)
