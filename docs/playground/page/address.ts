// All that can be set, in the address behind #: what one sees can be sent to somebody else.

const entries = new URLSearchParams(location.hash.slice(1));

export function setting(name: string, otherwise: string): string {
  return entries.get(name) ?? otherwise;
}

/// A number of the address, within its range; what is no number, or lies outside, is left alone.
export function numberSetting(name: string, otherwise: number, low: number, high: number): number {
  const text = entries.get(name);
  const number = Number(text);
  return text !== null && text !== '' && number >= low && number <= high ? number : otherwise;
}

/// Takes effect in the address at once; no step back in the browser's history for each.
export function remember(name: string, value: string | number): void {
  entries.set(name, String(value));
  history.replaceState(null, '', `#${entries}`);
}

export function forget(name: string): void {
  entries.delete(name);
  history.replaceState(null, '', `#${entries}`);
}
