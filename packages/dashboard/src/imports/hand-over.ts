/** A file that one page made for another. It lives as long as the dashboard is open. */
export interface HandedFile {
  name: string;
  file: Blob;
}

let handed: HandedFile | undefined;

/** Leaves a file for the page that imports. */
export function handOver(file: HandedFile): void {
  handed = file;
}

/** The file that was left, if any. It stays until another is chosen, so that the way back finds it. */
export function handedFile(): HandedFile | undefined {
  return handed;
}

/** Forgets the file that was left. */
export function forgetHanded(): void {
  handed = undefined;
}
