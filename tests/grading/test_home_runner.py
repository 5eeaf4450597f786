"""The runner `home`: Home Assistant's engine in the real sandbox, on both backends; what it does, refuses and stops."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from grading.errors import TaskError
from grading.fields.home import read
from grading.loader import load_task
from grading.model import Produce, RunSpec
from grading.runners import Problem
from grading.runners.home import evidence, simulate
from grading.runners.home.answer import read_answer
from grading.runners.home.spec import read_home, read_scenario
from grading.sandbox.contract import RunResult
from tests.grading.trees import PreparedSandbox

TASKS = Path(__file__).parents[2] / "tasks" / "home"
HOME = """\
title: 小屋
rooms: [{id: r, name: 房间, box: [0, 0, 50, 30]}]
entities:
  - {id: binary_sensor.m, name: 人体, kind: motion, state: "off", room: r, at: [5, 5]}
  - {id: sensor.t, name: 温度, state: 20, room: r, unit: °C}
  - {id: light.a, name: 灯, state: "off", room: r}
  - {id: light.b, name: 灯二, state: "off"}
  - {id: climate.c, name: 空调, state: "off"}
  - {id: cover.w, name: 帘, state: closed}
  - {id: lock.d, name: 锁, state: unlocked}
  - {id: input_boolean.g, name: 开关, state: "off"}
notify: [phone]
scenes: {scene.night: {name: 夜, entities: {light.a: "off", cover.w: {state: closed}}}}
"""
SCENARIO = """\
title: 一小时
start: "2026-11-23 22:00:00"
hours: 1
events:
  - {at: 10, set: {binary_sensor.m: "on"}, say: 有人}
  - {at: 60, set: {binary_sensor.m: "off"}}
  - {at: "22:05:00", set: {sensor.t: 29.5}}
  - {at: 2000, set: {binary_sensor.m: "on"}}
