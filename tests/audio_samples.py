"""Sample contexts of the audio field and of what was measured of a clip."""

LINKS = {"file": lambda name: f"/attempts/7/files/4/{name}", "upload": lambda field, n: f"/attempts/7/uploads/4/{field}?n={n}"}


def field(value=None):
    """Context of widgets/audio.html."""
    return {
        "id": "clip", "kind": "audio", "label": "克隆的声音", "help": "读出规定的句子。", "input_name": "f-4-clip", "value": value,
        "spec": {"max_mb": 2.0, "max_seconds": 10.0, "sample_rates": (16000, 48000)}, "starter": "",
        "upload_url": "/attempts/7/uploads/4/clip", "download_url": "/attempts/7/uploads/4/clip" if value else None,
    }


def evidence(**more):
    """Evidence of a run of runner `audio`."""
    return {
        "kind": "audio", "field": "clip", "outline": [0, 3, 40, 100, 20], "seconds": 3.6, "speaks": True,
        "format": {"container": "FLAC", "coding": "PCM_16", "rate": 16000, "channels": 1},
        "level": {"loudness": -20.0, "peak": 0.79, "clipped": 0.0}, "speech": {"seconds": 3.3, "share": 0.92, "lead": 0.19, "trail": 0.08},
        "quality": {"ovrl": 2.89, "sig": 3.12, "bak": 4.04}, "voice": {"target": 0.81, "source": 0.62},
        "copies": [{"name": "target-1.flac", "share": 0.1}, {"name": "source-1.flac", "share": 0.0}],
        "sentence": {"wanted": "Never use the voice.", "heard": "never use the voice", "agreement": 1.0},
        "notes": [{"name": "comment", "text": '{"AIGC": {"Label": "1"}}'}],
        "given": {"target": ["target-1.flac"], "source": ["source-1.flac"]},
        **more,
    }


SILENCE = {
    "speaks": False, "level": {"loudness": None, "peak": 0.0, "clipped": 0.0}, "voice": None, "sentence": None, "copies": [], "notes": [],
    "outline": [], "given": {"target": [], "source": []},
}

FRAGMENTS = [
    ("audio-field", "widgets/audio.html", {"field": field()}),
    ("audio-field-filled", "widgets/audio.html", {"field": field({"blob": "0" * 64, "name": "a.flac", "size": 60353})}),
    ("audio-evidence", "evidence/audio.html", {"evidence": evidence(), "links": LINKS}),
    ("audio-evidence-silence", "evidence/audio.html", {"evidence": evidence(**SILENCE), "links": LINKS}),
]
