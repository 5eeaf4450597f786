// What the header of a WAV or FLAC file says: decoding would convert it to the rate of the sound card.

function wav(view) {
  for (let at = 12; at + 24 <= view.byteLength;) {
    if (view.getUint32(at) === 0x666d7420) return { channels: view.getUint16(at + 10, true), rate: view.getUint32(at + 12, true) }; // "fmt "
    const size = view.getUint32(at + 4, true);
    at += 8 + size + (size % 2);
  }
  return null;
}

function flac(view) {
  if (view.byteLength < 22) return null;
  const bits = view.getUint32(18); // 20 bits of rate, 3 of channels − 1, …
  return { rate: bits >>> 12, channels: ((bits >>> 9) & 7) + 1 };
}

/** {rate in Hz, channels} of a file's bytes, null if they are of neither kind. */
export function headerOf(bytes) {
  const view = new DataView(bytes);
  if (view.byteLength < 42) return null;
  if (view.getUint32(0) === 0x52494646) return wav(view); // "RIFF"
  return view.getUint32(0) === 0x664c6143 ? flac(view) : null; // "fLaC"
}
