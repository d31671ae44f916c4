// The form of an experiment's settings, and their place in the address.
import { oneOf, remember, setting, type Rule } from './address';
import { byId } from './dom';
import type { Model, Settings, System } from './engine';
import { spaced } from './scene';

const texts = ['system', 'model', 'optimiser'] as const;
const numbers = ['width', 'layers', 'rate', 'samples', 'noise', 'steps', 'seed'] as const;
type Name = (typeof texts)[number] | (typeof numbers)[number] | 'pace';

const field = (name: Name) => byId<HTMLSelectElement | HTMLInputElement>(name);

const seedRule: Rule = {
  fits: (text) => /^\d{1,6}$/.test(text),
  right: 'a whole number from 0 to 999999',
};

function takeFromAddress(name: Name): void {
  const element = field(name);
  const rule =
    element instanceof HTMLSelectElement
      ? oneOf([...element.options].map(({ value }) => value))
      : seedRule;
  element.value = setting(name, element.value, rule);
}

/// The models that can learn the system; the one that was chosen stays, if it is among them.
function offerModels(system: System, models: Model[]): void {
  const select = field('model') as HTMLSelectElement;
  const before = select.value;
  select.replaceChildren(
    ...models
      .filter(({ name }) => name !== 'mlp' && system.models.includes(name))
      .map(({ name, what }) => new Option(what.replace(/^an? /, ''), name)),
  );
  select.value = before;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}

export function fillForm(systems: System[], models: Model[], otherwise: string): void {
  const select = field('system') as HTMLSelectElement;
  select.replaceChildren(...systems.map(({ name }) => new Option(spaced(name), name)));
  select.value = otherwise;
  const offer = () => offerModels(systems.find(({ name }) => name === select.value)!, models);
  takeFromAddress('system');
  offer();
  select.addEventListener('change', offer);
  for (const name of [...texts.slice(1), ...numbers, 'pace'] as const) takeFromAddress(name);
}

export function settingsOfForm(): Settings {
  const settings = Object.fromEntries([
    ...texts.map((name) => [name, field(name).value]),
    ...numbers.map((name) => [name, Number(field(name).value)]),
  ]) as Settings;
  remember({ ...settings });
  return settings;
}

/// Calls back when anything but the pace has changed; the pace alone begins nothing anew.
export function onChange(changed: (what: Name) => void): void {
  for (const name of [...texts, ...numbers])
    if (name !== 'seed') field(name).addEventListener('change', () => changed(name));

  const seed = field('seed');
  let last = seed.value;
  seed.addEventListener('change', () => {
    const right = seedRule.fits(seed.value);
    byId('seed-error').textContent = right
      ? ''
      : `The seed must be ${seedRule.right}, not '${seed.value}'; it stays ${last}.`;
    if (!right) seed.value = last;
    else if (seed.value !== last) changed('seed');
    last = seed.value;
  });
  byId('new-seed').addEventListener('click', () => {
    seed.value = String((Number(seed.value) + 1) % 1_000_000);
    seed.dispatchEvent(new Event('change'));
  });
}
