// The microphone: live through the denoiser, or recorded as it is.
import { Columns, Picture } from "./picture.js";

/// What the browser would do to the sound itself is what Quell is there for.
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const SHOWN_COLUMNS = 1000;

const openMicrophone = async () => {
  if (!navigator.mediaDevices) throw new Error("This page may not use the microphone here: open it over https.");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
  } catch (error) {
    throw new Error(
      error.name === "NotFoundError"
        ? "There is no microphone: plug one in and try again."
        : `The microphone cannot be used (${error.message}): allow it for this page and try again.`,
    );
  }
};

const closeMicrophone = (stream) => stream.getTracks().forEach((track) => track.stop());

/// Records until `stop` is called, which gives the sound.
export const recordMicrophone = async () => {
  const stream = await openMicrophone();
  const context = new AudioContext();
  await context.audioWorklet.addModule("live-worklet.js");
  const node = new AudioWorkletNode(context, "quell-recorder", { numberOfOutputs: 0 });
  const parts = [];
  node.port.onmessage = ({ data }) => parts.push(data);
  context.createMediaStreamSource(stream).connect(node);
  return {
    stop() {
      closeMicrophone(stream);
      context.close();
      const nChannels = Math.max(1, ...parts.map((part) => part.length));
      const length = parts.reduce((sum, part) => sum + part[0].length, 0);
      const channels = Array.from({ length: nChannels }, () => new Float32Array(length));
      let at = 0;
      for (const part of parts) {
        channels.forEach((channel, idx) => channel.set(part[idx] ?? part[0], at));
        at += part[0].length;
      }
      return { channels, rateHz: context.sampleRate };
    },
  };
};

const inDb = (peak) => 20 * Math.log10(Math.max(peak, 1e-6));

export class Live {
  constructor(page, $) {
    Object.assign(this, { page, $, keptS: 0, nReports: 0 });
    $("headphones").onchange = ({ target }) => ($("start-live").disabled = !target.checked && !this.node);
    $("start-live").onclick = () => page.attempt(() => (this.node ? this.stop() : this.start()));
    $("capture").onclick = () => this.capture();
    $("live-bypass").onchange = ({ target }) => this.set("bypass", Number(target.checked));
    const { table } = page;
    this.columns = new Columns(2 * table.bands);
    this.pictures = [new Picture($("live-before"), table, 0), new Picture($("live-after"), table, 1)];
  }

  rowOf(id) {
    return this.page.table.settings.findIndex((row) => row.id === id);
  }

  async start() {
    const { $, page } = this;
    this.stream = await openMicrophone();
    this.context = new AudioContext({ latencyHint: "interactive" });
    await this.context.audioWorklet.addModule("live-worklet.js");
    const modeIdx = page.table.modes.findIndex(({ id }) => id === "live");
    const processorOptions = {
      wasm: page.wasm,
      modeIdx,
      settings: page.controls.allRows(),
      bands: page.table.bands,
      keptS: this.keptS,
    };
    this.node = new AudioWorkletNode(this.context, "quell-live", {
      numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1],
      channelCount: 1, channelCountMode: "explicit", processorOptions,
    });
    this.node.onprocessorerror = () => page.attempt(() => {
      this.stop();
      throw new Error("The audio thread stopped: reload the page.");
    });
    this.node.port.onmessage = ({ data }) => this.take(data);
    this.context.createMediaStreamSource(this.stream).connect(this.node).connect(this.context.destination);
    this.columns.clear();
    await this.context.resume();
    $("start-live").textContent = "Stop";
    $("capture").disabled = $("live-bypass").disabled = $("live-view").hidden = false;
  }

  stop() {
    const { $ } = this;
    this.node.port.postMessage({ close: true });
    closeMicrophone(this.stream);
    this.context.close();
    this.node = undefined;
    $("start-live").textContent = "Start";
    $("start-live").disabled = !$("headphones").checked;
    $("capture").disabled = $("live-bypass").disabled = $("live-view").hidden = true;
    $("live-bypass").checked = false;
    $("live-status").textContent = "Stopped.";
  }

  set(id, plain) {
    this.node?.port.postMessage({ set: [[this.rowOf(id), plain]] });
  }

  settingsChanged() {
    this.node?.port.postMessage({ set: this.page.controls.allRows().filter(([row]) => row !== this.rowOf("capture") && row !== this.rowOf("bypass")) });
  }

  /// Two seconds of noise are enough: it ends by itself, or when pressed again.
  capture() {
    this.isCapturing = !this.isCapturing;
    this.$("capture").setAttribute("aria-pressed", this.isCapturing);
    this.set("capture", Number(this.isCapturing));
  }

  take(data) {
    const { $ } = this;
    if (data.latencyS !== undefined) this.latencyS = data.latencyS;
    if (data.came) this.kept = data;
    if (!data.columns) return;
    this.nReports += 1;
    this.isCapturing = !!data.isCapturing;
    $("capture").setAttribute("aria-pressed", this.isCapturing);
    const said = new TextDecoder().decode(data.status);
    const { outputLatency = 0, baseLatency = 0 } = this.context;
    const ms = Math.round(1000 * (this.latencyS + outputLatency + baseLatency));
    $("live-status").textContent = `Running, ${ms} ms behind the microphone. ${said ? said[0].toUpperCase() + said.slice(1) : "The noise is followed; a capture tells it exactly"}.`;
    $("meter-before").value = inDb(data.before);
    $("meter-after").value = inDb(data.after);
    this.columns.push(data.columns);
    if (this.columns.length > 4 * SHOWN_COLUMNS * this.columns.step) {
      const last = this.columns.last(SHOWN_COLUMNS);
      this.columns.clear();
      this.columns.push(last);
    }
    const all = this.columns.last(SHOWN_COLUMNS);
    const first = all.length / this.columns.step - SHOWN_COLUMNS;
    for (const picture of this.pictures) picture.show(all, first, SHOWN_COLUMNS);
  }
}
