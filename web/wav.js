// A sound as a WAV file of 32-bit floats: what the denoiser made, to the last bit.

export const toWav = (channels, rateHz) => {
  const nFrames = channels[0].length;
  const frameLen = 4 * channels.length;
  const bytes = new ArrayBuffer(58 + nFrames * frameLen);
  const view = new DataView(bytes);
  let at = 0;
  const text = (name) => {
    for (const letter of name) view.setUint8(at++, letter.charCodeAt(0));
  };
  const long = (value) => (view.setUint32(at, value, true), (at += 4));
  const short = (value) => (view.setUint16(at, value, true), (at += 2));
  text("RIFF"), long(bytes.byteLength - 8), text("WAVE");
  // 3 is floats, whose header has a length of what follows it, and the count of frames.
  text("fmt "), long(18), short(3), short(channels.length), long(rateHz);
  long(rateHz * frameLen), short(frameLen), short(32), short(0);
  text("fact"), long(4), long(nFrames);
  text("data"), long(nFrames * frameLen);
  for (let i = 0; i < nFrames; i += 1) {
    for (const channel of channels) view.setFloat32(at, channel[i], true), (at += 4);
  }
  return new Blob([bytes], { type: "audio/wav" });
};
