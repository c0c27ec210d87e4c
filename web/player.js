// Original, Clean and Removed, in step and equally loud, so that the ear compares sound, not level.

/// Windows this far below the loudest say nothing about how loud a sound is.
const GATE_DB = -25;
const WINDOW_S = 0.1;
const MOST_GAIN = 10 ** (18 / 20);
const GLIDE_S = 0.01;

/// RMS of the windows that sound.
const loudness = (channels, rateHz) => {
  const n = Math.max(1, Math.round(WINDOW_S * rateHz));
  const powers = [];
  for (let start = 0; start < channels[0].length; start += n) {
    let power = 0;
    for (const channel of channels) {
      for (const sample of channel.subarray(start, start + n)) power += sample * sample;
    }
    powers.push(power / n / channels.length);
  }
  const least = Math.max(...powers) * 10 ** (GATE_DB / 10);
  const sounding = powers.filter((power) => power >= least);
  return Math.sqrt(sounding.reduce((sum, power) => sum + power, 0) / sounding.length);
};

const peakOf = (channels) => {
  let peak = 0;
  for (const channel of channels) for (const s of channel) peak = Math.max(peak, Math.abs(s));
  return peak;
};

export class Player {
  constructor(whenMoved) {
    this.whenMoved = whenMoved;
    this.versions = {};
    this.choice = "clean";
    this.isMatched = true;
    this.positionS = 0;
    this.isPlaying = false;
  }

  /// `versions`: channels by name. Goes on where it was.
  load(versions, rateHz) {
    const wasPlaying = this.isPlaying;
    this.pause();
    this.context ??= new AudioContext();
    this.durationS = versions.original[0].length / rateHz;
    this.versions = {};
    const target = loudness(versions.original, rateHz);
    let peak = 0;
    for (const [name, channels] of Object.entries(versions)) {
      const buffer = this.context.createBuffer(channels.length, channels[0].length, rateHz);
      channels.forEach((channel, idx) => buffer.copyToChannel(channel, idx));
      const own = loudness(channels, rateHz);
      const gain = own > 0 ? Math.min(MOST_GAIN, target / own) : 1;
      peak = Math.max(peak, gain * peakOf(channels));
      this.versions[name] = { buffer, gain };
    }
    // All of them lower rather than one of them clipped.
    const room = Math.min(1, 0.98 / Math.max(peak, 1e-9));
    for (const version of Object.values(this.versions)) version.gain *= room;
    this.positionS = Math.min(this.positionS, this.durationS);
    if (wasPlaying) this.play();
  }

  gainOf(name) {
    if (name !== this.choice) return 0;
    return this.isMatched ? this.versions[name].gain : 1;
  }

  play() {
    if (this.isPlaying || !this.durationS) return;
    if (this.positionS >= this.durationS - 0.01) this.positionS = 0;
    this.context.resume();
    this.startedAt = this.context.currentTime - this.positionS;
    this.nodes = Object.entries(this.versions).map(([name, { buffer }]) => {
      const source = new AudioBufferSourceNode(this.context, { buffer });
      const gain = new GainNode(this.context, { gain: this.gainOf(name) });
      source.connect(gain).connect(this.context.destination);
      source.start(0, this.positionS);
      return { name, source, gain };
    });
    this.isPlaying = true;
    this.tick();
  }

  pause() {
    if (!this.isPlaying) return;
    this.positionS = this.now();
    for (const { source, gain } of this.nodes) source.stop(), gain.disconnect();
    this.isPlaying = false;
    this.whenMoved();
  }

  now() {
    const nowS = this.isPlaying ? this.context.currentTime - this.startedAt : this.positionS;
    return Math.min(Math.max(nowS, 0), this.durationS ?? 0);
  }

  seek(seconds) {
    const wasPlaying = this.isPlaying;
    this.pause();
    this.positionS = Math.min(Math.max(seconds, 0), this.durationS ?? 0);
    if (wasPlaying) this.play();
    this.whenMoved();
  }

  choose(name, isMatched = this.isMatched) {
    Object.assign(this, { choice: name, isMatched });
    if (!this.isPlaying) return;
    for (const { name, gain } of this.nodes) {
      gain.gain.setTargetAtTime(this.gainOf(name), this.context.currentTime, GLIDE_S);
    }
  }

  tick() {
    if (!this.isPlaying) return;
    if (this.now() >= this.durationS) {
      this.pause();
      return;
    }
    this.whenMoved();
    requestAnimationFrame(() => this.tick());
  }
}
