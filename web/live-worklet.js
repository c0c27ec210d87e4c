// The microphone, on the audio thread: denoises what comes in, or records it as it is.
import { Quell } from "./quell.js";

/// Between two reports to the page, seconds.
const REPORT_S = 0.05;

const peak = (samples, before) => {
  let most = before;
  for (let i = 0; i < samples.length; i += 1) most = Math.max(most, Math.abs(samples[i]));
  return most;
};

class Live extends AudioWorkletProcessor {
  constructor({ processorOptions: { wasm, modeIdx, settings, bands, isKept } }) {
    super();
    this.quell = new Quell(new WebAssembly.Module(wasm));
    this.quell.open(sampleRate, 1, modeIdx);
    for (const [row, plain] of settings) this.quell.set(row, plain);
    // A test keeps what came in and what went out.
    Object.assign(this, { bands, isKept, before: 0, after: 0, nSinceReport: 0 });
    this.port.onmessage = ({ data }) => {
      if (data.set) for (const [row, plain] of data.set) this.quell.set(row, plain);
      if (data.close) this.isClosed = true;
    };
    this.port.postMessage({ latencyS: this.quell.latency / sampleRate });
  }

  process([input], [output]) {
    const out = output[0];
    const microphone = input[0];
    const [block] = this.quell.block();
    if (microphone) block.set(microphone);
    else block.fill(0, 0, out.length);
    if (this.isKept) this.port.postMessage({ came: block.slice(0, out.length) });
    this.before = peak(block.subarray(0, out.length), this.before);
    this.quell.process(out.length);
    const [cleaned] = this.quell.block();
    for (const channel of output) channel.set(cleaned.subarray(0, out.length));
    this.after = peak(out, this.after);
    if (this.isKept) this.port.postMessage({ went: out.slice() });
    this.nSinceReport += out.length;
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
