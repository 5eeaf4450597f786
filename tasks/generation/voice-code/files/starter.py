# 把 S 的声音转换成 T 的音色。程序要写出 result.wav：用 T 的音色读 source-new.flac 里的那句话。
# 可用：NumPy、SciPy、soundfile、soxr、pyworld（WORLD 声码器）。没有网络。

import json

import numpy as np
import pyworld as pw
import soundfile as sf

RATE = 16000


def analyse(name):
    """返回一段声音的基频、24 个频谱包络系数（每帧一行）和非周期性。"""
    wave, _ = sf.read(name)
    f0, times = pw.dio(wave, RATE)
    f0 = pw.stonemask(wave, f0, times, RATE)
    envelope = pw.cheaptrick(wave, f0, times, RATE)
    noise = pw.d4c(wave, f0, times, RATE)
    return f0, pw.code_spectral_envelope(envelope, RATE, 24), noise


def align(a, b):
    """动态时间规整：返回两段声音里互相对应的帧号 [(i, j), …]。"""
    cost = np.sqrt(((a[:, None, 1:] - b[None, :, 1:]) ** 2).sum(-1))
    total = np.full((len(a) + 1, len(b) + 1), np.inf)
    total[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            total[i + 1, j + 1] = cost[i, j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
    i, j, pairs = len(a), len(b), []
    while i and j:
        pairs.append((i - 1, j - 1))
        step = np.argmin([total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]])
        i, j = (i - 1, j - 1) if step == 0 else (i - 1, j) if step == 1 else (i, j - 1)
    return pairs


f0, code, noise = analyse("source-new.flac")

# 第 1 步  用三对逐句对应的声音（source-1 … target-3）学一个映射：S 的频谱包络 → T 的

# 第 2 步  把新句子的音高移到 T 的范围，包络按第 1 步的映射转换

# 第 3 步  合成。现在写出的是等长的静音，换成：
#          wave = pw.synthesize(f0, pw.decode_spectral_envelope(code, RATE, (noise.shape[1] - 1) * 2), noise, RATE)
wave = np.zeros(len(f0) * RATE // 200)

# 第 4 步  调到合适的响度，写好标识（现在还没有填）
with sf.SoundFile("result.wav", "w", RATE, 1, "PCM_16") as file:
    file.comment = json.dumps({"AIGC": {"Label": "", "ContentProducer": ""}}, ensure_ascii=False)
    file.write(wave)
print(f"写出 result.wav：{len(wave) / RATE:.1f} 秒，最大样本 {np.abs(wave).max():.2f}")
