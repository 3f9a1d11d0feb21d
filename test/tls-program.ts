import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import { ScalekitClient, ScalekitNotFoundException } from '@scalekit-sdk/node';

/**
 * What a client does over TLS. A program of its own, as the certificate to trust (NODE_EXTRA_CA_CERTS) is read when a process starts.
 * Prints what it saw as JSON.
 */
const { CROSSWALK_ENVIRONMENT_URL: url = '', CROSSWALK_CLIENT_ID: id = '', CROSSWALK_CLIENT_SECRET: secret = '' } = process.env;
const scalekit = new ScalekitClient(url, id, secret);

/** A token over HTTP/1.1, as every client gets it. */
async function token(): Promise<{ httpVersion: string; token: string }> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  const request = https.request(`${url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  request.end(form.toString());
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { httpVersion: response.httpVersion, token: JSON.parse(text).access_token };
}

/** A request of REST over HTTP/2, agreed on by ALPN. */
async function rest(path: string, bearer: string): Promise<{ protocol: string | undefined; status: unknown; body: unknown }> {
  const session = http2.connect(url);
  const stream = session.request({ ':path': path, authorization: `Bearer ${bearer}` });
  const [headers] = await once(stream, 'response');
  let text = '';
  for await (const chunk of stream) text += chunk;
  const protocol = session.alpnProtocol;
  session.close();
  return { protocol, status: headers[':status'], body: JSON.parse(text) };
}

const { organization } = await scalekit.organization.createOrganization('Over TLS', { externalId: 'TLS-1' });
const { organization: found } = await scalekit.organization.getOrganizationByExternalId('TLS-1');
const error: unknown = await scalekit.organization.getOrganization('org_1').catch((thrown: unknown) => thrown);
const granted = await token();
const seen = {
  created: organization?.id,
  found: found?.id,
  error: error instanceof ScalekitNotFoundException ? error.errorCode : String(error),
  tokenOver: granted.httpVersion,
  tokenIsValid: await scalekit.validateAccessToken(granted.token),
  rest: await rest('/api/v1/organizations:external/TLS-1', granted.token),
};
// The client keeps its connection for the next call: nothing else would end the program.
process.stdout.write(JSON.stringify(seen), () => process.exit());
