import type {
  Membership as ApiMembership,
  Organization as ApiOrganization,
  User as ApiUser,
  MatchedBy,
  Metadata,
} from '@crosswalk/contract';

/** The shape of the metadata of each kind of record, for `new Crosswalk<{ organization: … }>()`. */
export interface MetadataTypes {
  organization?: object;
  user?: object;
  membership?: object;
}

/** The metadata of one kind: as declared, or any JSON. */
export type MetadataOf<Types extends MetadataTypes, Kind extends keyof MetadataTypes> = Types[Kind] extends object ? Types[Kind] : Metadata;

type WithMetadata<RecordType, Data> = Omit<RecordType, 'metadata'> & { metadata: Data };

/** An organization as the API answers it, its metadata as declared. */
export type Organization<Data = Metadata> = WithMetadata<ApiOrganization, Data>;

/** A membership as the API answers it, its metadata as declared. */
export type Membership<Data = Metadata> = WithMetadata<ApiMembership, Data>;

/** A user as the API answers it, its metadata and that of its memberships as declared. */
export type User<Data = Metadata, MembershipData = Metadata> = WithMetadata<Omit<ApiUser, 'memberships'>, Data> & {
  memberships: Membership<MembershipData>[];
};

/** A record that was named by an external ID, and what the ID is to it: `alias` for one that it used to have, so that the current one can be learned. */
export type Matched<RecordType> = RecordType & { matched_by: MatchedBy };

/** A body whose metadata is whole. */
export type Whole<Body, Data> = Omit<Body, 'metadata'> & { metadata?: Data };

/** A body whose metadata is merged: any part of it, null removes a key. */
export type Part<Body, Data> = Omit<Body, 'metadata'> & { metadata?: Merged<Data> };

/** What is merged into metadata: objects in it are merged at every depth, and lists are put in place of what is there. */
type Merged<Data> = Data extends readonly unknown[]
  ? Data
  : Data extends object
    ? { [Key in keyof Data]?: Merged<Data[Key]> | null }
    : Data;
