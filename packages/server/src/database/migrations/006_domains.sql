-- The domains of organizations. `domain` is the name in its one normal form, see lib/domain-name.ts.
create table domains (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  organization_id bigint not null,
  domain text collate "C" not null,
  domain_type text not null,
  verification_status text not null,
  txt_record_secret text, -- public by intent: it is to be put into the DNS; null where nothing is to be proved
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  constraint domains_pkey primary key (environment_id, id),
  constraint domains_organization_fkey foreign key (environment_id, organization_id)
    references organizations (environment_id, id),
  constraint domains_type_check check (domain_type in ('ORGANIZATION_DOMAIN', 'ALLOWED_EMAIL_DOMAIN')),
  constraint domains_status_check check (verification_status in ('PENDING', 'VERIFIED', 'FAILED', 'AUTO_VERIFIED'))
);
-- One organization owns a domain; any number may let in the people who have addresses there.
create unique index domains_owned_key on domains (environment_id, domain) where domain_type = 'ORGANIZATION_DOMAIN';
create unique index domains_allowed_key on domains (environment_id, organization_id, domain)
  where domain_type = 'ALLOWED_EMAIL_DOMAIN';
create index domains_organization_idx on domains (environment_id, organization_id, id);
