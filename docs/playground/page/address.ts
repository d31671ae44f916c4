// All that can be set, in the address behind #: what one sees can be sent to somebody else.
import { byId } from './dom';

type Name =
  | ('view' | 'theme' | 'system' | 'model' | 'samples' | 'noise' | 'layers' | 'width')
  | ('optimiser' | 'rate' | 'steps' | 'pace' | 'seed' | 'start' | 'f' | 'by' | 'x' | 'y');

/// Whether a text is right for a setting, and what would be.
export interface Rule {
  fits(text: string): boolean;
  right: string;
}

export const oneOf = (choices: readonly string[]): Rule => ({
  fits: (text) => choices.includes(text),
  right: choices.length === 1 ? choices[0] : `one of ${choices.join(', ')}`,
});

export const within = (low: number, high: number): Rule => ({
  fits: (text) => text.trim() !== '' && Number(text) >= low && Number(text) <= high,
  right: `a number from ${low} to ${high}`,
});

// A plus written by hand is a plus, as in x+y; the page itself writes %2B.
const entries = new URLSearchParams(location.hash.slice(1).replaceAll('+', '%2B'));

function write(): void {
  history.replaceState(null, '', `#${String(entries).replaceAll('+', '%20')}`);
}

/// What the address says, if that is right. Else the page goes on with its own, and a notice tells.
export function setting(name: Name, otherwise: string, rule: Rule): string {
  const text = entries.get(name);
  if (text === null) return otherwise;
  if (rule.fits(text)) return text;
  entries.delete(name);
  const said = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  const notice = byId('refused');
  notice.append(`The address says ${name}=${said}; it must be ${rule.right}. `);
  notice.hidden = false;
  return otherwise;
}

/// Takes effect in the address at once; no step back in the browser's history for each.
export function remember(settings: Partial<Record<Name, string | number>>): void {
  for (const [name, value] of Object.entries(settings)) entries.set(name, String(value));
  write();
}

export function forget(name: Name): void {
  entries.delete(name);
  write();
}

/// Another address, typed or followed while the page is open, begins anew.
addEventListener('hashchange', () => location.reload());
