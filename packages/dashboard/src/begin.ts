import { pages } from './pages.ts';

/*
 * The first thing that runs, before the libraries do: the code of the page that the address names is on its way while they begin. An address
 * that names none has nothing to wait for.
 */
const [, , , ...named] = window.location.pathname.split('/');
const page = pages.find(({ path }) => {
  const parts = path.split('/');
  return parts.length === named.length && parts.every((part, index) => part.startsWith('$') || part === named[index]);
});
// The router loads it too, and shows what is wrong with it.
page?.load().catch(() => {});
