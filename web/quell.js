// The denoiser in WebAssembly: what `crates/web/src/lib.rs` offers, with arrays and texts instead of
// addresses. The worker and the audio thread each make one.

export class Quell {
  constructor(module) {
    this.wasm = new WebAssembly.Instance(module).exports;
    this.blockLen = this.wasm.quell_block_len();
    this.nChannels = 0;
  }

  // ---- Texts -------------------------------------------------------------------------------------

  /// The bytes of the last text; the audio thread has nothing to decode them with.
  textBytes() {
    const start = this.wasm.quell_text();
    return new Uint8Array(this.wasm.memory.buffer, start, this.wasm.quell_text_len()).slice();
  }

  text() {
    return new TextDecoder().decode(this.textBytes());
  }

  /// The text of a call that can fail; throws it if it did.
  told(isDone) {
    const text = this.text();
    if (!isDone) throw new Error(text);
    return text;
  }

  describe() {
    this.wasm.quell_describe();
    return JSON.parse(this.text());
  }

  proveKernel() {
    return this.told(this.wasm.quell_prove_kernel());
  }

  // ---- Streams -----------------------------------------------------------------------------------

  open(rateHz, nChannels, modeIdx, isScalar = false) {
    if (!this.wasm.quell_open(rateHz, nChannels, modeIdx, isScalar)) throw new Error("no stream");
    this.nChannels = nChannels;
    this.latency = this.wasm.quell_latency();
  }

  /// Views of the block, one a channel. Memory that grows leaves old views empty: take new ones.
  block() {
    const { memory } = this.wasm;
    const view = (_, idx) =>
      new Float32Array(memory.buffer, this.wasm.quell_block(idx), this.blockLen);
    return Array.from({ length: this.nChannels }, view);
  }

  set(rowIdx, plain) {
    this.wasm.quell_set(rowIdx, plain);
  }

  process(nFrames) {
    this.wasm.quell_process(nFrames);
  }

  /// Columns of both spectrograms since the last call.
  columns(nBands) {
    const length = this.wasm.quell_columns_len() * 2 * nBands;
    return new Uint8Array(this.wasm.memory.buffer, this.wasm.quell_columns(), length).slice();
  }

  // ---- Prints ------------------------------------------------------------------------------------

  /// Calls `each` with every block of a stretch of a sound, which lies in the block by then.
  forBlocks(channels, start, end, each) {
    for (let at = start; at < end; at += this.blockLen) {
      const n = Math.min(this.blockLen, end - at);
      this.block().forEach((view, idx) => view.set(channels[idx].subarray(at, at + n)));
      each(n);
    }
  }

  /// Learns the print from stretches, pairs of frames. Says what it learned.
  learn(channels, stretches, isFound) {
    for (const [start, end] of stretches) {
      this.forBlocks(channels, start, end, (n) => this.told(this.wasm.quell_learn(n)));
      this.told(this.wasm.quell_learn_end());
    }
    return this.told(this.wasm.quell_print_learned(isFound));
  }

  /// Pairs of seconds between which nothing but noise sounds.
  find(channels) {
    const { length } = channels[0];
    this.forBlocks(channels, 0, length, (n) => this.told(this.wasm.quell_find(n)));
    return JSON.parse(this.told(this.wasm.quell_find_end()));
  }

  print() {
    return this.told(this.wasm.quell_print());
  }

  /// An empty text removes the print.
  setPrint(json) {
    const bytes = new TextEncoder().encode(json);
    const start = this.wasm.quell_text_room(bytes.length);
    new Uint8Array(this.wasm.memory.buffer, start, bytes.length).set(bytes);
    this.told(this.wasm.quell_set_print());
  }
}
