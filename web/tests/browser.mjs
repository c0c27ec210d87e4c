// Drives Chromium over its debugging pipe: no port, nothing to install.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const WAIT_MS = 30_000;

export const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export class Browser {
  static async open(flags) {
    const browser = new Browser();
    browser.home = await mkdtemp(join(tmpdir(), "quell-page-"));
    browser.process = spawn(
      process.env.CHROMIUM ?? "chromium",
      [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio=false",
        "--remote-debugging-pipe", `--user-data-dir=${browser.home}`, "--window-size=1100,1400",
        "--autoplay-policy=no-user-gesture-required", "--hide-scrollbars", ...flags, "about:blank",
      ],
      { stdio: ["ignore", "ignore", process.env.QUELL_VERBOSE ? "inherit" : "ignore", "pipe", "pipe"] },
    );
    const [, , , to, from] = browser.process.stdio;
    Object.assign(browser, { to, waiting: new Map(), listeners: [], lastId: 0, rest: "" });
    from.setEncoding("utf8").on("data", (text) => browser.take(text));
    browser.process.on("exit", () => {
      for (const { failed } of browser.waiting.values()) failed(new Error("Chromium ended"));
    });
    return browser;
  }

  take(text) {
    const messages = (this.rest + text).split("\0");
    this.rest = messages.pop();
    for (const message of messages.map((one) => JSON.parse(one))) {
      const waiting = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (!waiting) for (const listener of this.listeners) listener(message);
      else if (message.error) waiting.failed(new Error(`${waiting.method}: ${message.error.message}`));
      else waiting.done(message.result);
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = (this.lastId += 1);
    this.to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((done, failed) => this.waiting.set(id, { done, failed, method }));
  }

  async close() {
    await this.send("Browser.close").catch(() => {});
    await wait(300);
    this.process.kill("SIGKILL");
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  async page(url) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Tab(this, sessionId);
    for (const domain of ["Page", "Runtime", "Network", "DOM", "Log", "Accessibility"]) {
      await page.send(`${domain}.enable`);
    }
    await page.send("Page.navigate", { url });
    return page;
  }
}

class Tab {
  constructor(browser, sessionId) {
    Object.assign(this, { browser, sessionId, requests: [], faults: [] });
    browser.listeners.push(({ method, params, sessionId: from }) => {
      if (from !== sessionId) return;
      if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
      if (method === "Runtime.exceptionThrown") {
        const { exceptionDetails: { text, exception } } = params;
        this.faults.push(exception?.description ?? text);
      }
      if (method === "Log.entryAdded" && params.entry.level === "error") {
        this.faults.push(`${params.entry.text} ${params.entry.url ?? ""}`);
      }
    });
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  /// The value of an expression, or of the promise that it is.
  async value(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression, awaitPromise: true, returnByValue: true, userGesture: true,
    });
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  /// Waits until an expression is true.
  async until(expression, ms = WAIT_MS) {
    const end = Date.now() + ms;
    while (!(await this.value(`!!(${expression})`).catch(() => false))) {
      if (Date.now() > end) throw new Error(`never came true: ${expression}; alert: ${await this.value("document.getElementById('alert')?.textContent")}; status: ${await this.value("document.getElementById('status')?.textContent")}; ${this.faults}; asked for ${this.requests.slice(-15)}`);
      await wait(50);
    }
  }

  /// Floats of the page, by way of text.
  async floats(expression) {
    const text = await this.value(`(() => {
      const bytes = new Uint8Array(new Float32Array(${expression}).buffer);
      let text = "";
      for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
      return btoa(text);
    })()`);
    const bytes = Buffer.from(text, "base64");
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }

  async press(key, code = key) {
    const about = { key, code, windowsVirtualKeyCode: key === " " ? 32 : key === "Tab" ? 9 : 0, text: key === " " ? " " : undefined };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...about });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...about });
  }

  async drag(selector, from, to) {
    const box = await this.value(`(() => { const e = document.querySelector("${selector}"); e.scrollIntoView({ block: "center" }); const { left, top, width, height } = e.getBoundingClientRect(); return { left, top, width, height }; })()`);
    const y = box.top + box.height / 4;
    const at = (share) => ({ x: box.left + share * box.width, y, button: "left", buttons: 1, clickCount: 1 });
    await this.send("Input.dispatchMouseEvent", { type: "mousePressed", ...at(from) });
    for (let step = 1; step <= 5; step += 1) {
      await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", ...at(from + (step / 5) * (to - from)) });
    }
    await this.send("Input.dispatchMouseEvent", { type: "mouseReleased", ...at(to), buttons: 0 });
  }

  async chooseFile(selector, path) {
    const { root } = await this.send("DOM.getDocument");
    const { nodeId } = await this.send("DOM.querySelector", { nodeId: root.nodeId, selector });
    await this.send("DOM.setFileInputFiles", { nodeId, files: [path] });
  }

  async picture(path, { isDark = false, width = 1100, height } = {}) {
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: isDark ? "dark" : "light" }] });
    await this.send("Emulation.setDeviceMetricsOverride", { width, height: height ?? 900, deviceScaleFactor: 1, mobile: false });
    await wait(400);
    const { cssContentSize } = await this.send("Page.getLayoutMetrics");
    const clip = { x: 0, y: 0, width, height: height ?? cssContentSize.height, scale: 1 };
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true, clip });
    await writeFile(path, Buffer.from(data, "base64"));
    await this.send("Emulation.clearDeviceMetricsOverride");
    return cssContentSize;
  }
}
