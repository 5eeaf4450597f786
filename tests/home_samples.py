"""Sample contexts of the smart-home widget and its evidence."""

from tests.exam_samples import field, task

FILE = {"name": "home.yaml", "url": "/attempts/7/files/41/home.yaml", "size": 900}
STARTER = "- alias: 示例\n  triggers: []\n"


def widget(value=None):
    """Context of widgets/home.html."""
    spec = {"home": "home.yaml", "max_length": 40000}
    one = field(41, "home", "自动化", value, starter=STARTER, help="写出五条规则。", spec=spec)
    return {"task": task(41, 1, fields=[one], files=[FILE]), "field": one}


def evidence():
    """Context of evidence/home.html: a valid automation, an invalid one, a call, a message."""
    lamp = {"id": "light.a", "name": "<灯>", "kind": "", "room": "r", "at": [5, 5], "unit": ""}
    day = {
        "kind": "home", "title": "公开的一天", "start": "2026-07-14 17:00:00", "end": 30.0, "duration": 60.0, "stopped": "没有尽头",
        "home": {"title": "家", "rooms": [{"id": "r", "name": "厅", "box": [0, 0, 50, 30]}], "entities": [lamp]},
        "automations": [
            {"id": "", "alias": "开灯", "valid": True, "error": ""},
            {"id": "", "alias": "<b>坏</b>", "valid": False, "error": "没有触发器。"},
        ],
        "states": {"light.a": [[0.0, "off", 0], [10.0, "on", 2]]},
        "calls": [
            {"t": 10.0, "n": 1, "service": "light.turn_on", "entities": ["light.a"], "data": "</template><script>", "automation": "开灯"},
        ],
        "left_out": 3, "events": [{"t": 9.0, "say": "有人"}], "messages": [{"t": 10.0, "automation": "开灯", "text": "没有服务 a.b"}],
    }
    return {"evidence": day, "links": None}


def fragments():
    """The samples: (name, template, context)."""
    nothing = {**evidence()["evidence"], "automations": [], "calls": [], "messages": [], "stopped": "", "left_out": 0}
    return [
        ("home", "widgets/home.html", widget()), ("home-filled", "widgets/home.html", widget("- alias: 甲\n")),
        ("home-without-file", "widgets/home.html", {**widget(), "task": task(41, 1)}),
        ("home-day", "evidence/home.html", evidence()), ("home-day-empty", "evidence/home.html", {"evidence": nothing, "links": None}),
    ]
