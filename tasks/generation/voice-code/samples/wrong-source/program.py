import soundfile as sf

wave, rate = sf.read("source-new.flac")
sf.write("result.wav", wave, rate)
