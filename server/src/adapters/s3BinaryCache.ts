/** A binary cache in an S3 bucket, read through its HTTPS endpoint: unsigned, or signed (AWS Signature 4) where there are credentials. */
import type { Substituter } from '../domain/substituter';
import type { Clock, Environment, Files, Transport } from '../engine/ports';
import { findAwsCredentials, type AwsCredentials } from './awsCredentials';
import { HttpBinaryCache } from './httpBinaryCache';

/** Session tokens are replaced while we run; the files are read again after so long. */
const CREDENTIALS_LIFETIME_MS = 5 * 60 * 1000;

const DEFAULT_REGION = 'us-east-1';

/** What {@link openS3BinaryCache} needs. */
export interface S3BinaryCacheOptions {
  readonly transport: Transport;
  readonly files: Files;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Opens the bucket of an `s3` substituter. */
export function openS3BinaryCache(substituter: Substituter, options: S3BinaryCacheOptions): HttpBinaryCache {
  const { transport, timeoutMs, headers, clock, environment, files } = options;
  const { params } = substituter;
  const region = nonEmpty(params.get('region')) ?? DEFAULT_REGION;
  let known: { readonly at: number; readonly credentials: Promise<AwsCredentials | undefined> } | undefined;
  const currentCredentials = () => {
    if (known === undefined || clock.now() - known.at > CREDENTIALS_LIFETIME_MS) {
      // Shared by every request, so no single one may abort it; it reads two small local files.
      const { signal } = new AbortController();
      known = { at: clock.now(), credentials: findAwsCredentials(nonEmpty(params.get('profile')), environment, files, signal) };
    }
    return known.credentials;
  };
  return new HttpBinaryCache({
    url: s3Address(substituter),
    transport,
    timeoutMs,
    headers: async (url) => {
      const credentials = await currentCredentials();
      if (credentials === undefined) return { headers, authenticated: false };
      return { headers: { ...headers, ...(await sign(url, region, credentials, clock)) }, authenticated: true };
    },
  });
}

/**
 * The web address of a bucket, as Nix's S3 client chooses it: the bucket in the host name on Amazon's servers, unless it has dots, which
 * no certificate covers; the bucket in the path on any other endpoint. `addressing-style` (Nix 2.34) overrides that.
 */
export function s3Address({ url, params }: Substituter): string {
  const bucket = /^s3:\/\/([^/?]*)/.exec(url)?.[1] ?? '';
  const region = nonEmpty(params.get('region')) ?? DEFAULT_REGION;
  const scheme = nonEmpty(params.get('scheme'))?.toLowerCase() ?? 'https';
  const endpoint = nonEmpty(params.get('endpoint'))
    ?.replace(/^https?:\/\//, '')
    .replace(/\/$/, '');
  const host = endpoint ?? `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const style = params.get('addressing-style') ?? 'auto';
  const inHost = style === 'virtual' || (style !== 'path' && endpoint === undefined && /^[a-z0-9-]{3,63}$/.test(bucket));
  return inHost ? `${scheme}://${bucket}.${host}` : `${scheme}://${host}/${bucket}`;
}

async function sign(url: string, region: string, credentials: AwsCredentials, clock: Clock): Promise<Record<string, string>> {
  const { AwsV4Signer } = await import('aws4fetch');
  const datetime = new Date(clock.now()).toISOString().replace(/[:-]|\.[0-9]{3}/g, '');
  const signed = await new AwsV4Signer({ method: 'GET', url, service: 's3', region, datetime, ...credentials }).sign();
  return Object.fromEntries(signed.headers);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
