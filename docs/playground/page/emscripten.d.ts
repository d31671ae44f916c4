// What emcc makes (build/playground/engine/engine.js) when it is imported.
import type { Engine } from './engine';
export default function createEngine(module: { wasmBinary: ArrayBuffer }): Promise<Engine>;
