import json

import soundfile as sf
import soxr

wave, rate = sf.read("target-2.flac")
wave = soxr.resample(wave, 1.1 * rate, rate)
with sf.SoundFile("result.wav", "w", rate, 1, "PCM_16") as file:
    file.comment = json.dumps({"AIGC": {"Label": "1", "ContentProducer": "考生 07"}}, ensure_ascii=False)
    file.write(0.6 * wave)
