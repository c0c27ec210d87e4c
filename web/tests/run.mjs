// The page in a real Chromium, with a microphone that plays a file. `cargo xtask web --test` builds,
// serves and calls this; what is asserted on is sound, files and what a reader of the screen hears.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { Browser, wait } from "./browser.mjs";

const { QUELL_PAGE, QUELL, QUELL_PICTURES } = env;
/// Error against the command line, relative to the sound. Both have the same integer network; their
/// logarithms and exponentials come from other libraries and round differently.
const MOST_ERROR_DB = -90;
/// The network rounds its activations to 8 bits: where a logarithm lies on the border, that is a step.
const NETWORK_ERROR_DB = -48;
/// Times as fast as it plays, on one core.
const LEAST_SPEED = 12;
const LIVE_S = process.argv.includes("--minute") ? 60 : 4;

const folder = await mkdtemp(join(tmpdir(), "quell-web-"));
const at = (name) => join(folder, name);
const quell = (...args) => execFileSync(QUELL, args, { stdio: ["ignore", "pipe", "pipe"] }).toString();

/// Samples of a WAV of floats, channel by channel.
const readWav = async (path) => {
  const bytes = await readFile(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [nChannels, place, length] = [1, 0, 0];
  for (let chunk = 12; chunk + 8 <= bytes.length; ) {
    const name = bytes.toString("latin1", chunk, chunk + 4);
    const size = view.getUint32(chunk + 4, true);
    if (name === "fmt ") nChannels = view.getUint16(chunk + 10, true);
    if (name === "data") [place, length] = [chunk + 8, size];
    chunk += 8 + size + (size % 2);
  }
  const nFrames = length / 4 / nChannels;
  return Array.from({ length: nChannels }, (_, channel) =>
    Float32Array.from({ length: nFrames }, (_, i) => view.getFloat32(place + 4 * (i * nChannels + channel), true)));
};

const power = (samples) => samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
const db = (ratio) => 10 * Math.log10(Math.max(ratio, 1e-30));
const difference = (a, b) => a.map((sample, i) => sample - b[i]);

const asCommandLine = async (name, clean, input, options, mostDb = MOST_ERROR_DB) => {
  quell("denoise", input, "--force", "-o", at("expected.wav"), "--bits", "32f", "--quiet", ...options);
  const expected = await readWav(at("expected.wav"));
  assert.equal(clean.length, expected.length, "channels");
  clean.forEach((channel, idx) => {
    assert.equal(channel.length, expected[idx].length, "frames");
    const errorDb = db(power(difference(channel, expected[idx])) / power(expected[idx]));
    console.log(`  ${name}: ${errorDb.toFixed(1)} dB of error against the command line`);
    assert.ok(errorDb < mostDb, `${errorDb} dB`);
  });
};

const READY = "document.getElementById('status').textContent.startsWith('Ready')";
const ALERT = "document.getElementById('alert').textContent";
const click = (page, id) => page.value(`document.getElementById("${id}").click()`);
const example = async (page, name) => {
  await page.value(`document.getElementById("status").textContent = ""; [...document.querySelectorAll("#examples button")].find((one) => one.textContent === "${name}").click()`);
  await page.until(READY);
};
const clean = async (page) => {
  const nChannels = await page.value("quell.out.length");
  return Promise.all(Array.from({ length: nChannels }, (_, idx) => page.floats(`quell.out[${idx}]`)));
};
const choose = (page, name, value) =>
  page.value(`document.querySelector('input[name="${name}"][value="${value}"]').click()`);
const again = async (page) => {
  await page.until("document.getElementById('status').textContent.startsWith('Denoising')", 2000).catch(() => {});
  await page.until(READY);
};

const tests = {
  async "the kernel is SIMD's, and gives the plain one's samples bit for bit"(page) {
    assert.equal(await page.value("document.documentElement.dataset.ready"), "simd128");
    await example(page, "Fan");
    const fast = await clean(page);
    await page.value("(quell.isScalar = true, quell.denoise())");
    const plain = await clean(page);
    const plainMs = await page.value("quell.busyMs");
    await page.value("(quell.isScalar = false, quell.denoise())");
    console.log(`  plain ${plainMs.toFixed(0)} ms, SIMD ${(await page.value("quell.busyMs")).toFixed(0)} ms`);
    assert.ok(power(fast[0]) > 1e-6, "there is sound");
    assert.deepEqual(fast[0], plain[0]);
  },

  async "a file comes out as from the command line"(page) {
    await example(page, "Fan");
    assert.match(await page.value("document.getElementById('noise').textContent"), /^Found at 0:0.*steady/);
    await asCommandLine("Neural, Standard", await clean(page), at("fan.flac"), [], NETWORK_ERROR_DB);
    await choose(page, "engine", "gate");
    await again(page);
    await asCommandLine("Gate, Standard", await clean(page), at("fan.flac"), ["--engine", "gate"]);
    await choose(page, "engine", "neural");
    await again(page);
  },

  async "settings do what flags do, at another rate and in stereo"(page) {
    quell("noise", "pink", "-o", at("hiss.wav"), "--seconds", "3", "--rate", "44100", "--channels", "2", "--level", "-40");
    quell("noise", "hum:50", "-o", at("hum.wav"), "--seconds", "3", "--rate", "44100", "--channels", "2", "--level", "-25");
    quell("mix", at("hum.wav"), at("hiss.wav"), "-o", at("stereo.wav"), "--snr", "10");
    await page.value("document.getElementById('status').textContent = ''");
    await page.chooseFile("#file", at("stereo.wav"));
    await page.until(READY);
    await choose(page, "engine", "hybrid");
    await again(page);
    await choose(page, "latency", "studio");
    await again(page);
    await page.value(`(() => { const e = document.getElementById("setting-floor"); e.value = 200; e.dispatchEvent(new Event("input")); e.dispatchEvent(new Event("change")); })()`);
    await again(page);
    assert.equal(await page.value("quell.rateHz"), 44100);
    await asCommandLine("Hybrid, Studio, 20 dB", await clean(page), at("stereo.wav"), ["--engine", "hybrid", "--latency", "studio", "--reduction", "20"], NETWORK_ERROR_DB);
    await choose(page, "engine", "neural");
    await again(page);
    await choose(page, "latency", "standard");
    await page.value(`(() => { const e = document.getElementById("setting-floor"); e.value = 400; e.dispatchEvent(new Event("input")); e.dispatchEvent(new Event("change")); })()`);
    await again(page);
  },

  async "the network takes less than a twelfth of the time that it plays"(page) {
    await example(page, "Fan");
    // A minute: a browser compiles well only what has run for a while.
    await page.value(`(() => {
      const [once] = quell.channels;
      const minute = Float32Array.from({ length: 60 * quell.rateHz }, (_, i) => once[i % once.length]);
      return quell.openSound([minute], quell.rateHz, "A minute");
    })()`);
    const cpuS = async () => {
      const { processInfo } = await page.browser.send("SystemInfo.getProcessInfo");
      return Math.max(...processInfo.filter(({ type }) => type === "renderer").map(({ cpuTime }) => cpuTime));
    };
    // Drawing lengthens the one, waiting for a core the other: neither ever says too fast.
    let fastest = 0;
    for (let attempt = 0; attempt < 3 && fastest < LEAST_SPEED; attempt++) {
      const before = await cpuS();
      await page.value("quell.denoise()");
      const byProcessor = 60 / ((await cpuS()) - before);
      const byClock = await page.value("60_000 / quell.busyMs");
      console.log(`  ${byProcessor.toFixed(0)} times as fast as it plays by processor time, drawing included; ${byClock.toFixed(0)} by the clock`);
      assert.ok(Number.isFinite(byProcessor), "the processes' time stands still");
      fastest = Math.max(fastest, byProcessor, byClock);
    }
    assert.ok(fastest >= LEAST_SPEED, `${fastest} times as fast as it plays`);
  },

  async "a drag learns, and the noise there goes"(page) {
    await example(page, "Fan");
    await click(page, "follow");
    await again(page);
    assert.match(await page.value("document.getElementById('noise').textContent"), /followed/);
    await page.drag("#pictures", 0.05, 0.3);
    await click(page, "learn");
    await again(page);
    assert.match(await page.value("document.getElementById('noise').textContent"), /^Learned from 0:00\.\d to 0:01\.\d: 1\.\d s of noise/);
    const [original, cleaned] = [await page.floats("quell.channels[0]"), (await clean(page))[0]];
    const drop = db(power(original.slice(24000, 72000)) / power(cleaned.slice(24000, 72000)));
    console.log(`  noise ${drop.toFixed(1)} dB lower`);
    assert.ok(drop > 15, `${drop} dB`);
    const light = (id) => page.value(`(() => {
      const { width, height } = document.getElementById("${id}");
      const { data } = document.getElementById("${id}").getContext("2d").getImageData(0, 0, width / 4, height);
      return data.reduce((sum, value, i) => sum + (i % 4 === 3 ? 0 : value), 0) / data.length;
    })()`);
    await wait(100);
    const [before, after] = [await light("before"), await light("after")];
    console.log(`  the picture of the noise is ${before.toFixed(0)} bright before and ${after.toFixed(0)} after`);
    assert.ok(before > 30 && after < before / 2, "the pictures show it");
    // Too short a stretch is refused, and the print stays.
    await page.value(`document.getElementById("from").value = 0.1; document.getElementById("to").value = 0.2; document.getElementById("learn").click()`);
    await page.until(`${ALERT} !== ""`);
    assert.match(await page.value(ALERT), /too short/);
    await page.value("quell.denoise()");
    assert.deepEqual((await clean(page))[0], cleaned);
  },

  async "Original, Clean and Removed are in step and equally loud"(page) {
    await example(page, "Fan");
    const [clean, removed, original] = await Promise.all(["clean", "removed", "original"].map((name) =>
      page.floats(`quell.player.versions.${name}.buffer.getChannelData(0)`)));
    assert.ok(db(power(difference(original, clean.map((sample, i) => sample + removed[i])))) < -120);
    const gains = await page.value("Object.fromEntries(Object.entries(quell.player.versions).map(([name, { gain }]) => [name, gain]))");
    assert.ok(gains.removed > 1.5 * gains.original, JSON.stringify(gains));
    await click(page, "play");
    await page.until("quell.player.now() > 0.5");
    await choose(page, "version", "removed");
    assert.equal(await page.value("quell.player.choice"), "removed");
    assert.match(await page.value("document.getElementById('status').textContent"), /Removed/);
    await click(page, "play");
    await choose(page, "version", "clean");
  },

  async "what is downloaded is what was heard, and prints are the plugin's"(page) {
    await page.browser.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
    await example(page, "Fan");
    const arrived = async (ending) => {
      for (let round = 0; round < 100; round += 1) {
        const name = (await readdir(folder)).find((one) => one.endsWith(ending));
        if (name) return at(name);
        await wait(50);
      }
      throw new Error(`no ${ending} arrived`);
    };
    await click(page, "download");
    assert.deepEqual(await readWav(await arrived("clean.wav")), await clean(page));
    await click(page, "save-print");
    assert.match(quell("profile", "show", await arrived("noise.json")), /noise/i);
  },

  async "a broken file gets one clear sentence, and the sound before it stays"(page) {
    await example(page, "Fan");
    const before = await clean(page);
    await writeFile(at("broken.wav"), Buffer.from("RIFFxxxxWAVEfmt this is no sound at all"));
    await page.chooseFile("#file", at("broken.wav"));
    await page.until(`${ALERT} !== ""`);
    const said = await page.value(ALERT);
    assert.match(said, /^'broken\.wav' cannot be read: .+\.$/);
    assert.deepEqual(await clean(page), before);
    await writeFile(at("broken.json"), "{}");
    await page.chooseFile("#print-file", at("broken.json"));
    await page.until(`${ALERT}.includes("broken.json")`);
    await page.value("document.getElementById('alert').hidden = true");
  },

  async "the keyboard reaches everything, and everything has a name"(page) {
    const { nodes } = await page.send("Accessibility.getFullAXTree");
    const roles = ["button", "slider", "checkbox", "radio", "spinbutton", "meter", "progressbar", "link", "DisclosureTriangle"];
    const found = nodes.filter(({ role, ignored }) => !ignored && roles.includes(role?.value));
    assert.ok(found.length > 30, `${found.length} things to use`);
    const nameless = found.filter(({ name }) => !name?.value);
    assert.deepEqual(nameless.map(({ role }) => role.value), []);
    await page.value("document.activeElement.blur()");
    const reached = new Set();
    for (let step = 0; step < 40; step += 1) {
      await page.press("Tab");
      reached.add(await page.value("document.activeElement.id || document.activeElement.name || document.activeElement.textContent"));
    }
    for (const id of ["choose", "record", "play", "version", "position", "learn", "find", "engine", "setting-floor", "download", "headphones"]) {
      assert.ok(reached.has(id), `${id} of ${[...reached]}`);
    }
    await page.value("document.activeElement.blur(), quell.player.seek(0)");
    await page.press(" ", "Space");
    await page.until("quell.player.isPlaying && quell.player.now() > 0");
    await page.press(" ", "Space");
    assert.equal(await page.value("quell.player.isPlaying"), false);
  },

  async "a recording through the microphone is denoised"(page) {
    await click(page, "record");
    await page.until("quell.recording");
    await wait(2500);
    await page.value("document.getElementById('status').textContent = ''");
    await click(page, "record");
    await page.until(READY);
    assert.ok(await page.value("quell.durationS") > 2);
    const [original, cleaned] = [await page.floats("quell.channels[0]"), (await clean(page))[0]];
    assert.ok(power(original) > 1e-7, "the microphone was heard");
    assert.ok(power(cleaned) < power(original));
  },

  async "live: what goes out is what the core makes of what came in, without a gap"(page) {
    assert.equal(await page.value("document.getElementById('start-live').disabled"), true, "headphones first");
    await click(page, "headphones");
    await click(page, "start-live");
    await page.until("quell.live.nReports > 20");
    await click(page, "capture");
    await page.until("document.getElementById('live-status').textContent.includes('Captured')", 15_000);
    assert.equal(await page.value("document.getElementById('capture').getAttribute('aria-pressed')"), "false");
    console.log(`  ${await page.value("document.getElementById('live-status').textContent")}`);
    await page.picture(join(QUELL_PICTURES, "live.png"));
    await click(page, "start-live");
    // Anew, from its first sample on, and kept.
    await page.value(`(quell.live.keptS = ${LIVE_S + 10})`);
    await click(page, "start-live");
    await page.until("quell.live.node && quell.live.context.currentTime > 2");
    const stats = "JSON.stringify((quell.live.context.playbackStats ?? quell.live.context.playoutStats)?.toJSON?.() ?? null)";
    const began = Date.now();
    const played = "quell.live.context.currentTime";
    const [contextBegan] = [await page.value(played)];
    const statsBefore = JSON.parse(await page.value(stats));
    await wait(1000 * LIVE_S);
    const wallS = (Date.now() - began) / 1000;
    const playedS = await page.value(`${played} - ${contextBegan}`);
    const statsAfter = JSON.parse(await page.value(stats));
    await page.value("quell.live.node.port.postMessage({ tell: true })");
    await page.until("quell.live.kept");
    const nKept = await page.value("quell.live.kept.nKept");
    console.log(`  ${wallS.toFixed(1)} s passed, ${playedS.toFixed(1)} s played; ${JSON.stringify(statsAfter)}`);
    await click(page, "start-live");
    assert.ok(nKept > LIVE_S * 40_000, `${nKept} samples`);
    assert.ok(Math.abs(playedS - wallS) < 0.25 + 0.005 * wallS, "the audio thread kept up");
    // The same blocks through an instance of the page's own.
    const verdict = await page.value(`(async () => {
      const { Quell } = await import("./quell.js");
      const { live, wasm } = quell;
      const core = new Quell(new WebAssembly.Module(wasm));
      core.open(live.context.sampleRate, 1, quell.table.modes.findIndex(({ id }) => id === "live"));
      for (const [row, plain] of quell.controls.allRows()) core.set(row, plain);
      const { came, went, nKept } = live.kept;
      let [wrong, heard, before] = [0, 0, 0];
      for (let at = 0; at < nKept; at += 128) {
        core.block()[0].set(came.subarray(at, at + 128));
        core.process(128);
        const [out] = core.block();
        for (let j = 0; j < 128; j += 1) {
          wrong += (out[j] - went[at + j]) ** 2;
          heard += went[at + j] ** 2;
          before += came[at + j] ** 2;
        }
      }
      return { wrong, heard, before };
    })()`);
    console.log(`  ${db(verdict.wrong / verdict.heard).toFixed(1)} dB of difference to the core, ${db(verdict.before / verdict.heard).toFixed(1)} dB less in all`);
    assert.ok(verdict.heard > 0 && verdict.before > verdict.heard);
    assert.equal(verdict.wrong, 0, "bit for bit");
    // A machine that builds beside it may well take the audio thread's turn: the minute is for a quiet
    // one.
    if (statsAfter && LIVE_S >= 60) {
      const gaps = (stats) => stats.underrunEvents ?? stats.fallbackFramesEvents ?? 0;
      assert.equal(gaps(statsAfter), gaps(statsBefore), "drop-outs");
    }
  },

  async "without a network it opens and works all the same"(page) {
    await page.until("navigator.serviceWorker.controller");
    const offline = { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 };
    await page.send("Network.emulateNetworkConditions", offline);
    const nFaults = page.faults.length;
    await page.send("Page.reload");
    await page.until("document.documentElement.dataset.ready");
    await example(page, "Fan");
    await page.send("Network.emulateNetworkConditions", { ...offline, offline: false, downloadThroughput: -1, uploadThroughput: -1 });
    page.faults.length = nFaults;
  },

  async "nothing leaves the computer"(page) {
    const others = page.requests.filter((url) => !url.startsWith(QUELL_PAGE) && !url.startsWith("blob:") && !url.startsWith("data:"));
    assert.deepEqual(others, []);
    // Forbidden, not merely out of reach.
    const answer = await page.value(`new Promise((done) => {
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) => done(effectiveDirective), { once: true });
      fetch("https://example.com/").catch(() => {});
      setTimeout(() => done("let out"), 2000);
    })`);
    assert.equal(answer, "connect-src");
    // The browser reports what it kept in.
    page.faults.length = 0;
  },

  async "pictures, to be looked at"(page) {
    await example(page, "Fan");
    await page.value("quell.player.seek(3.2)");
    const wide = await page.picture(join(QUELL_PICTURES, "light.png"));
    await page.picture(join(QUELL_PICTURES, "dark.png"), { isDark: true });
    const phone = await page.picture(join(QUELL_PICTURES, "phone.png"), { isDark: true, width: 390 });
    assert.ok(wide.width <= 1100 && phone.width <= 390, "nothing sticks out");
    await page.value("document.querySelector('details').open = true");
    await page.picture(join(QUELL_PICTURES, "more.png"));
  },
};

quell("denoise", process.env.QUELL_MICROPHONE ?? "crates/cli/assets/fan_and_voice.flac", "--force", "-o", at("microphone.wav"), "--bits", "16", "--reduction", "0", "--keep-hum", "--adaptive", "--quiet");
await writeFile(at("fan.flac"), Buffer.from(await (await fetch(`${QUELL_PAGE}sounds/fan.flac`)).arrayBuffer()));
const browser = await Browser.open([
  "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
  `--use-file-for-fake-audio-capture=${at("microphone.wav")}`,
]);
let nFailed = 0;
try {
  const page = await browser.page(QUELL_PAGE);
  await page.until("document.documentElement.dataset.ready");
  const only = env.QUELL_ONLY;
  for (const [name, test] of Object.entries(tests)) {
    if (only && !name.includes(only)) continue;
    const began = Date.now();
    try {
      await test(page);
      assert.deepEqual(page.faults.splice(0), [], "errors in the console");
      console.log(`ok ${((Date.now() - began) / 1000).toFixed(1)} s: ${name}`);
    } catch (error) {
      nFailed += 1;
      console.log(`FAILED: ${name}\n${error.stack}`);
    }
  }
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
console.log(`${nFailed} failed`);
process.exitCode = nFailed ? 1 : 0;
