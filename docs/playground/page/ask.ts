// The page's side of the worker: questions are promises, training's progress comes by itself.
import type { Answer, Answers, Progress, Question } from './worker';

const worker = new Worker(new URL('worker.js', document.baseURI), { type: 'module' });
const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
let count = 0;
let listener: (progress: Progress) => void = () => {};
let failure: Error | undefined; // the worker itself is not there

/// Asks the worker for one of its answers. Rejects with the engine's own words.
export function ask<Name extends keyof Answers>(
  name: Name,
  ...all: Parameters<Answers[Name]>
): Promise<ReturnType<Answers[Name]>> {
  return new Promise((resolve, reject) => {
    if (failure) return reject(failure);
    const question: Question = { id: ++count, ask: name, with: all };
    waiting.set(question.id, { resolve: resolve as (result: unknown) => void, reject });
    worker.postMessage(question);
  });
}

export function onProgress(listen: (progress: Progress) => void): void {
  listener = listen;
}

worker.onmessage = ({ data }: MessageEvent<Answer | Progress>) => {
  if (!('id' in data)) return listener(data);
  const asker = waiting.get(data.id);
  waiting.delete(data.id);
  if (data.error === undefined) asker?.resolve(data.result);
  else asker?.reject(new Error(data.error));
};

/// Without a worker every question fails alike.
worker.onerror = (event) => {
  failure = new Error(
    event.message || 'The page’s worker, worker.js, cannot be loaded: is it on the server?',
  );
  for (const asker of waiting.values()) asker.reject(failure);
  waiting.clear();
};
