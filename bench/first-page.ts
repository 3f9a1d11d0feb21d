import { launchChromium } from '../packages/dashboard/test/chromium.ts';
import { type Measured, median } from './measure.ts';

/** Name of what is measured here. */
export const firstPageSubject = 'first page of the dashboard';

/** An operator of the run, gone with its database. */
const operator = { email: 'bench@example.com', password: 'a password that only the bench uses' };

/** The least that shows the same rows: no library, no styles; it asks for the session and the first page of organizations. */
const emptyApp = `const session = await (await fetch('/api/v1/session')).json();
const [environment] = session.session.environments;
const answer = await fetch('/api/v1/organizations?page_size=100', { headers: { 'x-crosswalk-environment': environment.id } });
for (const { display_name: name } of (await answer.json()).organizations) {
  const row = document.createElement('a');
  row.setAttribute('role', 'row');
  row.textContent = name;
  document.body.append(row);
}`;

interface FirstPageSettings {
  url: string;
  token: string;
  rounds: number;
}

/**
 * Opens the table of organizations in a browser profile that has never seen the dashboard, until its rows are there. The floor is a page in its
 * place that fetches the same and writes it out.
 */
export async function measureFirstPage({ url, token, rounds }: FirstPageSettings): Promise<Measured[]> {
  const { cookie, environmentId } = await signIn(url, token);
  const browser = await launchChromium();
  try {
    const open = async (empty: boolean) => {
      const context = await browser.newContext();
      try {
        await context.addCookies([{ name: 'crosswalk_session', value: cookie, url }]);
        const page = await context.newPage();
        if (empty) {
          await page.route('**/dashboard/**', (route) =>
            route.request().url().endsWith('/empty.js')
              ? route.fulfill({ contentType: 'text/javascript', body: emptyApp })
              : route.fulfill({
                  contentType: 'text/html',
                  body: '<!doctype html><script type="module" src="/dashboard/empty.js"></script>',
                }),
          );
        }
        const start = performance.now();
        await page.goto(`${url}/dashboard/${environmentId}/organizations`, { waitUntil: 'commit' });
        await page.waitForSelector(empty ? 'a[role=row]' : '[role=row] a');
        return 60_000 / (performance.now() - start);
      } finally {
        await context.close();
      }
    };
    const ours: number[] = [];
    const floor: number[] = [];
    // The first round is for warming up.
    for (let round = 0; round <= rounds; round += 1) {
      const [opened, least] = [await open(false), await open(true)];
      if (round === 0) continue;
      ours.push(opened);
      floor.push(least);
    }
    const ratios = ours.map((rate, index) => rate / (floor[index] ?? rate));
    return [
      {
        name: `${firstPageSubject} / a page without an app that shows the same rows`,
        ours: median(ours),
        floor: median(floor),
        ratio: median(ours) / median(floor),
        unit: 'pages/min',
        range: [Math.min(...ratios), Math.max(...ratios)],
        aim: undefined,
      },
    ];
  } finally {
    await browser.close();
  }
}

async function signIn(url: string, token: string): Promise<{ cookie: string; environmentId: string }> {
  const send = (path: string, body: object, headers = {}) =>
    fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const made = await send('/api/v1/operators', { ...operator, role: 'viewer' }, { authorization: `Bearer ${token}` });
  const answer = await send('/api/v1/session', operator);
  const cookie = /^crosswalk_session=([^;]+)/.exec(answer.headers.getSetCookie()[0] ?? '')?.[1];
  if (cookie === undefined) throw new Error(`${firstPageSubject}: nobody could sign in (status ${made.status}, ${answer.status})`);
  const { session }: { session: { environments: { id: string }[] } } = await answer.json();
  return { cookie, environmentId: session.environments[0]?.id ?? '' };
}
