-- Keys that sign the tokens of an environment, with the times that decide what each does: the states are drawn in signing-keys/signing-key.ts.
create table token_keys (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  kid text not null, -- RFC 7638 thumbprint of the public key
  public_jwk jsonb not null,
  private_key_encrypted bytea, -- with CROSSWALK_SECRET_KEY; null: it signs no more
  create_time timestamptz not null default now(), -- published since
  sign_time timestamptz not null, -- signs from then on, until the next one does
  last_token_expire_time timestamptz, -- no token that it signed is valid after this; null: it has signed none
  revoke_time timestamptz,
  constraint token_keys_pkey primary key (environment_id, id),
  constraint token_keys_kid_key unique (environment_id, kid),
  constraint token_keys_environment_fkey foreign key (environment_id) references environments (id)
);

-- Until now all environments shared one key. Each begins with it as its own, so that every token stays valid: as long as tokens of its clients
-- live, and a day for servers of the version before, which sign with it and do not note that. They read the old table while an upgrade goes
-- on; a later migration drops it. They do not know a key that is made here: the one they share signs from now on, so that none is replaced
-- for its age while an upgrade goes on.
insert into token_keys (environment_id, id, kid, public_jwk, private_key_encrypted, create_time, sign_time, last_token_expire_time)
select e.id,
  -- An ID as lib/id.ts makes them: milliseconds since 2020, then what tells keys of one millisecond apart.
  ((floor(extract(epoch from k.create_time) * 1000)::bigint - 1577836800000) << 22) | row_number() over (order by k.create_time, k.kid, e.id),
  k.kid, k.public_jwk, k.private_key_encrypted, k.create_time, now(),
  now() + interval '1 day' + make_interval(secs => greatest(3600, (select max(c.expiry) from organization_clients c where c.environment_id = e.id)))
from environments e cross join signing_keys k;
