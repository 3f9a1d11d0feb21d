import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Credentials, Env } from './connect.ts';
import { messageOf } from './errors.ts';
import { UsageError } from './exit.ts';

/** The profile that is meant when none is named. */
export const defaultProfile = 'default';

/** The credentials that `crosswalk login` keeps, in a file that its owner alone may read. */
export class Profiles {
  readonly path: string;

  constructor(env: Env) {
    const base = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
    this.path = join(base, 'crosswalk', 'profiles.json');
  }

  /** All profiles, by name. */
  read(): Map<string, Credentials> {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return new Map();
      throw new UsageError(`${this.path} cannot be read: ${messageOf(error)}`);
    }
    try {
      const { profiles } = Object(JSON.parse(text));
      return new Map(Object.entries(Object(profiles)).map(([name, value]) => [name, credentialsIn(Object(value))]));
    } catch {
      throw new UsageError(`${this.path} is no file of profiles: remove it, and log in again with: crosswalk login`);
    }
  }

  /** Puts these profiles in place of those that are kept: a crash at any moment leaves the old file or the new one. */
  write(profiles: ReadonlyMap<string, Credentials>): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${process.pid}.tmp`;
    const stored = [...profiles].map(([name, { url, clientId, clientSecret }]) => [
      name,
      { url, client_id: clientId, client_secret: clientSecret },
    ]);
    writeFileSync(draft, `${JSON.stringify({ profiles: Object.fromEntries(stored) }, null, 2)}\n`, { mode: 0o600 });
    // A draft that a crash left behind keeps the mode it had.
    chmodSync(draft, 0o600);
    renameSync(draft, this.path);
  }

  /** Whether others than the owner may read the file. Windows has no such modes. */
  isReadableByOthers(): boolean {
    return process.platform !== 'win32' && (statSync(this.path, { throwIfNoEntry: false })?.mode ?? 0) % 0o100 !== 0;
  }
}

function credentialsIn({ url, client_id: clientId, client_secret: clientSecret }: Record<string, unknown>): Credentials {
  if (typeof url !== 'string' || typeof clientId !== 'string' || typeof clientSecret !== 'string') throw new TypeError('not a profile');
  return { url, clientId, clientSecret };
}
