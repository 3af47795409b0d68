/** Which certification authorities a cache's certificate may come from. */
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { Environment, Files, Logger } from '../engine/ports';

/** Large enough for every system's bundle, which is about 250 KiB. */
const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;

/** Where Nix looks when nobody names a file. Source: Nix, `getDefaultSSLCertFile`. */
const SYSTEM_BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/nix/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt'];

const VARIABLES = ['NIX_SSL_CERT_FILE', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'];

/** What {@link loadCertificates} reads from. */
export interface CertificateSources {
  readonly files: Files;
  readonly environment: Environment;
  readonly log: Logger;
  /** `ssl-cert-file` of nix.conf, `--ssl-cert-file`. */
  readonly certificateFile?: string;
}

/**
 * Makes the TLS settings that trust Node's own roots and, besides them, those of the files that Nix itself would use. A file
 * that cannot be read or holds no certificate is reported and left out.
 *
 * Certificates only keep eavesdroppers and liars about *absence* away: what a cache serves is believed for its signatures.
 */
export async function loadCertificates(sources: CertificateSources, signal: AbortSignal): Promise<SecureContext> {
  const { environment, certificateFile } = sources;
  const named = [certificateFile, ...VARIABLES.map((name) => environment.variables[name])].filter(
    (path): path is string => path !== undefined && path !== '',
  );
  const extra = new Set<string>();
  for (const path of new Set(named)) {
    for (const pem of await readBundle(path, sources, signal)) extra.add(pem);
  }
  if (named.length === 0) {
    for (const path of SYSTEM_BUNDLES) {
      const read = await sources.files.read(path, MAX_BUNDLE_BYTES, signal);
      if (read.kind !== 'read') continue;
      for (const pem of certificatesIn(read.text)) extra.add(pem);
      break;
    }
  }
  // System bundles hold nearly the same roots as Node; each one more costs a tenth of a millisecond of the main thread.
  for (const pem of rootCertificates) extra.delete(certificatesIn(pem)[0] ?? '');
  return extra.size === 0 ? createSecureContext() : createSecureContext({ ca: [...rootCertificates, ...extra] });
}

async function readBundle(path: string, { files, log }: CertificateSources, signal: AbortSignal): Promise<readonly string[]> {
  const read = await files.read(path, MAX_BUNDLE_BYTES, signal);
  if (read.kind !== 'read') {
    log.warn(`certificates of ${path} are not used: ${read.kind === 'absent' ? 'there is no such file' : read.reason}`);
    return [];
  }
  const found = certificatesIn(read.text);
  if (found.length === 0) log.warn(`certificates of ${path} are not used: it holds none in PEM form`);
  return found;
}

/** Cuts a PEM bundle into its certificates, all spelt alike, without their comments. */
function certificatesIn(text: string): string[] {
  const BEGIN = '-----BEGIN CERTIFICATE-----';
  const END = '-----END CERTIFICATE-----';
  const found: string[] = [];
  for (let start = text.indexOf(BEGIN); start >= 0;) {
    const end = text.indexOf(END, start);
    if (end < 0) break;
    const body = text.slice(start + BEGIN.length, end).replace(/\s+/g, '');
    if (/^[A-Za-z0-9+/]+={0,2}$/.test(body)) found.push(`${BEGIN}\n${(body.match(/.{1,64}/g) ?? []).join('\n')}\n${END}`);
    start = text.indexOf(BEGIN, end);
  }
  return found;
}
