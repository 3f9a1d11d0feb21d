const number = new Intl.NumberFormat('en');
const units = ['bytes', 'KB', 'MB', 'GB'] as const;

/** A count as people read it: 12,345. */
export function figure(count: number): string {
  return number.format(count);
}

/** Bytes as people read them: 1.4 MB. */
export function bytes(count: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  const value = count / 1000 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** A count and its noun, which is given in the plural; its last s goes for one. */
export function counted(count: number, nouns: string): string {
  return `${figure(count)} ${count === 1 ? nouns.replace(/ies$/, 'y').replace(/s$/, '') : nouns}`;
}

/** How long something takes, in the two largest units: 1 min 20 s. Seconds. */
export function duration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Gives a file to the person, under a name. */
export function download(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
