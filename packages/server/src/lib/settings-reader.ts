/** Characters that a secret among the settings has at least: `openssl rand -base64 32` makes 44. */
export const minSecretLength = 32;

/** Reads settings from environment variables. What is wrong with them is gathered, so that all of it can be told at once. */
export class SettingsReader {
  /** a line each, with the way out */
  readonly problems: string[] = [];
  readonly #env: Record<string, string | undefined>;

  constructor(env: Record<string, string | undefined>) {
    this.#env = env;
  }

  /** undefined where nothing is set; an empty value is none */
  text(name: string): string | undefined {
    const value = this.#env[name];
    return value === '' ? undefined : value;
  }

  /** A whole number from `min` to `max`; `fallback` where nothing is set. */
  integer(name: string, fallback: number, max: number, min = 0): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    if (/^[0-9]{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
    this.problems.push(`${name} must be a whole number from ${min} to ${max}, not "${value.slice(0, 50)}"`);
    return fallback;
  }

  /** What is between commas. */
  list(name: string): string[] {
    const parts = (this.text(name) ?? '').split(',').map((part) => part.trim());
    return parts.filter(Boolean);
  }

  /** A text that is long enough for a secret; messages do not repeat it. */
  secret(name: string): string | undefined {
    const value = this.text(name);
    if (value !== undefined && value.length < minSecretLength)
      this.problems.push(`${name} must have at least ${minSecretLength} characters. Make one with: openssl rand -base64 32`);
    return value;
  }

  /** Notes a problem where there is one. */
  check(isWell: boolean, problem: string): void {
    if (!isWell) this.problems.push(problem);
  }
}
