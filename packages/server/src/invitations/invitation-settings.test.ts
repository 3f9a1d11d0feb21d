import { describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { invitationMail, widening } from './invitation-mail.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const path = '/api/v1/invitation-settings';
const template = {
  subject: 'Join {{organization_name}}',
  text: 'Go: {{accept_url}}',
  html: '<a href="{{accept_url}}">{{organization_name}}</a>',
};

describe('settings', () => {
  test('defaults at first; a change is a version and an event; null is the default again; what changes nothing is neither', async () => {
    const fresh = await request('GET', path);
    expect([fresh.status, fresh.headers.get('etag'), fresh.body]).toEqual([
      200,
      '"1"',
      {
        settings: {
          application_url: null,
          invitation_days: 15,
          sender_name: null,
          locale: 'en',
          templates: {},
          version: 1,
          update_time: null,
        },
      },
    ]);
    const fields = {
      application_url: 'https://app.example.com',
      invitation_days: 7,
      sender_name: 'Acme',
      locale: 'de',
      templates: { 'pt-BR': template },
    };
    const set = await request('PATCH', path, fields, { 'if-match': '"1"' });
    expect([set.status, set.headers.get('etag'), set.body]).toMatchObject([200, '"2"', { settings: { ...fields, version: 2 } }]);
    expect((await request('PATCH', path, { templates: { 'pt-BR': template } })).headers.get('etag')).toBe('"2"');
    expect((await request('PATCH', path, { sender_name: 'X' }, { 'if-match': '"1"' })).status).toBe(412);
    const { rows } = await server.database.pool.query("select * from events where type = 'invitation_settings.updated'");
    expect(rows).toMatchObject([
      {
        record_version: '2',
        actor_type: 'client',
        changed: { invitation_days: [15, 7], 'templates.pt-BR': [null, template], application_url: [null, 'https://app.example.com'] },
        data: { id: `env_${server.client.environmentId}`, ...fields },
      },
    ]);
    const cleared = { application_url: null, invitation_days: null, sender_name: null, locale: null, templates: { 'pt-BR': null } };
    const { settings } = Object((await request('PATCH', path, cleared)).body);
    expect(settings).toMatchObject({ application_url: null, invitation_days: 15, locale: 'en', templates: {}, version: 3 });
  });

  test('a hundred at once lose none of their templates', async () => {
    const locales = ['aa', 'ab', 'af', 'ak', 'am', 'an', 'ar', 'as', 'av', 'ay'];
    await Promise.all(locales.map((locale) => request('PATCH', path, { templates: { [locale]: template } })));
    const { settings } = Object((await request('GET', path)).body);
    expect(Object.keys(settings.templates).sort()).toEqual(locales);
    await request('PATCH', path, { templates: Object.fromEntries(locales.map((locale) => [locale, null])) });
  });

  test('another environment has its own', async () => {
    await request('PATCH', path, { sender_name: 'Mine' });
    const stranger = await server.addEnvironment('stranger');
    expect(Object((await stranger.request('GET', path)).body).settings.sender_name).toBeNull();
  });

  test.each([
    [{ application_url: 'javascript:alert(1)' }, 'application_url', 'http or https'],
    [{ application_url: '/welcome' }, 'application_url', 'http or https'],
    [{ application_url: 'https://me:pw@app.example.com' }, 'application_url', 'user name'],
    [{ application_url: 'https://app.example.com/\r\nx' }, 'application_url', 'http or https'],
    [{ application_url: '' }, 'application_url', 'must not be empty'],
    [{ invitation_days: 0 }, 'invitation_days', '1'],
    [{ invitation_days: 1.5 }, 'invitation_days', 'whole number'],
    [{ sender_name: 'A\r\nBcc: x@y.example' }, 'sender_name', 'control characters'],
    [{ locale: 'english please' }, 'locale', 'language tag'],
    [{ locale: 'DE' }, 'locale', 'must be written de'],
    [{ templates: { 'pt-br': template } }, 'templates.pt-br', 'must be written pt-BR'],
    [{ templates: { de: { ...template, subject: 'Hi {{nmae}}' } } }, 'templates.de.subject', 'there is no variable {{nmae}}'],
    [{ templates: { de: { ...template, subject: 'A\nB' } } }, 'templates.de.subject', 'line breaks'],
    [{ templates: { de: { ...template, subject: '{{accept_url}}' } } }, 'templates.de.subject', 'must not contain {{accept_url}}'],
    [{ templates: { de: { ...template, text: 'Hello' } } }, 'templates.de.text', 'must contain {{accept_url}}'],
    [{ templates: { de: { ...template, html: '{{{organization_name}}} {{accept_url}}' } } }, 'templates.de.html', 'must be escaped'],
    [{ templates: { de: { ...template, html: 'x'.repeat(20_001) } } }, 'templates.de.html', ''],
    [{ templates: { de: { subject: 'x', text: '{{accept_url}}' } } }, 'templates.de.html', 'is required'],
    [{ template: {} }, 'template', 'no such field'],
  ])('400: %j', async (body, field, says) => {
    const answer = await request('PATCH', path, body);
    expect([answer.status, Object(answer.body).message]).toEqual([400, expect.stringContaining(`${field}`)]);
    expect(Object(answer.body).message).toContain(says);
  });

  test('400: more than 20 languages', async () => {
    const many = Array.from({ length: 21 }, (_, index) => [`en-${String.fromCharCode(65 + index)}A`, template]);
    const { status, body } = await request('PATCH', path, { templates: Object.fromEntries(many) });
    expect([status, Object(body).message]).toEqual([400, 'templates: may have at most 20 languages; there would be 21']);
  });
});

describe('the language of a mail', () => {
  const facts = {
    organizationName: 'Acme',
    inviteeEmail: 'a@b.example',
    inviteeName: null,
    inviterEmail: null,
    senderName: null,
    acceptUrl: 'https://d.example/invitations/x',
    expiresAt: new Date('2026-12-24T18:05:00Z'),
  };
  const own = (subject: string) => ({ subject, text: '{{expires_at}}', html: null });

  test.each([
    ['the person’s', 'fr-CA', { locale: 'de', templates: { 'fr-CA': own('ca'), fr: own('fr') } }, 'fr-CA', 'ca'],
    ['the person’s without its region', 'fr-BE', { locale: 'de', templates: { fr: own('fr') } }, 'fr', 'fr'],
    ['the environment’s', 'nl', { locale: 'fr', templates: { fr: own('fr') } }, 'fr', 'fr'],
    ['the person’s, built in', 'de-CH', { locale: 'fr', templates: { fr: own('fr') } }, 'de', 'Einladung zu Acme'],
    ['one of the owner before the built-in', 'de', { locale: null, templates: { de: own('eigene') } }, 'de', 'eigene'],
    ['English, when there is no other', 'not a tag!', { locale: 'ja', templates: {} }, 'en', 'You are invited to Acme'],
    ['English, when nothing is known', null, { locale: null, templates: {} }, 'en', 'You are invited to Acme'],
  ])('%s', (_name, ofPerson, settings, locale, subject) => {
    expect(invitationMail(facts, settings, ofPerson)).toMatchObject({ locale, subject });
  });

  test('times are written in it, in UTC', () => {
    const textIn = (locale: string) => invitationMail(facts, { locale: null, templates: { [locale]: own('s') } }, locale).text;
    expect([textIn('en'), textIn('de')]).toEqual(['December 24, 2026 at 6:05 PM UTC', '24. Dezember 2026 um 18:05 UTC']);
  });

  test('what a tag is a special case of', () => {
    expect(widening('zh-Hant-TW')).toEqual(['zh-Hant-TW', 'zh-Hant', 'zh']);
    expect(widening('x y')).toEqual([]);
  });
});

describe('preview', () => {
  const preview = async (body: object) => Object((await request('POST', `${path}:preview`, body)).body).preview;

  test('the mail as it would be sent, with names made up or of records; nothing is sent', async () => {
    const { body } = await request('POST', '/api/v1/organizations', { display_name: 'A & B' });
    const { organization } = Object(body);
    const joined = await request('POST', `/api/v1/organizations/${organization.id}/users`, {
      email: 'preview@example.com',
      user_profile: { locale: 'de', name: 'Ada' },
      send_invitation_email: false,
    });
    const ids = { organization_id: organization.id, user_id: Object(joined.body).user.id };
    expect(await preview({})).toMatchObject({
      locale: 'en',
      subject: 'You are invited to Acme Corporation',
      text: expect.stringContaining('http://crosswalk.test/invitations/preview'),
    });
    expect(await preview(ids)).toMatchObject({
      locale: 'de',
      subject: 'Einladung zu A & B',
      text: expect.stringContaining('Guten Tag Ada,'),
    });
    expect(await preview({ ...ids, locale: 'en' })).toMatchObject({ locale: 'en' });
    expect(await preview({ ...ids, template })).toEqual({
      locale: 'en',
      subject: 'Join A & B',
      text: 'Go: http://crosswalk.test/invitations/preview',
      html: '<a href="http:&#x2F;&#x2F;crosswalk.test&#x2F;invitations&#x2F;preview">A &amp; B</a>',
    });
    expect(Object((await request('GET', '/api/v1/mailbox')).body).messages).toEqual([]);
    expect((await fetch(`${server.url}/invitations/preview`)).status).toBe(404);
  });

  test('404 for records that are not there, of another environment too; 400 for a template that cannot be used', async () => {
    const stranger = await server.addEnvironment('elsewhere');
    const { body } = await stranger.request('POST', '/api/v1/organizations', { display_name: 'Theirs' });
    for (const organization_id of ['org_7', Object(body).organization.id]) {
      expect((await request('POST', `${path}:preview`, { organization_id })).body).toMatchObject({
        details: [{ error_code: 'ORGANIZATION_NOT_FOUND' }],
      });
    }
    expect((await request('POST', `${path}:preview`, { user_id: 'usr_7' })).body).toMatchObject({
      details: [{ error_code: 'USER_NOT_FOUND' }],
    });
    const bad = await request('POST', `${path}:preview`, { template: { ...template, text: '{{accept_url}} {{x}}' } });
    expect(bad.body).toMatchObject({
      message: expect.stringContaining('template.text: there is no variable {{x}}'),
      details: [{ error_code: 'INVALID_TEMPLATE' }],
    });
  });
});
