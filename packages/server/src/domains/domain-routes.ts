import {
  CreateDomain,
  type Domain,
  DomainAnswer,
  DomainPage,
  type ErrorCode,
  ListDomainsQuery,
  VerifyDomainAnswer,
} from '@crosswalk/contract';
import { Type } from 'typebox';
import { requireId } from '../lib/id.ts';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, paramsOf, type RecordPath, recordPaths, withQuery } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { DomainReference, DomainService } from './domain-service.ts';

const organizations = '/api/v1/organizations';
const tag = 'Domains';
const ownerErrors: ErrorCode[] = ['ORGANIZATION_NOT_FOUND', 'INVALID_ID'];
const domainErrors: ErrorCode[] = [...ownerErrors, 'DOMAIN_NOT_FOUND'];

/** REST of the domains of organizations. */
export function domainRoutes(app: Routes, domains: DomainService): void {
  const created = (domain: Domain) => ({ status: 201, body: { domain }, tag: recordTag(domain) });
  const verified = (body: VerifyDomainAnswer) => ({ status: 200, body, tag: recordTag(body.domain) });

  for (const path of recordPaths(organizations, 'org', 'organization_id')) {
    const collection = path.partUrl('domains');
    const one = `${collection}/:id`;
    const { querystring } = path.parts;
    const organization = `the organization named by ${path.by}`;

    app.post(
      collection,
      operation(
        {
          id: `createDomain${path.suffix}`,
          tag,
          summary: `Give a domain to ${organization}`,
          scope: 'write',
          answers: { 201: DomainAnswer },
          errors: [...ownerErrors, 'INVALID_DOMAIN', 'DOMAIN_TAKEN', 'IDEMPOTENCY_KEY_REUSED'],
        },
        { params: paramsOf(collection), querystring, body: CreateDomain },
      ),
      async (request, reply) => {
        const domain = await domains.create(changeContextOf(request, created), path.reference(request), request.body);
        return sendRecord(request, reply.code(201), recordTag(domain), { domain });
      },
    );

    app.get(
      collection,
      operation(
        {
          id: `listDomains${path.suffix}`,
          tag,
          summary: `List the domains of ${organization}, newest first`,
          scope: 'read',
          answers: { 200: DomainPage },
          errors: ownerErrors,
        },
        { params: paramsOf(collection), querystring: listQuery(path) },
      ),
      async (request) => {
        const { domain_type: type, page_size: pageSize, page_number: pageNumber } = request.query;
        return domains.list(contextOf(request), path.reference(request), { type, pageSize, pageNumber });
      },
    );

    app.get(
      one,
      operation(
        {
          id: `getDomain${path.suffix}`,
          tag,
          summary: `Get a domain of ${organization}`,
          scope: 'read',
          answers: { 200: DomainAnswer },
          errors: domainErrors,
        },
        { params: paramsOf(one), querystring },
      ),
      async (request, reply) => {
        const domain = await domains.get(contextOf(request), referenceOf(path, request));
        return sendRecord(request, reply, recordTag(domain), { domain });
      },
    );

    // The router takes a colon for a part of the ID unless a pattern ends the ID before it.
    app.patch(
      `${one}([^:]+)::verify`,
      operation(
        {
          id: `verifyDomain${path.suffix}`,
          tag,
          summary: `Check the TXT record of a domain of ${organization}`,
          description:
            'Looks for a TXT record named `txt_record_key` with the text `txt_record_secret`. A domain that is verified stays so and is not looked up again.',
          scope: 'write',
          answers: { 200: VerifyDomainAnswer },
          errors: [...domainErrors, 'DNS_UNAVAILABLE', 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'],
        },
        { params: paramsOf(one), querystring },
      ),
      async (request, reply) => {
        const result = await domains.verify(changeContextOf(request, verified), referenceOf(path, request), preconditionsOf(request));
        return sendRecord(request, reply, recordTag(result.domain), result);
      },
    );

    app.delete(
      one,
      operation(
        {
          id: `deleteDomain${path.suffix}`,
          tag,
          summary: `Take a domain away from ${organization}`,
          scope: 'write',
          answers: { 204: null },
          errors: [...domainErrors, 'VERSION_MISMATCH'],
        },
        { params: paramsOf(one), querystring },
      ),
      async (request, reply) => {
        await domains.delete(contextOf(request), referenceOf(path, request), preconditionsOf(request));
        return reply.code(204).send();
      },
    );
  }
}

function listQuery({ parts }: RecordPath) {
  return Type.Unsafe<ListDomainsQuery>(withQuery(parts, ListDomainsQuery.properties).querystring);
}

function referenceOf(path: RecordPath, request: { params: unknown; query: unknown }): DomainReference {
  return { organization: path.reference(request), id: requireId('dom', member(request.params, 'id')) };
}
