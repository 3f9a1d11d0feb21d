import { invalid } from '../../lib/api-error.ts';

/** Milliseconds in each unit of `grpc-timeout`. */
const units: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * Milliseconds of a `grpc-timeout` header: up to eight digits and a unit (gRPC over HTTP/2, section Requests). Undefined without the
 * header; 400 when it is not of that form.
 */
export function parseTimeout(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, digits, unit = ''] = /^([0-9]{1,8})([HMSmun])$/.exec(header) ?? [];
  const factor = units[unit];
  if (digits === undefined || factor === undefined) {
    throw invalid('grpc-timeout', 'must be up to eight digits and one of H, M, S, m, u, n', 'timeout');
  }
  return Number(digits) * factor;
}
