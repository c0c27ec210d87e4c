// The sample rate in a file's header, so that the browser decodes without resampling. Where it is
// not found, 48 kHz is what a browser would have taken anyway.

const USUAL_HZ = 48_000;
const MP3_HZ = [
  [11_025, 12_000, 8_000],
  [],
  [22_050, 24_000, 16_000],
  [44_100, 48_000, 32_000],
];

const textAt = (view, at, length) => {
  let text = "";
  for (let i = 0; i < length; i += 1) text += String.fromCharCode(view.getUint8(at + i));
  return text;
};

const wav = (view) => {
  for (let at = 12; at + 16 <= view.byteLength; ) {
    if (textAt(view, at, 4) === "fmt ") return view.getUint32(at + 12, true);
    const size = view.getUint32(at + 4, true);
    at += 8 + size + (size % 2);
  }
  return 0;
};

const flac = (view) => (view.getUint32(18) >>> 12) & 0xfffff;

const mp3 = (view, start) => {
  for (let at = start; at + 4 < Math.min(view.byteLength, start + 65_536); at += 1) {
    const head = view.getUint32(at);
    if (head >>> 21 !== 0x7ff) continue;
    const rateHz = MP3_HZ[(head >>> 19) & 3][(head >>> 10) & 3];
    // Layer III alone, and a bit rate that exists.
    if (rateHz && ((head >>> 17) & 3) === 1 && ((head >>> 12) & 15) % 15) return rateHz;
  }
  return 0;
};

const vorbis = (view) => {
  for (let at = 28; at + 16 < Math.min(view.byteLength, 128); at += 1) {
    if (textAt(view, at, 7) === "\x01vorbis") return view.getUint32(at + 12, true);
  }
  return 0;
};

export const rateOf = (bytes) => {
  const view = new DataView(bytes);
  let rateHz = 0;
  try {
    const magic = textAt(view, 0, 4);
    if (magic === "RIFF") rateHz = wav(view);
    else if (magic === "fLaC") rateHz = flac(view);
    else if (magic === "OggS") rateHz = vorbis(view);
    else if (magic.startsWith("ID3")) {
      const size = [6, 7, 8, 9].reduce((sum, at) => (sum << 7) | view.getUint8(at), 0);
      rateHz = mp3(view, 10 + size);
    } else rateHz = mp3(view, 0);
  } catch {
    // Too short to say; decoding will tell what is wrong with it.
  }
  // What browsers can open a context for.
  return rateHz >= 8_000 && rateHz <= 384_000 ? rateHz : USUAL_HZ;
};
