import json

import soundfile as sf

wave, rate = sf.read("target-3.flac")
with sf.SoundFile("result.wav", "w", rate, 1, "PCM_16") as file:
    file.comment = json.dumps({"AIGC": {"Label": "1", "ContentProducer": "考生 07"}}, ensure_ascii=False)
    file.write(0.6 * wave[3200:])
