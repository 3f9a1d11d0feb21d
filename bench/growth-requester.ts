import { Agent, request } from 'node:http';

/** Sends requests to a server over connections that stay open. */
export class Requester {
  readonly #agent: Agent;
  readonly #url: string;
  readonly #token: string;

  constructor({ url, token }: { url: string; token: string }, connections: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#url = url;
    this.#token = token;
  }

  /** Resolves when the whole answer is there. */
  send({ method, path, body }: { method: string; path: string; body?: object }): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${this.#token}`,
        ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      };
      const outgoing = request(this.#url + path, { method, headers, agent: this.#agent }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          answer += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer })).on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  /** Closes the connections. */
  end(): void {
    this.#agent.destroy();
  }
}
