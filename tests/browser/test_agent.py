"""The agent module: a flow built through forms and YAML, checked while it is written, talked to, handed in and marked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Locator, Page, expect

from simulator.config import ROOT
from tests import factories
from tests.browser import acts
from tests.browser.hall import Hall
from tests.browser.test_trials import have_workers

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

TASK = ROOT / "tasks" / "agent" / "order-service"
TITLE = "售后订单客服智能体"
RUN_MS = 60_000
OUT_OF_REACH = "抱歉，我只能处理订单查询和退款申请，这个请求无法处理。"
REFUND = ("find2", "has2", "refund", "done", "sorry2", "ask2")
"""The half of the sample flow that the test adds as YAML."""


@pytest.fixture(scope="module")
def agent_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A server whose paper has the shipped agent task."""
    folder = tmp_path_factory.mktemp("agent")
    root = factories.write_tree(folder / "tasks")
    shutil.copytree(TASK, root / "agent" / "order-service")
    shutil.copy(ROOT / "tasks" / "standard" / "level3.yaml", root / "standard")
    paper = factories.PAPER.replace("minutes: 30\nmarks: 16", "minutes: 55\nmarks: 26").replace("minutes: 20", "minutes: 45")
    (root / "papers" / "small.yaml").write_text(paper + "      - {task: agent/order-service}\n", "utf-8")
    hall = Hall(folder, root, markers="1")
    try:
        yield hall.start()
    finally:
        hall.close()


@pytest.fixture
def page(agent_hall, desk) -> Page:
    """A candidate before the agent task, its editor alive."""
    return sit(agent_hall, desk(agent_hall))


def sit(hall: Hall, one) -> Page:
    have_workers(hall)
    username = hall.person()
    page = one.page()
    acts.open_attempt(page, username, hall.attempt(username, hall.exam()), screen=4)
    acts.ready(page)
    expect(nodes(page)).to_have_count(2)
    return page


# The editor, as people and screen readers find it -----------------------------------------------------------------------


def nodes(page: Page) -> Locator:
    return page.get_by_role("list", name="节点表").locator("> li")


def node(page: Page, title: str) -> Locator:
    """The row of one node."""
    return nodes(page).filter(has=page.locator("[data-title]", has_text=re.compile(f"^{title}$")))


def toggle(row: Locator) -> Locator:
    """The button that opens and shuts a node's form."""
    return row.locator("[data-toggle]")


def add(page: Page, kind: str, title: str) -> Locator:
    """Add a node and name it; its form is open."""
    page.get_by_label("新节点").select_option(label=kind)
    page.get_by_role("button", name="添加节点").click()
    row = nodes(page).last
    row.get_by_label("标题", exact=True).fill(title)
    return node(page, title)


def connect(page: Page, title: str, branch: str, target: str) -> None:
    node(page, title).get_by_label(f"{title}：{branch} 之后", exact=True).select_option(label=target)