"""
ON = 'trigger: {platform: state, entity_id: binary_sensor.m, to: "on"}'
LAMP = "{service: light.turn_on, target: {entity_id: light.a}}"


@pytest.fixture
def live(sandbox):
    """Return a function that lets automations live for an hour and returns the answer."""

    def live(text, scenario=SCENARIO, **limits):
        home = read_home(HOME.encode(), "home.yaml")
        day = read_scenario(scenario.encode(), "scenario.yaml", home)
        run = RunSpec(id="r", runner="home", of="a", produces={"log": Produce(output="log")}, limits={"wall_s": 20, "cpu_s": 15, **limits})
        return simulate(read(text), home, day, run, sandbox)[1]

    return live


def automation(actions, trigger=ON, more=""):
    return f"- alias: 甲\n  {trigger}\n  {more}\n  action: {actions}\n"


def calls(answer):
    return [(call.t, call.service, call.entities) for call in answer.log.calls]


@pytest.mark.sandbox
class TestReal:
    @pytest.mark.parametrize("text", [
        automation(f"[{LAMP}]"), automation(LAMP),
        "- alias: 甲\n  triggers: [{trigger: state, entity_id: binary_sensor.m, to: 'on'}]\n"
        f"  actions: [{LAMP.replace('service', 'action')}]\n",
        automation(f"[{{choose: [{{conditions: [], sequence: [{LAMP}]}}]}}]"), automation(f"[{{sequence: [{LAMP}]}}]"),
        automation(f"[{{if: '{{{{ true }}}}', then: [{LAMP}]}}]"), automation("[{service: script.s}]"),
    ])
    def test_old_and_new_keys_do_the_same(self, live, text):
        if "script.s" in text:
            text = "automation:\n" + "".join(f"  {line}\n" for line in text.splitlines()) + f"script: {{s: {{sequence: [{LAMP}]}}}}\n"
        answer = live(text)
        assert [one.valid for one in answer.log.automations] == [True]
        assert calls(answer) == [(10.0, "light.turn_on", ("light.a",)), (2000.0, "light.turn_on", ("light.a",))]
        assert {call.automation for call in answer.log.calls} == {"甲"}

    def test_triggers_wait_conditions_and_modes_are_those_of_home_assistant(self, live):
        answer = live(
            automation("[{wait_for_trigger: {platform: state, entity_id: binary_sensor.m, to: 'off', for: 30}}, {service: lock.lock, "
                       "target: {entity_id: lock.d}}]", more="mode: restart")
            + automation("{service: climate.set_temperature, target: {entity_id: climate.c}, data: {temperature: 26, hvac_mode: cool}}",
                         "trigger: {platform: numeric_state, entity_id: sensor.t, above: 28, for: {minutes: 1}}")
            + automation("{service: cover.open_cover, target: {entity_id: cover.w}}", "trigger: {platform: time, at: '22:30:00'}",
                         "condition: {condition: not, conditions: [{condition: state, entity_id: lock.d, state: unlocked}]}")
            + automation("[{delay: {seconds: 5}}, {scene: scene.night}]", "trigger: {platform: template, value_template: "
                         "\"{{ states('sensor.t') | float > 25 and is_state('binary_sensor.m', 'off') }}\"}")
            + automation("{service: notify.phone, data: {message: '{{ trigger.platform }} {{ now().minute }}'}}",
                         "trigger: {platform: time_pattern, minutes: 45}"))
        assert all(one.valid for one in answer.log.automations), answer.log.automations
        assert [(t, service) for t, service, _ in calls(answer)] == [
            (90.0, "lock.lock"), (305.0, "scene.turn_on"), (360.0, "climate.set_temperature"), (1800.0, "cover.open_cover"),
            (2700.0, "notify.phone"),
        ]
        assert answer.log.calls[-1].data == {"message": "time_pattern 45"}
        assert answer.log.state("climate.c", 361) == "cool"

    def test_areas_scenes_events_and_the_common_services(self, live):
        answer = live(
            automation("[{service: homeassistant.turn_on, target: {area_id: r}}, "
                       "{service: scene.apply, data: {entities: {light.b: 'on'}}}, {event: mine}, "
                       "{stop: 够了}, {service: notify.phone, data: {message: x}}]")
            + automation("{repeat: {count: 2, sequence: [{service: cover.toggle, target: {entity_id: cover.w}}, {delay: 1}]}}",
                         "trigger: {platform: event, event_type: mine}"))
        assert calls(answer)[:4] == [
            (10.0, "light.turn_on", ("light.a",)), (10.0, "scene.apply", ()), (10.0, "cover.toggle", ("cover.w",)),
            (11.0, "cover.toggle", ("cover.w",)),
        ]
        assert answer.log.state("light.b", 20) == "on"
        assert any("不能控制 binary_sensor.m" in message["text"] for message in answer.messages)

    @pytest.mark.parametrize("text, said", [
        (automation(LAMP, "trigger: {platform: homeassistant, event: start}"), "不支持系统启动"),
        (automation(LAMP, "trigger: {platform: state, entity_id: binary_sensor.m, to: on}"), "要加引号"),
        (automation(LAMP, "trigger: {platform: time, at: 22:30:00}"), "时刻应加引号"),
        (automation(LAMP, "trigger: {platform: sun, event: sunset}"), "不支持日出日落"),
        (automation(LAMP, more="condition: {condition: sun, after: sunset}"), "不支持日出日落"),
        (automation(LAMP, more="condition: {condition: zone, entity_id: person.a, zone: zone.home}"), "不支持区域"),
        (automation(LAMP, "trigger: {platform: device, device_id: x, domain: light, type: y}"), "不支持设备"),
        (automation(LAMP, "trigger: {platform: stat}"), "没有 'stat' 这种触发器"),
        (automation("[{servce: light.turn_on}]"), "看不懂这个动作"),
        (automation(LAMP, "triger: 1"), "没有触发器"), (automation("{service: light}"), "不是服务名"),
        (automation(LAMP, more="condition: '{{ states( }}'"), "检查模板的括号"), (automation(LAMP, more="triggers: []"), "只能写一个"),
        (automation(LAMP, more="use_blueprint: {path: x}"), "蓝图"), ("- 甲\n", "键: 值"), (f"- alias: 甲\n  {ON}\n", "缺少必需的键"),
        (automation(LAMP, "trigger: {platform: numeric_state, entity_id: sensor.t}"), "above|below|大于|至少"),
        (automation(LAMP, more="mode: twice"), "只能是|single"),
    ])
    def test_what_home_assistant_refuses_is_told_in_a_sentence(self, live, text, said):
        import re

        answer = live(text + automation(LAMP).replace("甲", "乙"))
        first, second = answer.log.automations
        assert not first.valid
        assert re.search(said, first.error), first.error
        assert first.error.endswith("。")
        assert second.valid
        assert len(answer.log.calls) == 2

    @pytest.mark.parametrize("action, said", [
        ("{service: shell_command.x}", "没有服务 shell_command.x"), ("{service: python_script.x}", "没有服务 python_script.x"),
        ("{service: rest_command.x}", "没有服务 rest_command.x"), ("{service: homeassistant.restart}", "没有服务 homeassistant.restart"),
        ("{service: light.turn_on, target: {entity_id: light.zzz}}", "没有实体 light.zzz"),
        ("{service: light.turn_on, target: {entity_id: lock.d}}", "不能控制 lock.d"), ("{service: light.turn_on}", "没有写要控制哪个实体"),
        ("{service: light.turn_on, target: {entity_id: light.a}, data: {brigtness: 1}}", "没有参数 'brigtness'"),
        ("{service: climate.set_hvac_mode, target: {entity_id: climate.c}, data: {hvac_mode: warm}}", "hvac_mode 没有 'warm'"),
        ("{service: notify.phone}", "缺少参数 message"), ("{service: notify.nobody, data: {message: x}}", "没有服务 notify.nobody"),
    ])
    def test_calls_that_cannot_be_are_told(self, live, action, said):
        answer = live(automation(action))
        assert any(said in message["text"] and message["automation"] == "甲" for message in answer.messages), answer.messages
        assert answer.log.state("light.a", 3000) == "off"

    @pytest.mark.parametrize("actions", [
        f"[{{repeat: {{while: '{{{{ true }}}}', sequence: [{LAMP}]}}}}]", f"[{{repeat: {{count: 1000000000, sequence: [{LAMP}]}}}}]",
        "[{repeat: {count: 1000000000, sequence: [{variables: {a: 1}}]}}]", "[{repeat: {until: '{{ false }}', sequence: [{delay: 0}]}}]",
        "[{repeat: {for_each: '{{ range(100000) | list }}', sequence: [{service: light.toggle, target: {entity_id: light.a}}]}}]",
    ])
    def test_endless_work_is_stopped_and_told(self, live, actions):
        answer = live(automation(actions))
        assert not isinstance(answer, Problem), answer
        ended = answer.log.stopped or any("repeat" in message["text"].lower() for message in answer.messages)
        assert ended, (answer.log.stopped, answer.messages)

    def test_two_that_set_each_other_off_are_stopped(self, live):
        other = "trigger: {platform: state, entity_id: light.b}"
        answer = live(automation("{service: light.toggle, target: {entity_id: light.b}}", "trigger: {platform: state, entity_id: light.a}")
                      + automation("{service: light.toggle, target: {entity_id: light.a}}", other).replace("甲", "乙") + automation(LAMP))
        assert answer.log.stopped
        assert answer.log.end == 10.0

    @pytest.mark.parametrize("template", [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "{{ 'x' * 10**10 }}",
        "{% for i in range(90000) %}{% for j in range(90000) %}{{ i }}{% endfor %}{% endfor %}",
    ])
    def test_a_template_that_takes_for_ever_ends_with_the_limit(self, live, template):
        answer = live(automation(LAMP, more=f'condition: "{template}"'), wall_s=4, cpu_s=3, memory_mb=256)
        if isinstance(answer, Problem):
            assert answer.cause in ("time_limit", "memory_limit"), answer
        else:  # refused within the engine
            assert answer.messages or not answer.log.automations[0].valid

    @pytest.mark.parametrize("template", [
        "{% for i in range(10**9) %}{% endfor %}", "{{ ''.__class__.__mro__ }}", "{{ states.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    ])
    def test_a_template_cannot_get_out(self, live, template):
        text = automation('{service: notify.phone, data: {message: "' + template + '"}}')
        answer = live(text)
        assert all("uid=" not in str(call.data) and "module" not in str(call.data) for call in answer.log.calls)
        assert answer.messages

    def test_the_same_run_gives_the_same_log(self, live):
        text = (TASKS / "energy-safety" / "samples" / "full" / "automations.yaml").read_text("utf-8") + automation(LAMP)
        first, second = live(text), live(text)
        assert first == second


@pytest.mark.sandbox
@pytest.mark.parametrize("name", ["arrive-leave", "energy-safety"])
@pytest.mark.parametrize("sample", ["full", "full-other-way"])
def test_the_tasks_give_all_marks_on_every_backend_and_the_same_again(sandbox, name, sample):
    from grading.engine import grade

    task = load_task(TASKS / name)
    response = {"automations": (TASKS / name / "samples" / sample / "automations.yaml").read_text("utf-8")}
    first, second = (grade(task, response, sandbox=sandbox) for _ in range(2))
    assert first.verdicts == second.verdicts
    assert sum(verdict.earned for verdict in first.verdicts) == 10
    shown = json.dumps(first.evidence)
    assert len(shown) < 300_000


def setting():
    home = read_home(HOME.encode(), "home.yaml")
    return home, read_scenario(SCENARIO.encode(), "scenario.yaml", home)


GOOD = {
    "automations": [{"id": "", "alias": "甲", "valid": True, "error": ""}], "messages": [], "end": 3600.0, "stopped": "",
    "calls": [{"t": 10.0, "n": 1, "service": "light.turn_on", "entities": ["light.a"], "data": {}, "automation": "甲"}],
    "states": {"light.a": [{"t": 0.0, "n": 0, "state": "off"}, {"t": 10.0, "n": 2, "state": "on"}]},
}


def test_an_answer_is_read_and_becomes_evidence():
    home, scenario = setting()
    answer = read_answer(GOOD, scenario)
    shown = evidence(answer, home, scenario)
    assert shown["states"]["light.a"] == [[0.0, "off", 0], [10.0, "on", 2]]
    assert shown["events"] == [{"t": 10.0, "say": "有人"}]
    assert json.loads(json.dumps(shown, allow_nan=False))["kind"] == "home"


@pytest.mark.parametrize("place, value", [
    (("end",), float("nan")), (("end",), -1.0), (("end",), "3"), (("calls", 0, "t"), 1e9), (("calls", 0, "service"), "x" * 500),
    (("states", "light.a", 0, "state"), 5), (("automations", 0, "valid"), "yes"), (("more",), 1), (("calls",), [GOOD["calls"][0]] * 6000),
    (("messages",), [{"t": 0.0}]),
])
def test_an_answer_of_another_form_is_our_fault(place, value):
    home, scenario = setting()
    data = copy.deepcopy(GOOD)
    target = data
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    sandbox = PreparedSandbox(RunResult("ok", files={"_answer.json": json.dumps(data).encode()}))
    run = RunSpec(id="r", runner="home", of="a", produces={"log": Produce(output="log")})
    _, answer = simulate(read("[]"), home, scenario, run, sandbox)
    assert answer == Problem("评测引擎的结果不完整。", "fault")


@pytest.mark.parametrize("data", [None, [], 5, "x", {"calls": []}])
def test_nonsense_is_no_answer(data):
    assert read_answer(data, setting()[1]) is None


@pytest.mark.parametrize("old, new, said", [
    ("light.b", "light.a", "重复"), ("light.b", "rocket.b", "没有这类设备"), ("room: r, unit", "room: q, unit", "不存在"),
    ("title: 小屋", "titel: 小屋", "title|titel"), ("box: [0, 0, 50, 30]", "box: [0, 0, 50]", "rooms"), ("light.b", "Light.B", "entities"),
])
def test_a_faulty_home_is_refused(old, new, said):
    with pytest.raises(TaskError, match=said):
        read_home(HOME.replace(old, new).encode(), "home.yaml")


@pytest.mark.parametrize("old, new, said", [
    ("light.q", "light.q", "家里没有 'light.q'"), ("at: 2000", "at: 4000", "情景只有 3600"), ("at: 60", "at: '9 Uhr'", "HH:MM"),
    ("22:00:00\"", "22 Uhr\"", "start"), ("hours: 1", "hours: 25", "hours"), ("hours: 1", "hours: .nan", "hours"),
])
def test_a_faulty_scenario_is_refused(old, new, said):
    text = SCENARIO.replace(old, new) if old != "light.q" else SCENARIO.replace("sensor.t", "light.q")
    with pytest.raises(TaskError, match=said):
        read_scenario(text.encode(), "scenario.yaml", read_home(HOME.encode(), "home.yaml"))


def test_a_run_must_list_its_files():
    task = load_task(TASKS / "arrive-leave")
    from grading.runners import check

    with pytest.raises(TaskError, match=r"'trial.yaml' 没有写进 files 或 hidden"):
        check(task.runs[0].model_copy(update={"files": ("home.yaml",)}), task)
