// Spectrograms: a column of levels a frame, low bands first, drawn as wide as the canvas is.

/// Dark violet, red, yellow, white, as the window of the plugin has them.
const STOPS = [
  [0, 7, 7, 12],
  [0.3, 45, 20, 88],
  [0.55, 166, 42, 92],
  [0.78, 244, 130, 50],
  [0.93, 250, 220, 110],
  [1, 255, 255, 235],
];

const palette = new Uint32Array(256);
for (let level = 0; level < 256; level += 1) {
  const x = level / 255;
  const next = Math.max(1, STOPS.findIndex(([at]) => at >= x));
  const [low, high] = [STOPS[next - 1], STOPS[next]];
  const share = (x - low[0]) / (high[0] - low[0]);
  const [r, g, b] = [1, 2, 3].map((i) => Math.round(low[i] + share * (high[i] - low[i])));
  palette[level] = 0xff000000 | (b << 16) | (g << 8) | r;
}

export class Picture {
  /// `offset`: 0 for the bands before, 1 for those after.
  constructor(canvas, table, offset) {
    Object.assign(this, { canvas, table, offset });
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /// `columns`: all of them; the picture shows `nColumns` from `first` on, whether or not they are
  /// there yet.
  show(columns, first, nColumns) {
    Object.assign(this, { columns, first, nColumns });
    // Once a frame of the screen, however many columns come between two.
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  draw() {
    const { canvas, table, offset, columns } = this;
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    const height = Math.round(canvas.height);
    if (!columns || !width) return;
    if (canvas.width !== width) canvas.width = width;
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(palette[0]);
    const { bands } = table;
    const step = 2 * bands;
    const nThere = columns.length / step;
    const perPixel = this.nColumns / width;
    for (let x = 0; x < width; x += 1) {
      const from = this.first + Math.floor(x * perPixel);
      const to = Math.min(nThere, Math.max(from + 1, this.first + Math.floor((x + 1) * perPixel)));
      if (from < 0 || from >= nThere) continue;
      for (let y = 0; y < height; y += 1) {
        const band = Math.floor(((height - 1 - y) / height) * bands);
        let level = 0;
        for (let column = from; column < to; column += 1) {
          level = Math.max(level, columns[column * step + offset * bands + band]);
        }
        pixels[y * width + x] = palette[level];
      }
    }
    pen.putImageData(image, 0, 0);
    this.drawMarks(pen, width, height);
  }

  drawMarks(pen, width, height) {
    const size = 11 * devicePixelRatio;
    pen.font = `${size}px system-ui, sans-serif`;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const { hz, height: share } of this.table.marks) {
      const y = Math.round((1 - share) * height);
      if (y < size || y > height - size / 2) continue;
      pen.fillStyle = "#ffffff1c";
      pen.fillRect(0, y, width, 1);
      const text = hz < 1000 ? `${hz}` : `${hz / 1000}k`;
      pen.fillStyle = "#000a";
      pen.fillText(text, width - 4 * devicePixelRatio + 1, y + 1);
      pen.fillStyle = "#fffd";
      pen.fillText(text, width - 4 * devicePixelRatio, y);
    }
  }
}

/// Columns that keep coming.
export class Columns {
  constructor(step) {
    this.step = step;
    this.clear();
  }

  clear() {
    this.bytes = new Uint8Array(this.step * 1024);
    this.length = 0;
  }

  push(columns) {
    if (this.length + columns.length > this.bytes.length) {
      const larger = new Uint8Array(2 * (this.length + columns.length));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(columns, this.length);
    this.length += columns.length;
  }

  all() {
    return this.bytes.subarray(0, this.length);
  }

  /// The last so many columns.
  last(n) {
    return this.bytes.slice(Math.max(0, this.length - n * this.step), this.length);
  }
}
