// The settings, made from the core's own table: names, ranges, defaults and help are its words.

/// Shown first; all others of the sound stand behind 'More settings'.
const FIRST = ["floor", "engine"];
/// The page does these itself, or has no use for them.
const NOT_HERE = ["monitor", "source", "gain", "mix"];
/// Which engine files go through where nobody asked for another, as on the command line.
const USUAL_ENGINE = "neural";

/// A slider's way: times differ most where they are short, frequencies by octaves, and to the right is more.
const toWay = (row, plain) => {
  if (row.is_more_below) return (row.max - plain) / (row.max - row.min);
  const share = (plain - row.min) / (row.max - row.min);
  if (row.scale === "short") return share ** (1 / Math.log2(10));
  if (row.scale === "octaves") return Math.log(plain / row.min) / Math.log(row.max / row.min);
  return share;
};

const fromWay = (row, way) => {
  if (row.is_more_below) return row.max - way * (row.max - row.min);
  if (row.scale === "octaves") return row.min * (row.max / row.min) ** way;
  const share = row.scale === "short" ? way ** Math.log2(10) : way;
  return row.min + share * (row.max - row.min);
};

const rounded = (row, plain) => {
  const digits = row.max - row.min >= 100 ? 0 : row.max - row.min > 9 ? 1 : 2;
  return Number(plain.toFixed(digits));
};

export const written = (row, plain) => {
  if (row.kind === "switch") return plain > 0.5 ? "On" : "Off";
  if (row.kind === "choice") return row.variants[plain].name;
  return `${String(rounded(row, plain)).replace("-", "\u2212")} ${row.unit}`.trim();
};

const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

/// What the legend says to a reader of the screen, for those who see.
const heading = (textContent) => {
  const element = make("span", { className: "heading", textContent });
  element.setAttribute("aria-hidden", "true");
  return element;
};

export class Controls {
  constructor(table, first, more, whenChanged) {
    Object.assign(this, { table, whenChanged, values: new Map(), shown: new Map() });
    for (const row of table.settings) this.values.set(row.id, row.default);
    for (const id of FIRST) this.add(first, this.row(id));
    this.addMode(first);
    for (const row of table.settings) {
      if (row.is_sound && !FIRST.includes(row.id) && !NOT_HERE.includes(row.id)) this.add(more, row);
    }
    const engine = this.row("engine").variants.findIndex(({ id }) => id === USUAL_ENGINE);
    this.set("engine", engine);
  }

  row(id) {
    return this.table.settings.find((row) => row.id === id);
  }

  /// All values, by the settings' ids.
  all() {
    return [...this.values];
  }

  /// By their places in the table.
  allRows() {
    const place = (id) => this.table.settings.findIndex((row) => row.id === id);
    return this.all().map(([id, plain]) => [place(id), plain]);
  }

  set(id, plain) {
    this.values.set(id, plain);
    for (const show of this.shown.values()) show();
  }

  change(id, plain) {
    this.set(id, plain);
    this.whenChanged();
  }

  add(parent, row) {
    const box = make("div", { className: row.kind === "choice" ? "control wide" : "control" });
    const inputId = `setting-${row.id}`;
    const help = make("p", { className: "help", id: `${inputId}-help`, textContent: row.help });
    if (row.kind === "choice") box.append(heading(row.name), this.choice(row));
    else if (row.kind === "switch") box.append(...this.switch(row, inputId));
    else box.append(...this.slider(row, inputId));
    box.append(help);
    box.querySelector("input").setAttribute("aria-describedby", help.id);
    parent.append(box);
    const showValue = this.shown.get(row.id);
    this.shown.set(row.id, () => {
      showValue();
      box.classList.toggle("is-idle", !row.acts_on.includes(this.values.get("engine")));
    });
  }

  slider(row, id) {
    const label = make("label", { htmlFor: id, textContent: row.name });
    const output = make("output", { htmlFor: id });
    const input = make("input", { id, type: "range", min: 0, max: 1000, step: 1 });
    input.addEventListener("input", () => {
      this.set(row.id, rounded(row, fromWay(row, input.value / 1000)));
    });
    input.addEventListener("change", () => this.whenChanged());
    this.shown.set(row.id, () => {
      const plain = this.values.get(row.id);
      input.value = Math.round(1000 * toWay(row, plain));
      output.textContent = written(row, plain);
      input.setAttribute("aria-valuetext", output.textContent);
    });
    return [label, output, input];
  }

  switch(row, id) {
    const input = make("input", { id, type: "checkbox" });
    input.addEventListener("change", () => this.change(row.id, Number(input.checked)));
    this.shown.set(row.id, () => (input.checked = this.values.get(row.id) > 0.5));
    return [make("label", { htmlFor: id, textContent: row.name }), input];
  }

  choice(row) {
    const inputs = [];
    const set = radios(row.name, row.id, row.variants, inputs, (idx) => this.change(row.id, idx));
    this.shown.set(row.id, () => (inputs[this.values.get(row.id)].checked = true));
    return set;
  }

  /// The latency mode belongs to the stream, not to the settings of the sound.
  addMode(parent) {
    const { modes } = this.table;
    this.modeIdx = modes.findIndex(({ id }) => id === "standard");
    const inputs = [];
    const set = radios("Latency", "latency", modes, inputs, (idx) => {
      this.modeIdx = idx;
      this.whenChanged();
    });
    inputs[this.modeIdx].checked = true;
    const box = make("div", { className: "control wide" }, heading("Latency"), set);
    const said = modes.map(({ name, help }) => `${name}: ${help}.`).join(" ");
    box.append(make("p", { className: "help", textContent: `${said} Files come out in time in all of them.` }));
    parent.append(box);
  }
}

/// A row of buttons of which one is chosen.
export const radios = (legend, name, variants, inputs, whenChosen) => {
  const set = make("fieldset", { className: "choice" }, make("legend", { textContent: legend }));
  variants.forEach((variant, idx) => {
    const input = make("input", { type: "radio", name, value: variant.id });
    input.addEventListener("change", () => whenChosen(idx));
    inputs.push(input);
    const text = make("span", { textContent: variant.name, title: variant.help ?? "" });
    set.append(make("label", {}, input, text));
  });
  return set;
};
