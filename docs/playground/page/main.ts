// The page: two views, one theme.
import { oneOf, remember, setting } from './address';
import { byId } from './dom';
import { redrawMotion, showMotion, startMotion } from './motion';
import { startTape } from './tape';

const views = ['motion', 'tape'];
const tabs = views.map((view) => byId<HTMLButtonElement>(`tab-${view}`));

function show(view: string): void {
  views.forEach((name, k) => {
    byId(name).hidden = name !== view;
    tabs[k].setAttribute('aria-selected', String(name === view));
    tabs[k].tabIndex = name === view ? 0 : -1;
  });
  remember({ view });
  showMotion(view === 'motion');
  dispatchEvent(new Event('resize')); // what was hidden had no size
}

tabs.forEach((tab, k) => {
  tab.addEventListener('click', () => show(views[k]));
  tab.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = (k + 1) % views.length;
    show(views[other]);
    tabs[other].focus();
  });
});

const dark = matchMedia('(prefers-color-scheme: dark)');
let theme = setting('theme', '', oneOf(['dark', 'light']));

function paint(): void {
  const shown = theme || (dark.matches ? 'dark' : 'light');
  document.documentElement.dataset.theme = shown;
  byId('theme').textContent = shown === 'dark' ? 'Light' : 'Dark';
  redrawMotion();
}

byId('theme').addEventListener('click', () => {
  theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  remember({ theme });
  paint();
});
dark.addEventListener('change', paint);

paint();
show(setting('view', views[0], oneOf(views)));
startTape();
void startMotion();
