// Runs a WebAssembly program on Node: `node wasi.mjs PROGRAM [ARGUMENTS]`. Its exit code is ours.
import { readFile } from "node:fs/promises";
import { argv, exit } from "node:process";
import { WASI } from "node:wasi";

const [program, ...rest] = argv.slice(2);
// Tests read the project's files by their full paths.
const wasi = new WASI({ version: "preview1", args: [program, ...rest], preopens: { "/": "/" } });
const imports = { wasi_snapshot_preview1: wasi.wasiImport };
const { instance } = await WebAssembly.instantiate(await readFile(program), imports);
exit(wasi.start(instance));
