// Files: finds or learns the noise of a sound and denoises it, off the page's thread.
import { Quell } from "./quell.js";

let quell, table, sound;
/// Grows with every wish to denoise, so that a run that nobody waits for any more ends.
let run = 0;

const rowOf = (id) => table.settings.findIndex((row) => row.id === id);

/// Lets waiting messages in.
const pause = () =>
  new Promise((resume) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (port1.close(), resume());
    port2.postMessage(0);
  });

const tasks = {
  start({ module }) {
    quell = new Quell(module);
    table = quell.describe();
    return { table, kernel: quell.proveKernel() };
  },

  load({ channels, rateHz }) {
    run += 1;
    sound = { channels, rateHz };
    quell.open(rateHz, channels.length, 0);
    return tasks.find();
  },

  find() {
    const stretches = quell.find(sound.channels);
    quell.setPrint("");
    if (!stretches.length) return { stretches, refusal: "there is no half second of steady noise" };
    const toFrame = (seconds) => Math.round(seconds * sound.rateHz);
    try {
      const frames = stretches.map((stretch) => stretch.map(toFrame));
      return { stretches, learned: quell.learn(sound.channels, frames, true) };
    } catch (error) {
      return { stretches: [], refusal: error.message };
    }
  },

  learn({ startS, endS }) {
    const { channels, rateHz } = sound;
    const toFrame = (seconds) =>
      Math.min(channels[0].length, Math.max(0, Math.round(seconds * rateHz)));
    // What was learned before stays where this is refused.
    return { learned: quell.learn(channels, [[toFrame(startS), toFrame(endS)]], false) };
  },

  follow() {
    quell.setPrint("");
    return {};
  },

  print: () => ({ json: quell.print() }),

  setPrint({ json }) {
    quell.setPrint(json);
    return {};
  },

  /// The sound without its noise, as long as it was and not shifted. Columns go out on the way.
  async denoise({ settings, modeIdx, isScalar }) {
    const mine = (run += 1);
    const { channels, rateHz } = sound;
    const { length } = channels[0];
    quell.open(rateHz, channels.length, modeIdx, isScalar);
    for (const [id, plain] of settings) quell.set(rowOf(id), plain);
    const out = channels.map(() => new Float32Array(length));
    const began = performance.now();
    let busyMs = 0;
    const { latency } = quell;
    for (let at = 0; at < length + latency; at += quell.blockLen) {
      const blockBegan = performance.now();
      const n = Math.min(quell.blockLen, length + latency - at);
      quell.block().forEach((view, idx) => {
        const part = channels[idx].subarray(Math.min(at, length), Math.min(at + n, length));
        view.set(part);
        // Silence pushes the end out.
        view.fill(0, part.length, n);
      });
      quell.process(n);
      const skipped = Math.max(0, latency - at);
      if (skipped < n) {
        quell.block().forEach((view, idx) => out[idx].set(view.subarray(skipped, n), at + skipped - latency));
      }
      const columns = quell.columns(table.bands);
      busyMs += performance.now() - blockBegan;
      postMessage({ columns, run: mine, progress: (at + n) / (length + latency) }, [columns.buffer]);
      await pause();
      if (mine !== run) return { isStale: true };
    }
    const transfer = out.map((channel) => channel.buffer);
    return { out, run: mine, busyMs, wallMs: performance.now() - began, transfer };
  },
};

onmessage = async ({ data: { id, task, ...rest } }) => {
  try {
    const { transfer = [], ...answer } = await tasks[task](rest);
    postMessage({ id, answer }, transfer);
  } catch (error) {
    postMessage({ id, error: error.message });
  }
};