def view(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def area(page: Page) -> Locator:
    return page.get_by_role("textbox", name="客服流程")


def dsl(page: Page) -> dict:
    """The flow as it stands in the field."""
    return yaml.safe_load(page.locator("textarea[data-value]").input_value())


def write(page: Page, flow: dict) -> None:
    """Put a whole flow into the YAML view."""
    view(page, "YAML")
    area(page).fill(yaml.safe_dump(flow, allow_unicode=True, sort_keys=False))
    view(page, "节点和流程图")


def check(page: Page) -> Locator:
    return page.locator("[data-flow-lint]")


def chat(page: Page) -> Locator:
    return page.get_by_role("region", name="对话预览", exact=True)


def send(page: Page, words: str, answer: str) -> None:
    chat(page).get_by_label("你说").fill(words)
    chat(page).get_by_label("你说").press("Enter")
    expect(chat(page).locator(".bubble--agent").last).to_contain_text(answer, timeout=RUN_MS)
    expect(chat(page).locator(".bubble--user").last).to_contain_text(words)


# Building through forms -------------------------------------------------------------------------------------------------


def guard(page: Page) -> None:
    """Refuse who wants to talk the agent out of its instructions."""
    row = add(page, "条件分支", "防注入")
    row.get_by_role("combobox", name="组内关系").select_option(label="满足任一")
    for n, word in enumerate(("忽略", "提示词", "管理员")):
        row.get_by_role("button", name="添加比较").click()
        comparison = row.get_by_role("group", name=f"比较 第 {n + 1} 项")
        comparison.get_by_role("combobox", name="变量", exact=True).select_option("sys.query")
        comparison.get_by_label("值", exact=True).fill(word)
    add(page, "直接回复", "拒绝").get_by_label("回复内容").fill(OUT_OF_REACH)


def intent(page: Page) -> None:
    """Tell questions about deliveries, refunds and all others apart, with an eye on earlier turns."""
    row = add(page, "问题分类", "用户意图")
    row.get_by_role("button", name="添加类别").click()
    names = (
        "查询订单、快递、包裹的物流进度和送达时间；例如：货到哪里了，怎么还没收到，发货没有",
        "申请退款退货；例如：我要退款，东西坏了想退", "闲聊或其他与订单无关的问题",
    )
    for box, name in zip(row.get_by_label("类别名称").all(), names, strict=True):
        box.fill(name)
    row.get_by_label("参考前几轮对话").check()
    row.get_by_label("参考几轮").fill("10")


def tracking(page: Page) -> None:
    """Find the number, ask for it, call the tool, answer or say that it failed."""
    row = add(page, "参数提取", "提取订单号")
    row.get_by_label("节点 id").fill("find")
    row.get_by_label("节点 id").press("Tab")
    row.get_by_role("button", name="添加参数").click()
    row.get_by_label("名称", exact=True).fill("order_id")
    row.get_by_label("说明（格式和例子）").fill("订单号，如 SO20250001")
    row = add(page, "条件分支", "有订单号吗")
    row.get_by_role("button", name="添加比较").click()
    row.get_by_role("combobox", name="变量", exact=True).select_option("find.order_id")
    row.get_by_role("combobox", name="比较方式").select_option(label="不为空")
    row = add(page, "工具", "查询订单")
    row.get_by_role("combobox", name="工具", exact=True).select_option("get_order")
    row.get_by_role("combobox", name="插入变量").select_option("find.order_id")
    row.get_by_role("combobox", name="出错时").select_option(label="走“失败”分支")
    tool = row.locator("[data-id]").inner_text()
    told = "您的订单 {{#find.order_id#}} 目前{{#TOOL.status#}}，预计 {{#TOOL.eta#}} 送达。"
    add(page, "直接回复", "回复进度").get_by_label("回复内容").fill(told.replace("TOOL", tool))
    failed = "抱歉，订单系统暂时无法查询，请稍后再试，或转人工客服处理。"
    add(page, "直接回复", "查询失败").get_by_label("回复内容").fill(failed)
    add(page, "直接回复", "追问订单号").get_by_label("回复内容").fill("请提供您的订单号（SO 加 8 位数字），我马上为您查询。")


def wire(page: Page) -> None:
    classes = node(page, "用户意图").locator(".flow__branch").all_inner_texts()
    for title, branch, target in (
        ("开始", "下一步", "防注入"), ("防注入", "条件 1", "拒绝"), ("防注入", "否则", "用户意图"), ("用户意图", classes[0], "提取订单号"),
        ("用户意图", classes[2], "拒绝"), ("提取订单号", "下一步", "有订单号吗"), ("有订单号吗", "条件 1", "查询订单"),
        ("有订单号吗", "否则", "追问订单号"), ("查询订单", "成功", "回复进度"), ("查询订单", "失败", "查询失败"),
    ):
        connect(page, title, branch, target)


def refund_half(flow: dict) -> dict:
    """Return `flow` with the refund half of the sample, connected to the second class."""
    sample = yaml.safe_load((TASK / "samples" / "full" / "flow.yml").read_text("utf-8"))["workflow"]["graph"]
    graph = flow["workflow"]["graph"]
    graph["nodes"] += [one for one in sample["nodes"] if one["id"] in REFUND]
    graph["edges"] += [one for one in sample["edges"] if one["source"] in REFUND]
    classifier = next(one["id"] for one in graph["nodes"] if one["data"]["type"] == "question-classifier")
    graph["edges"].append({"source": classifier, "sourceHandle": "2", "target": "find2"})
    return flow


def test_from_the_starter_to_full_marks_through_forms_and_yaml(page, agent_hall):
    row = node(page, "直接回复")
    toggle(row).click()
    row.get_by_role("button", name="删除节点").click()
    page.get_by_role("dialog", name="删除节点“直接回复”？").get_by_role("button", name="删除").click()
    expect(nodes(page)).to_have_count(1)
    guard(page)
    expect(check(page)).to_contain_text("个提示")
    finding = page.get_by_role("list", name="检查结果").get_by_role("listitem").filter(has_text="从“开始”走不到“防注入”")
    expect(finding).to_be_visible()
    intent(page)
    tracking(page)
    wire(page)
    expect(finding).to_be_hidden()
    expect(check(page)).to_have_text("检查：0 个错误，1 个提示。")
    send(page, "我买的东西怎么还没收到", "请提供您的订单号")
    send(page, "SO20260001", "运输中")
    last = chat(page).locator(".turn").last
    expect(last.get_by_role("table", name="工具调用").get_by_role("row").nth(1)).to_contain_text("get_order")
    last.locator("summary").filter(has_text="用户意图").click()
    expect(last.get_by_text("查询订单、快递、包裹").first).to_be_visible()

    write(page, refund_half(dsl(page)))
    expect(nodes(page)).to_have_count(16)
    expect(page.get_by_role("img", name=re.compile("流程图：16 个节点，16 条连线"))).to_be_visible()
    expect(check(page)).to_have_text("检查：没有发现问题。")
    public = page.get_by_role("region", name="公开剧本")
    public.get_by_role("button", name="运行").click()
    expect(public.get_by_text("运行完成")).to_be_visible(timeout=RUN_MS)
    public.locator(".talk > summary").filter(has_text="申请退款").click()
    expect(public.locator(".bubble--agent").filter(has_text="RF-1002")).to_be_visible()
    acts.saved(page)

    acts.hand_in(page)
    expect(acts.total(page)).to_have_text("10 / 26", timeout=RUN_MS)
    assert {row[1] == row[4] for row in acts.points(page, TITLE)} == {True}
    sheet = page.get_by_role("article").filter(has_text=TITLE)
    expect(sheet.get_by_text("内嵌语义引擎").first).to_be_visible()
    sheet.locator(".talk > summary").filter(has_text="正常查询").click()
    expect(sheet.get_by_role("table", name="工具调用").first).to_contain_text("SO20267731")


# The same flow, either way ----------------------------------------------------------------------------------------------


def test_what_forms_do_not_know_stays_and_steps_can_be_taken_back(page):
    flow = dsl(page)
    flow["workflow"]["graph"]["nodes"][1]["data"] |= {"x_note": {"版本": "017", "打开": "yes", "时间": "1:30"}}
    flow["workflow"]["graph"]["viewport"] = {"x": 0.5, "zoom": 1}
    write(page, flow)
    row = node(page, "直接回复")
    toggle(row).click()
    row.get_by_label("回复内容").fill("第一行\n第二行：{{#sys.query#}}")
    changed = dsl(page)
    answer = flow["workflow"]["graph"]["nodes"][1]["data"]
    assert changed["workflow"]["graph"]["nodes"][1]["data"] == {**answer, "answer": "第一行\n第二行：{{#sys.query#}}"}
    assert changed["workflow"]["graph"]["viewport"] == {"x": 0.5, "zoom": 1}
    view(page, "撤销")
    assert dsl(page) == flow
    expect(row.get_by_label("回复内容")).to_have_value("您好，请问有什么可以帮您？")
    view(page, "重做")
    assert dsl(page) == changed
    row.get_by_role("button", name="复制节点").click()
    expect(node(page, "直接回复 副本")).to_be_visible()
    assert all({"x", "y"} <= set(one["position"]) for one in dsl(page)["workflow"]["graph"]["nodes"])


def test_broken_yaml_is_named_with_its_line_and_nothing_is_lost(page):
    view(page, "YAML")
    broken = "app: {mode: advanced-chat}\nkind: app\nworkflow:\n  graph: {nodes: [\n"
    area(page).fill(broken)
    view(page, "节点和流程图")
    expect(page.get_by_text(re.compile(r"第 5 行：YAML 写得不对"))).to_be_visible()
    expect(check(page)).to_contain_text("1 个错误")
    page.get_by_role("button", name="到这一行").click()
    expect(area(page)).to_be_focused()
    expect(area(page)).to_have_value(broken)
    view(page, "撤销")
    view(page, "节点和流程图")
    expect(nodes(page)).to_have_count(2)


def test_a_finding_leads_to_its_node_and_is_mended_there(page):
    row = add(page, "工具", "查订单")
    connect(page, "开始", "下一步", "查订单")
    connect(page, "查订单", "下一步", "直接回复")
    finding = page.get_by_role("list", name="检查结果").get_by_role("listitem").filter(has_text="“查订单”没有选工具")
    expect(finding).to_be_visible()
    expect(row.get_by_text("1 处有误")).to_be_visible()
    expect(page.locator("#announce")).to_have_text("检查：1 个错误，0 个提示。")
    toggle(row).click()
    finding.get_by_role("button", name="到节点“查订单”").click()
    expect(toggle(row)).to_be_focused()
    row.get_by_role("combobox", name="工具", exact=True).select_option("get_order")
    row.get_by_label("order_id（必填）").fill("SO20260001")
    expect(check(page)).to_have_text("检查：没有发现问题。")
    expect(row.get_by_text("1 处有误")).to_be_hidden()
    view(page, "YAML")
    expect(area(page)).to_have_value(re.compile("tool_name: get_order"))


def test_a_file_replaces_the_flow_when_that_is_confirmed_and_comes_out_as_it_stands(page, tmp_path: Path):
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text((TASK / "samples" / "full" / "flow.yml").read_text("utf-8"), "utf-8")
    bad.write_text("kind: app\n", "utf-8")
    chooser = page.get_by_label("导入 .yml")
    chooser.set_input_files(bad)
    expect(page.get_by_text("bad.yml 没有导入")).to_be_visible()
    expect(nodes(page)).to_have_count(2)
    chooser.set_input_files(good)
    page.get_by_role("dialog", name="用文件替换现在的流程？").get_by_role("button", name="替换").click()
    expect(nodes(page)).to_have_count(16)
    with page.expect_download() as download:
        page.get_by_role("button", name="导出 .yml").click()
    assert download.value.suggested_filename == "售后订单客服.yml"
    assert Path(download.value.path()).read_text("utf-8") == good.read_text("utf-8")
    view(page, "撤销")
    expect(nodes(page)).to_have_count(2)


def test_a_node_renamed_is_renamed_in_every_reference(page):
    row = add(page, "大模型", "起草")
    old = row.locator("[data-id]").inner_text()
    add(page, "直接回复", "转述").get_by_role("combobox", name="插入变量").select_option(f"{old}.text")
    toggle(row).click()
    row.get_by_label("节点 id").fill("draft")
    row.get_by_label("节点 id").press("Tab")
    assert "{{#draft.text#}}" in [one["data"].get("answer") for one in dsl(page)["workflow"]["graph"]["nodes"]]
    row.get_by_label("节点 id").fill("answer")
    row.get_by_label("节点 id").press("Tab")
    expect(row.get_by_text("已有节点用这个 id。")).to_be_visible()


def test_by_keyboard_and_on_a_phone(agent_hall, desk):
    page = sit(agent_hall, desk(agent_hall, viewport={"width": 390, "height": 844}))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("新节点").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(nodes(page)).to_have_count(3)
    expect(nodes(page).last.get_by_role("button", expanded=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(nodes(page).last.get_by_role("button", expanded=False)).to_be_focused()
    page.keyboard.press("ControlOrMeta+z")
    expect(nodes(page)).to_have_count(2)
    expect(page.get_by_role("button", name="添加节点")).to_be_focused()
    page.keyboard.press("Enter")
    send(page, "您好", "请问有什么可以帮您")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    acts.ready(page)
    expect(chat(page).locator(".bubble--user")).to_contain_text("您好")
    chat(page).get_by_role("button", name="清空对话").click()
    expect(chat(page).locator(".bubble")).to_have_count(0)
    expect(chat(page).get_by_label("你说")).to_be_focused()
    page.reload()
    acts.ready(page)
    expect(chat(page).locator(".bubble")).to_have_count(0)


def test_the_engine_is_described_honestly(page):
    with page.expect_popup() as popup:
        page.get_by_role("link", name="流程由什么引擎执行？").click()
    about = popup.value
    expect(about.get_by_role("heading", level=1, name="智能体的执行引擎")).to_be_visible()
    expect(about.get_by_text("它不是大语言模型")).to_be_visible()
