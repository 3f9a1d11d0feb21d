import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { Loop } from '../lib/loop.ts';
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

/** Who is told of a renewal. */
export interface CertificateWatcher {
  /** what is served when the watch begins */
  current: Certificate;
  /** Is given the new certificate when the files have changed. */
  onRenewal: (certificate: Certificate) => void;
  /** Hears why the files cannot be used: at every look for as long as it lasts. */
  onError: (error: unknown) => void;
  /** between two looks, in milliseconds */
  interval?: number;
}

/**
 * Looks for a renewal again and again; returns how to stop. It is what the two files hold that is compared, not when they were written: who
 * renews them writes one after the other, and in between they do not belong together.
 */
export function watchCertificate(
  files: CertificateFiles,
  { current, onRenewal, onError, interval = watchInterval }: CertificateWatcher,
): () => Promise<void> {
  let served = current;
  const work = async () => {
    const found = await readCertificate(files);
    if (!areSame(found, served)) {
      onRenewal(found);
      served = found;
    }
    return false;
  };
  const loop = new Loop({ work, interval, onError });
  loop.start();
  return () => loop.stop();
}

function areSame(one: Certificate, other: Certificate): boolean {
  return String(one.cert) === String(other.cert) && String(one.key) === String(other.key);
}
