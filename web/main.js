// The page: what is on it and what happens when something is pressed. Sound is worked on in
// worker.js and live-worklet.js.
import { Controls, radios } from "./controls.js";
import { Live, recordMicrophone } from "./live.js";
import { Columns, Picture } from "./picture.js";
import { Player } from "./player.js";
import { rateOf } from "./rate.js";
import { toWav } from "./wav.js";

const VERSIONS = [
  { id: "original", name: "Original" },
  { id: "clean", name: "Clean" },
  { id: "removed", name: "Removed" },
];
/// A sound that is longer would not fit a phone's memory.
const MOST_S = 3600;

const $ = (id) => document.getElementById(id);

const say = (text) => ($("status").textContent = text);

/// One sentence, where a reader of the screen hears it too.
const alarm = (text) => {
  $("alert").hidden = !text;
  $("alert").textContent = text;
};

const clock = (seconds) =>
  `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

// ---- The worker ----------------------------------------------------------------------------------

class Workshop {
  constructor(whenColumns) {
    this.worker = new Worker("worker.js", { type: "module" });
    this.waiting = new Map();
    this.worker.onmessage = ({ data }) => {
      if (data.columns) return whenColumns(data);
      const { done, failed } = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.error === undefined) done(data.answer);
      else failed(new Error(data.error));
    };
  }

  ask(task, about = {}, transfer = []) {
    const id = (this.lastId = (this.lastId ?? 0) + 1);
    const answer = new Promise((done, failed) => this.waiting.set(id, { done, failed }));
    this.worker.postMessage({ id, task, ...about }, transfer);
    return answer;
  }
}

// ---- The page ------------------------------------------------------------------------------------

class Page {
  async start() {
    const response = await fetch("quell.wasm");
    this.wasm = await response.arrayBuffer();
    const module = await WebAssembly.compile(this.wasm);
    this.workshop = new Workshop((message) => this.takeColumns(message));
    const { table, kernel } = await this.workshop.ask("start", { module });
    this.table = table;
    this.controls = new Controls(table, $("controls"), $("more"), () => this.settingsChanged());
    this.columns = new Columns(2 * table.bands);
    this.pictures = [new Picture($("before"), table, 0), new Picture($("after"), table, 1)];
    this.player = new Player(() => this.showPosition());
    this.live = new Live(this, $);
    this.wire();
    await this.offerExamples();
    $("about").textContent =
      `Quell ${table.version}, network ${table.model}, kernel ${kernel} (proven equal to the plain one).`;
    document.documentElement.dataset.ready = kernel;
  }

  wire() {
    const inputs = [];
    const set = radios("Listen to", "version", VERSIONS, inputs, (idx) => this.listen(VERSIONS[idx].id));
    $("versions").replaceWith(Object.assign(set, { id: "versions" }));
    inputs[1].checked = true;
    $("choose").onclick = () => $("file").click();
    $("file").onchange = ({ target }) => this.openFile(target.files[0]);
    $("record").onclick = () => this.record();
    $("play").onclick = () => (this.player.isPlaying ? this.player.pause() : this.player.play());
    $("matched").onchange = ({ target }) => this.player.choose(this.player.choice, target.checked);
    $("position").oninput = ({ target }) => this.player.seek(Number(target.value));
    $("learn").onclick = () => this.learn();
    $("find").onclick = () => this.find();
    $("follow").onclick = () => this.follow();
    $("download").onclick = () => this.save(toWav(this.out, this.rateHz), "clean.wav");
    $("save-print").onclick = () => this.savePrint();
    $("load-print").onclick = () => $("print-file").click();
    $("print-file").onchange = ({ target }) => this.loadPrint(target.files[0]);
    for (const id of ["from", "to"]) $(id).oninput = () => this.showSelection();
    this.wireDrop();
    this.wirePictures();
    addEventListener("keydown", (event) => {
      const isFree = event.target === document.body || event.target.id === "position";
      if (event.code === "Space" && isFree && this.rateHz) event.preventDefault(), $("play").click();
    });
  }

  wireDrop() {
    addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("is-over");
    });
    addEventListener("dragleave", () => document.body.classList.remove("is-over"));
    addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("is-over");
      if (event.dataTransfer.files[0]) this.openFile(event.dataTransfer.files[0]);
    });
  }

  /// A press seeks, a drag chooses a stretch.
  wirePictures() {
    const area = $("pictures");
    const secondsAt = (event) => {
      const { left, width } = area.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - left) / width)) * this.durationS;
    };
    let from;
    area.onpointerdown = (event) => {
      area.setPointerCapture(event.pointerId);
      from = secondsAt(event);
    };
    area.onpointermove = (event) => {
      if (from === undefined) return;
      const [start, end] = [from, secondsAt(event)].sort((a, b) => a - b);
      if (end - start < 0.05) return;
      $("from").value = start.toFixed(2);
      $("to").value = end.toFixed(2);
      this.showSelection();
    };
    area.onpointerup = (event) => {
      if (Math.abs(secondsAt(event) - from) < 0.05) this.player.seek(from);
      from = undefined;
    };
    area.onpointercancel = () => (from = undefined);
  }

  async offerExamples() {
    const examples = await (await fetch("sounds/examples.json")).json();
    for (const { file, name, about } of examples) {
      const button = Object.assign(document.createElement("button"), { textContent: name, title: about });
      button.onclick = () => this.openExample(file, name);
      $("examples").append(button);
    }
  }

  // ---- Sounds ------------------------------------------------------------------------------------

  async openExample(file, name) {
    await this.attempt(async () => {
      const response = await fetch(`sounds/${file}`).catch(() => undefined);
      if (!response?.ok) throw new Error(`The example '${name}' is not here: it needs the network once.`);
      await this.openBytes(await response.arrayBuffer(), name);
    });
  }

  async openFile(file) {
    await this.attempt(async () => this.openBytes(await file.arrayBuffer(), file.name));
  }

  async openBytes(bytes, name) {
    say(`Reading ${name}…`);
    const rateHz = rateOf(bytes);
    let sound;
    try {
      sound = await new OfflineAudioContext(1, 1, rateHz).decodeAudioData(bytes);
    } catch {
      throw new Error(`'${name}' cannot be read: it is damaged, or of a kind that this browser does not know. WAV, FLAC and MP3 always work.`);
    }
    const channels = Array.from({ length: sound.numberOfChannels }, (_, idx) => sound.getChannelData(idx));
    await this.openSound(channels, sound.sampleRate, name);
  }

  async openSound(channels, rateHz, name) {
    const durationS = channels[0].length / rateHz;
    if (durationS < 0.1) throw new Error(`'${name}' is too short: there is hardly any sound in it.`);
    if (durationS > MOST_S) throw new Error(`'${name}' is longer than an hour: the command line takes files of any length.`);
    Object.assign(this, { channels, rateHz, name, durationS, out: undefined });
    $("work").hidden = false;
    const layout = channels.length === 1 ? "mono" : channels.length === 2 ? "stereo" : `${channels.length} channels`;
    $("work-title").textContent = `${name}: ${clock(durationS)}, ${rateHz / 1000} kHz, ${layout}`;
    for (const id of ["from", "to"]) $(id).max = durationS.toFixed(2);
    $("position").max = durationS;
    this.player.pause();
    this.player.positionS = 0;
    const heard = await this.workshop.ask("load", { channels, rateHz });
    this.tellNoise(heard);
    await this.denoise();
  }

  async record() {
    if (this.recording) {
      const { channels, rateHz } = this.recording.stop();
      this.recording = undefined;
      $("record").textContent = "Record with the microphone";
      await this.attempt(() => this.openSound(channels, rateHz, "Recording"));
      return;
    }
    await this.attempt(async () => {
      this.recording = await recordMicrophone();
      $("record").textContent = "Stop recording";
      say("Recording. Leave a second or two of nothing but the noise.");
    });
  }

  // ---- Noise -------------------------------------------------------------------------------------

  tellNoise({ stretches = [], learned, refusal }) {
    if (learned) {
      const places = stretches.map(([start, end]) => `${clock(start)} to ${clock(end)}`).join(", ");
      $("noise").textContent = `Found at ${places}: ${learned}.`;
      [$("from").value, $("to").value] = stretches[0].map((seconds) => seconds.toFixed(2));
    } else {
      $("noise").textContent = `Nothing but noise is nowhere to be found (${refusal}): the noise is followed as it changes.`;
    }
    this.showSelection(!!learned);
  }

  async find() {
    await this.attempt(async () => {
      this.tellNoise(await this.workshop.ask("find"));
      await this.denoise();
    });
  }

  async learn() {
    await this.attempt(async () => {
      const [startS, endS] = [Number($("from").value), Number($("to").value)];
      if (!(endS > startS)) throw new Error("Choose a stretch first: it must end after it begins.");
      const { learned } = await this.workshop.ask("learn", { startS, endS });
      $("noise").textContent = `Learned from ${clock(startS)} to ${clock(endS)}: ${learned}.`;
      await this.denoise();
    });
  }

  async follow() {
    await this.attempt(async () => {
      await this.workshop.ask("follow");
      $("noise").textContent = "The noise is followed as it changes.";
      await this.denoise();
    });
  }

  async savePrint() {
    await this.attempt(async () => {
      const { json } = await this.workshop.ask("print");
      this.save(new Blob([json], { type: "application/json" }), "noise.json");
    });
  }

  async loadPrint(file) {
    await this.attempt(async () => {
      await this.workshop.ask("setPrint", { json: await file.text() }).catch((error) => {
        throw new Error(`'${file.name}' is not used: ${error.message}.`);
      });
      $("noise").textContent = `The print of '${file.name}'.`;
      await this.denoise();
    });
  }

  showSelection(isShown = true) {
    const [from, to] = [Number($("from").value), Number($("to").value)];
    const share = (seconds) => `${(100 * Math.min(seconds, this.durationS)) / this.durationS}%`;
    $("selection").hidden = !isShown || !(to > from);
    Object.assign($("selection").style, { left: share(from), width: share(to - from) });
  }

  // ---- Denoising ---------------------------------------------------------------------------------

  settingsChanged() {
    this.live?.settingsChanged();
    if (this.rateHz) this.attempt(() => this.denoise());
  }

  async denoise() {
    this.columns.clear();
    this.run = undefined;
    this.startColumn = undefined;
    say("Denoising…");
    const { modeIdx } = this.controls;
    const about = { settings: this.controls.all(), modeIdx, isScalar: this.isScalar };
    const answer = await this.workshop.ask("denoise", about);
    if (answer.isStale) return;
    const { out, busyMs } = answer;
    this.out = out;
    const removed = this.channels.map((channel, idx) => channel.map((sample, i) => sample - out[idx][i]));
    this.player.load({ original: this.channels, clean: out, removed }, this.rateHz);
    $("download").disabled = false;
    this.busyMs = busyMs;
    say(`Ready: ${clock(this.durationS)} in ${(busyMs / 1000).toFixed(1)} s.`);
    this.showPosition();
  }

  takeColumns({ columns, progress, run }) {
    // What an older run still had on its way.
    if (this.run !== undefined && run < this.run) return;
    if (this.run !== run) this.columns.clear();
    this.run = run;
    this.columns.push(columns);
    $("progress").value = progress;
    const isStudio = this.table.modes[this.controls.modeIdx].id === "studio";
    // A column stands for the middle of its window.
    const first = isStudio ? 5 : 1;
    const nColumns = Math.round(this.durationS * 100);
    for (const picture of this.pictures) picture.show(this.columns.all(), first, nColumns);
  }

  // ---- Listening ---------------------------------------------------------------------------------

  listen(version) {
    this.player.choose(version);
    say(`Listening to: ${VERSIONS.find(({ id }) => id === version).name}`);
  }

  showPosition() {
    const seconds = this.player.now();
    $("play").textContent = this.player.isPlaying ? "Pause" : "Play";
    $("head").style.left = `${(100 * seconds) / (this.durationS || 1)}%`;
    $("position").value = seconds;
    $("position").setAttribute("aria-valuetext", clock(seconds));
    $("clock").textContent = `${clock(seconds)} / ${clock(this.durationS || 0)}`;
  }

  save(blob, ending) {
    const stem = this.name.replace(/\.[^.]+$/, "");
    const link = Object.assign(document.createElement("a"), {
      href: URL.createObjectURL(blob),
      download: `${stem} ${ending}`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  /// Does something and says in one sentence what is wrong with it.
  async attempt(work) {
    alarm("");
    try {
      await work();
    } catch (error) {
      say("");
      alarm(/[.!?]$/.test(error.message) ? error.message : `${error.message}.`);
    }
  }
}

const page = new Page();
// For tests and for the curious.
globalThis.quell = page;
page.start().catch((error) => {
  alarm(`This browser cannot run Quell (${error.message}). A current Firefox, Chrome, Edge or Safari can.`);
});
// Where pages may keep themselves for later; not everywhere, and not from a file.
navigator.serviceWorker?.register("sw.js").catch(() => {});
