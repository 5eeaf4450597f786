"""把原声转换成目标的音色：WORLD 声码器 + 逐帧对齐 + 线性映射。一个能运行的起点，参数等你来改。

需要：pip install numpy soundfile pyworld（没有编译器时用 pyworld-prebuilt）
用法：python world_convert.py    （与给定的 flac 放在同一文件夹，写出 answer.wav）
"""

import json

import numpy as np
import pyworld as pw
import soundfile as sf

RATE = 16000
PITCH = False      # 要不要把音高也映射到目标
STRENGTH = 0.5     # 音色映射的强度：0 是原声，1 是完全映射
SPREAD = 0.0       # 恢复被平均掉的变化：0 不恢复，1 恢复到目标的方差
GAIN = 1.0         # 最后的音量
PRODUCER = ""      # AIGC 标识里的生成者，如 "考生 07"


def analyse(name):
    wave, rate = sf.read(name)
    assert rate == RATE
    f0, times = pw.harvest(wave, RATE)
    envelope = pw.cheaptrick(wave, f0, times, RATE)
    noise = pw.d4c(wave, f0, times, RATE)
    return f0, pw.code_spectral_envelope(envelope, RATE, 24), noise


def align(a, b):
    """动态时间规整：返回两段声音里互相对应的帧。"""
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


# 1. 三对平行语料：同一句话，两个人各读一遍
x, y, f0_source, f0_target = [], [], [], []
for n in (1, 2, 3):
    fs, cs, _ = analyse(f"source-{n}.flac")
    ft, ct, _ = analyse(f"target-{n}.flac")
    for i, j in align(cs, ct):
        x.append(cs[i])
        y.append(ct[j])
    f0_source.append(np.log(fs[fs > 0]))
    f0_target.append(np.log(ft[ft > 0]))
x, y = np.c_[np.array(x), np.ones(len(x))], np.array(y)
mapping = np.linalg.solve(x.T @ x + 0.1 * np.eye(25), x.T @ y)
predicted = x @ mapping
centre, ratio = predicted.mean(0), y.std(0) / predicted.std(0)
f0_source, f0_target = np.concatenate(f0_source), np.concatenate(f0_target)

# 2. 转换新句子
f0, code, noise = analyse("source-new.flac")
mapped = np.c_[code, np.ones(len(code))] @ mapping
mapped[:, 1:] = (mapped - centre)[:, 1:] * (1 + SPREAD * (ratio[1:] - 1)) + centre[1:]
mixed = np.ascontiguousarray((1 - STRENGTH) * code + STRENGTH * mapped)
if PITCH:
    voiced = f0 > 0
    f0[voiced] = np.exp((np.log(f0[voiced]) - f0_source.mean()) / f0_source.std() * f0_target.std() + f0_target.mean())
envelope = pw.decode_spectral_envelope(mixed, RATE, (noise.shape[1] - 1) * 2)
wave = GAIN * pw.synthesize(f0, envelope, noise, RATE)

# 3. 写出，连同隐式标识（评分要求 Label 为 "1" 并写明生成者）
with sf.SoundFile("answer.wav", "w", RATE, 1, "PCM_16") as file:
    file.comment = json.dumps({"AIGC": {"Label": "", "ContentProducer": PRODUCER}}, ensure_ascii=False)
    file.write(wave)
print(f"写出 answer.wav：{len(wave) / RATE:.1f} 秒，最大样本 {np.abs(wave).max():.2f}（超过 1 会被削平）")
