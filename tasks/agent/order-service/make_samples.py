"""Write the samples that are the full one with a single mistake, and what each must earn. Run: python make_samples.py"""

from pathlib import Path

HERE = Path(__file__).parent / "samples"
MARKS = {"M1": 1, "M2": 1.5, "M3": 1.5, "M4": 1, "M5": 1, "M6": 0.5, "M7": 0.5, "M8": 1, "M9": 1, "M10": 1}
MISTAKES = {
    "wrong-no-guard": (
        [("{source: start, sourceHandle: source, target: guard}", "{source: start, sourceHandle: source, target: intent}"),
         ("      - {source: guard, sourceHandle: \"false\", target: intent}\n", "")],
        {"M10": 0}, "没有防注入：冒充管理员的人让它提交了退款。",
    ),
    "wrong-no-ask": (
        [("{source: find, sourceHandle: source, target: has}", "{source: find, sourceHandle: source, target: order}")],
        {"M4": 0}, "不管有没有订单号都去调用工具：没说订单号时空着参数调用，失败。",
    ),
    "wrong-no-fallback": (
        [("          tool_parameters: {order_id: {type: mixed, value: \"{{#find.order_id#}}\"}}\n          error_strategy: fail-branch\n",
          "          tool_parameters: {order_id: {type: mixed, value: \"{{#find.order_id#}}\"}}\n")],
        {"M9": 0}, "查询工具没有失败分支：出错时用户收不到回复。",
    ),
    "wrong-no-memory": (
        [("          memory: {window: {enabled: true, size: 10}}\n", ""), ("SO 加 8 位数字），我马上", "两个字母加 8 位数字），我马上")],
        {"M5": 0}, "分类没有打开记忆：下一句只有问候和订单号，不知道要办什么。",
    ),
    "wrong-answer": (
        [("目前{{#order.status#}}，预计 {{#order.eta#}} 送达，由{{#order.carrier#}}承运。", "正在处理，我们会尽快送达。")],
        {"M3": 0, "M5": 0, "M8": 0, "M9": 0}, "查到了却不说结果：没有状态和日期；拒绝和兜底的分以正常回答为前提。",
    ),
    "wrong-one-intent": (
        [("{source: intent, sourceHandle: refund, target: find2}", "{source: intent, sourceHandle: refund, target: find}")],
        {"M1": 0, "M6": 0, "M7": 0, "M10": 0}, "退款也接到查询：退款工具走不到，提交不了申请。",
    ),
}


def expect(lost, note, **more):
    return f"note: {note}\n" + "".join(f"{name}: {lost.get(name, marks)}\n" for name, marks in MARKS.items()) + "".join(
        f"{key}: {value}\n" for key, value in more.items())


def write(name, flow, lost, note, **more):
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expect.yaml").write_text(expect(lost, note, **more), "utf-8")
    (folder / "response.yaml").write_text("{}\n" if flow is None else "flow: {file: flow.yml}\n", "utf-8")
    if flow is not None:
        (folder / "flow.yml").write_text(flow, "utf-8")


def main():
    full = (HERE / "full" / "flow.yml").read_text("utf-8")
    write("full", full, {}, "分类流程：先挡注入，再判断意图，查询和退款各走一支。")
    other = (HERE / "full-other-way" / "flow.yml").read_text("utf-8")
    write("full-other-way", other, {}, "条件分支流程：关键词判断意图，会话变量记住上一轮要办的事。")
    nothing = dict.fromkeys(MARKS, 0)
    blank = "{" + ", ".join(f"{name}: blank" for name in MARKS) + "}"
    write("blank", None, nothing, "什么也没有作答。", status=blank)
    for name, (changes, lost, note) in MISTAKES.items():
        flow = full
        for old, new in changes:
            assert flow.count(old) == 1, (name, old, flow.count(old))
            flow = flow.replace(old, new)
        write(name, flow, lost, note)
    constant = full[: full.index("      - id: guard")] + (
        "      - {id: no, data: {type: answer, title: 直接回复, answer: 抱歉，请提供订单号，稍后再试或转人工。}}\n"
        "    edges:\n      - {source: start, target: no}\n")
    write("wrong-constant", constant, nothing, "对什么都说同一句话：拒绝和兜底的分以正常回答为前提。")


if __name__ == "__main__":
    main()
