import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Certificate } from './listener.ts';

/** The files of TLS: PEM, the certificate with its chain, the key without a passphrase. */
export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

/** The certificate cannot be used; the message says what to do. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/** How often the files are looked at for a renewal. Milliseconds. */
const watchInterval = 60_000;

/** Reads certificate and key; a `CertificateError` when they cannot be read or do not belong together. */
export async function readCertificate({ certFile, keyFile }: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([readPem('TLS_CERT_FILE', certFile), readPem('TLS_KEY_FILE', keyFile)]);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError(
      `TLS_CERT_FILE and TLS_KEY_FILE cannot be used together: ${reason}. Both must be PEM, the key the one of the certificate.`,
      {
        cause,
      },
    );
  }
  return { cert, key };
}

async function readPem(variable: string, path: string): Promise<Buffer> {
  return readFile(path).catch((cause: Error) => {
    throw new CertificateError(`${variable} cannot be read: ${cause.message}`, { cause });
  });
}

/** Calls `onRenewal` with the new certificate when the files change, `onError` when they cannot be used then. Returns how to stop. */
export function watchCertificate(
  files: CertificateFiles,
  onRenewal: (certificate: Certificate) => void,
  onError: (error: unknown) => void,
): () => void {
  const reread = () => void readCertificate(files).then(onRenewal, onError);
  watchFile(files.certFile, { interval: watchInterval, persistent: false }, reread);
  return () => unwatchFile(files.certFile, reread);
}
