// The form of an experiment's settings, and their place in the address.
import { remember, setting } from './address';
import { byId } from './dom';
import type { Model, Settings, System } from './engine';
import { spaced } from './scene';

const texts = ['system', 'model', 'optimiser'] as const;
const numbers = ['width', 'layers', 'rate', 'samples', 'noise', 'steps', 'seed'] as const;

const field = (name: string) => byId<HTMLSelectElement | HTMLInputElement>(name);

/// Chooses, if there is such a choice.
function choose(name: string, value: string): void {
  const element = field(name);
  if (element instanceof HTMLInputElement) {
    if (/^\d{1,6}$/.test(value)) element.value = value;
  } else if ([...element.options].some((option) => option.value === value)) {
    element.value = value;
  }
}

function offerModels(system: System, models: Model[]): void {
  const select = field('model') as HTMLSelectElement;
  const before = select.value;
  select.replaceChildren(
    ...models
      .filter(({ name }) => name !== 'mlp' && system.models.includes(name))
      .map(({ name, what }) => new Option(what.replace(/^an? /, ''), name)),
  );
  choose('model', before);
}

export function fillForm(systems: System[], models: Model[], otherwise: string): void {
  const select = field('system') as HTMLSelectElement;
  select.replaceChildren(...systems.map(({ name }) => new Option(spaced(name), name)));
  select.value = otherwise;
  choose('system', setting('system', otherwise));
  const system = () => systems.find(({ name }) => name === select.value)!;
  offerModels(system(), models);
  select.addEventListener('change', () => offerModels(system(), models));
  for (const name of [...texts, ...numbers, 'pace']) choose(name, setting(name, ''));
}

export function settingsOfForm(): Settings {
  const all = [
    ...texts.map((name) => [name, field(name).value]),
    ...numbers.map((name) => [name, Number(field(name).value)]),
  ];
  for (const [name, value] of all) remember(name as string, value);
  return Object.fromEntries(all) as unknown as Settings;
}

/// Calls back when anything but the pace has changed; the pace alone begins nothing anew.
export function onChange(changed: (what: string) => void): void {
  for (const name of [...texts, ...numbers])
    field(name).addEventListener('change', () => changed(name));
  byId('new-seed').addEventListener('click', () => {
    field('seed').value = String((Number(field('seed').value) + 1) % 1_000_000);
    changed('seed');
  });
}
