// The microphone, on the audio thread: denoises what comes in, or records it as it is.
import { Quell } from "./quell.js";

/// Between two reports to the page, seconds.
const REPORT_S = 0.05;
/// Noise that is denoised for nobody.
const WARM_UP_S = 2;

const peak = (samples, length, before) => {
  let most = before;
  for (let i = 0; i < length; i += 1) most = Math.max(most, Math.abs(samples[i]));
  return most;
};

class Live extends AudioWorkletProcessor {
  constructor({ processorOptions: { wasm, modeIdx, settings, bands, keptS } }) {
    super();
    this.quell = new Quell(new WebAssembly.Module(wasm));
    this.warmUp(modeIdx, settings);
    this.quell.open(sampleRate, 1, modeIdx);
    for (const [row, plain] of settings) this.quell.set(row, plain);
    Object.assign(this, { bands, before: 0, after: 0, nSinceReport: 0, nKept: 0 });
    // A test keeps so many seconds of what came in and what went out.
    const kept = () => new Float32Array(Math.ceil((keptS ?? 0) * sampleRate));
    [this.came, this.went] = [kept(), kept()];
    this.port.onmessage = ({ data }) => {
      if (data.set) for (const [row, plain] of data.set) this.quell.set(row, plain);
      if (data.tell) this.port.postMessage({ came: this.came, went: this.went, nKept: this.nKept });
      if (data.close) this.isClosed = true;
    };
    this.port.postMessage({ latencyS: this.quell.latency / sampleRate });
  }

  /// A browser compiles well only what has run for a while: better before the sound begins.
  warmUp(modeIdx, settings) {
    this.quell.open(sampleRate, 1, modeIdx);
    for (const [row, plain] of settings) this.quell.set(row, plain);
    for (let at = 0; at < WARM_UP_S * sampleRate; at += this.quell.blockLen) {
      const block = this.block();
      for (let i = 0; i < block.length; i += 1) block[i] = 0.01 * (Math.random() - 0.5);
      this.quell.process(block.length);
    }
  }

  /// The block of the only channel: the same view until memory grows, so that nothing is left to be
  /// collected.
  block() {
    if (this.view?.buffer !== this.quell.wasm.memory.buffer) [this.view] = this.quell.block();
    return this.view;
  }

  process([input], [output]) {
    const out = output[0];
    const { length } = out;
    const microphone = input[0];
    if (microphone) this.block().set(microphone);
    else this.block().fill(0, 0, length);
    const isKept = this.nKept + length <= this.came.length;
    if (isKept) for (let i = 0; i < length; i += 1) this.came[this.nKept + i] = this.block()[i];
    this.before = peak(this.block(), length, this.before);
    this.quell.process(length);
    const cleaned = this.block();
    for (let i = 0; i < length; i += 1) out[i] = cleaned[i];
    this.after = peak(out, length, this.after);
    if (isKept) {
      this.went.set(out, this.nKept);
      this.nKept += length;
    }
    this.nSinceReport += length;
    if (this.nSinceReport >= REPORT_S * sampleRate) this.report();
    return !this.isClosed;
  }

  report() {
    const isCapturing = this.quell.wasm.quell_capture();
    const status = this.quell.textBytes();
    const columns = this.quell.columns(this.bands);
    const { before, after } = this;
    this.port.postMessage({ before, after, columns, status, isCapturing, frame: currentFrame });
    Object.assign(this, { before: 0, after: 0, nSinceReport: 0 });
  }
}

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.port.onmessage = () => (this.isClosed = true);
  }

  process([input]) {
    if (input.length) this.port.postMessage(input.map((channel) => channel.slice()));
    return !this.isClosed;
  }
}

registerProcessor("quell-live", Live);
registerProcessor("quell-recorder", Recorder);
