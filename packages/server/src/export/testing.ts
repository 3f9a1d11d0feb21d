import type { TransferRow } from '@crosswalk/contract';
import type { TestClient } from '../testing.ts';

/** An export as it came. */
export async function exportText(url: string, client: TestClient, query = ''): Promise<{ text: string; headers: Headers; status: number }> {
  const response = await fetch(`${url}/api/v1/export${query}`, { headers: { authorization: `Bearer ${client.token}` } });
  return { text: await response.text(), headers: response.headers, status: response.status };
}

/** The rows of NDJSON. */
export function rowsIn(text: string): TransferRow[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
